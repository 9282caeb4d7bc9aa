// Before the line starts: where pictures come from and when, and whether a reject is heard.
import { useRef, useState } from 'react';
import { addresses } from '../../addresses.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { type Camera, CameraView } from '../../components/camera.tsx';
import { Check, Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Segments } from '../../components/segments.tsx';
import type { ModelDetail } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { cameraSource, filesSource, folderSource, type PictureSource } from './picture-source.ts';
import { type LineSettings, leastIntervalSeconds } from './settings.ts';
import { canWatchFolders, chooseFolder } from './watched-folder.ts';
import { words } from './words.ts';

interface SetupProps {
  readonly model: ModelDetail;
  readonly name: string;
  readonly camera: Camera;
  readonly settings: LineSettings;
  readonly onSettings: (change: Partial<LineSettings>) => void;
  /** In answer to a press, so that sound and full screen are allowed. */
  readonly onStart: (source: PictureSource) => void;
}

export function Setup({ model, name, camera, settings, onSettings, onStart }: SetupProps) {
  const w = useWords(words);
  const [error, setError] = useState<string | null>(null);
  const pick = useRef<HTMLInputElement>(null);
  const { source, trigger, intervalSeconds } = settings;
  const canWatch = canWatchFolders();
  const start = async () => {
    setError(null);
    if (source === 'camera') {
      const intervalMs = trigger === 'interval' ? intervalSeconds * 1000 : null;
      return onStart(cameraSource(camera.take, intervalMs, w.cameraSilent));
    }
    if (!canWatch) return pick.current?.click();
    try {
      const folder = await chooseFolder();
      if (folder !== null) onStart(await folderSource(folder, w.gone));
    } catch {
      setError(w.tooOld);
    }
  };
  return (
    <main className="op-setup">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div className="row apart">
          <div className="grow">
            <h1>{name}</h1>
            <p className="quiet mono">{model.model_id}</p>
          </div>
          <LinkButton to={addresses.operator} look="quiet" icon="left" small>
            {w.back}
          </LinkButton>
        </div>
        <div className="stack tight">
          <h2>{w.source}</h2>
          <Segments
            label={w.source}
            value={source}
            onChange={(chosen) => {
              if (chosen === 'folder') camera.close();
              onSettings({ source: chosen });
            }}
            options={[
              { value: 'camera', label: w.camera },
              { value: 'folder', label: w.folder },
            ]}
          />
          <p className="hint">{source === 'camera' ? w.cameraHint : canWatch ? w.folderHint : w.filesHint}</p>
        </div>
        {source === 'camera' && (
          <>
            {camera.state.kind === 'on' || camera.state.kind === 'asking' ? null : (
              <Button icon="camera" onClick={() => camera.open()}>
                {w.openCamera}
              </Button>
            )}
            <CameraView camera={camera} />
            {camera.devices.length > 1 && (
              <Field label={w.camera}>
                <select value={camera.deviceId} onChange={({ target }) => camera.open(target.value)}>
                  {camera.devices.map(({ id, name: label }) => (
                    <option key={id} value={id}>
                      {label}
                    </option>
                  ))}
                </select>
              </Field>
            )}
            <div className="stack tight">
              <h2>{w.when}</h2>
              <Segments
                label={w.when}
                value={trigger}
                onChange={(chosen) => onSettings({ trigger: chosen })}
                options={[
                  { value: 'tap', label: w.byTap },
                  { value: 'interval', label: w.byInterval },
                ]}
              />
              {trigger === 'interval' && (
                <Field label={w.interval}>
                  <input
                    type="number"
                    min={leastIntervalSeconds}
                    max={3600}
                    step="any"
                    required
                    value={intervalSeconds}
                    onChange={({ target }) => onSettings({ intervalSeconds: target.valueAsNumber })}
                  />
                </Field>
              )}
            </div>
          </>
        )}
        {model.task === 'detect' && (
          <div className="stack tight">
            <h2>{w.ngWhen}</h2>
            <Segments
              label={w.ngWhen}
              value={settings.isNgWithout ? 'nothing' : 'something'}
              onChange={(chosen) => onSettings({ isNgWithout: chosen === 'nothing' })}
              options={[
                { value: 'something', label: w.something },
                { value: 'nothing', label: w.nothing },
              ]}
            />
          </div>
        )}
        <Check
          label={w.soundOn}
          checked={settings.hasSound}
          onChange={(hasSound) => onSettings({ hasSound })}
        />
        {error !== null && <Notice tone="ng">{error}</Notice>}
        <input
          ref={pick}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label={w.chooseFiles}
          onChange={({ target }) => {
            const files = [...(target.files ?? [])];
            if (files.length > 0) onStart(filesSource(files));
          }}
        />
        <Button
          type="submit"
          look="primary"
          icon="play"
          disabled={source === 'camera' && camera.state.kind !== 'on'}
        >
          {source === 'camera' ? w.start : canWatch ? w.chooseFolder : w.chooseFiles}
        </Button>
      </form>
    </main>
  );
}
