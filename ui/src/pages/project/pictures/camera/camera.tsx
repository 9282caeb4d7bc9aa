// Takes pictures with a camera of this device; each goes to the project at once.
import { useState } from 'react';
import { Button } from '../../../../components/button.tsx';
import { Dialog } from '../../../../components/dialog.tsx';
import { Field } from '../../../../components/field.tsx';
import { Notice } from '../../../../components/notice.tsx';
import { Segments } from '../../../../components/segments.tsx';
import { useWords } from '../../../../text/language.tsx';
import { UploadPanel } from '../upload/upload-panel.tsx';
import type { Mark } from '../upload/uploading-file.ts';
import { useAdding } from '../upload/use-adding.ts';
import './camera.css';
import { useCamera } from './use-camera.ts';
import { words } from './words.ts';

export default function Camera({
  projectId,
  onClose,
}: {
  readonly projectId: string;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const camera = useCamera();
  const add = useAdding(projectId);
  const [as, setAs] = useState<Mark | 'none'>('none');
  const [taken, setTaken] = useState(0);
  const [isFlashing, setFlashing] = useState(false);

  const take = async () => {
    const blob = await camera.take();
    if (blob === null) return;
    setTaken(taken + 1);
    setFlashing(true);
    const file = new File([blob], `${nameOf(new Date())}.jpg`, { type: 'image/jpeg' });
    await add([{ file, path: file.name }], as === 'none' ? null : as);
  };

  return (
    <Dialog title={w.title} onClose={onClose} wide>
      {camera.problem !== null && (
        <Notice
          tone="warn"
          action={
            camera.problem !== 'insecure' && (
              <Button small icon="retry" onClick={camera.retry}>
                {w.again}
              </Button>
            )
          }
        >
          {w[camera.problem]}
        </Notice>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: space takes a picture wherever the focus is */}
      <div
        className="camera"
        onKeyDown={(event) => {
          // On a button or a choice the key has its usual meaning.
          const isControl = (event.target as Element).closest('button, select, input') !== null;
          if (event.key !== ' ' || isControl || event.repeat) return;
          event.preventDefault();
          void take();
        }}
      >
        <div className="camera-view">
          <video ref={camera.video} muted playsInline aria-label={w.preview} />
          {isFlashing && <span className="camera-flash" onAnimationEnd={() => setFlashing(false)} />}
        </div>
        <div className="camera-tools">
          {camera.cameras.length > 1 && (
            <Field label={w.which}>
              <select
                value={camera.cameraId ?? camera.cameras[0]!.id}
                onChange={({ target }) => camera.choose(target.value)}
              >
                {camera.cameras.map(({ id, name }, i) => (
                  <option key={id} value={id}>
                    {name || w.unnamed(i + 1)}
                  </option>
                ))}
              </select>
            </Field>
          )}
          <Segments
            label={w.as}
            value={as}
            onChange={setAs}
            options={[
              { value: 'none', label: w.asNone },
              { value: 'ok', label: w.asOk },
              { value: 'ng', label: w.asNg },
            ]}
          />
          <div className="row grow camera-end">
            {taken > 0 && <span role="status">{w.taken(taken)}</span>}
            <Button
              look="primary"
              icon="camera"
              autoFocus
              disabled={camera.size === null}
              onClick={() => void take()}
            >
              {w.take}
            </Button>
          </div>
        </div>
        <p className="hint">
          {w.hint} {camera.size !== null && w.size(camera.size.width, camera.size.height)}
        </p>
        <UploadPanel projectId={projectId} />
      </div>
    </Dialog>
  );
}

/** Such as "camera 2026-11-28 19.04.05.123": names of files in their order. */
function nameOf(moment: Date): string {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString();
  return `camera ${local.slice(0, 10)} ${local.slice(11, 23).replaceAll(':', '.')}`;
}
