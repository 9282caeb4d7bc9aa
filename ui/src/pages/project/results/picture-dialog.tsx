// A picture as it is and as one model or several see it: all views zoom and move together.
import { useState } from 'react';
import { IconButton } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Segments } from '../../../components/segments.tsx';
import type { View } from '../../../components/stage.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import { PlainView, SeenByModel } from './picture-views.tsx';

export interface PictureToSee {
  readonly filename: string;
  readonly display_name: string;
  readonly url: string;
  readonly truth: 'ok' | 'ng';
}

export interface ModelToSee {
  readonly model_id: string;
  /** Left out: it is the only one. */
  readonly name?: string;
}

export function PictureDialog({
  models,
  pictures,
  open,
  onOpen,
  onClose,
}: {
  readonly models: readonly ModelToSee[];
  readonly pictures: readonly PictureToSee[];
  readonly open: string;
  readonly onOpen: (filename: string) => void;
  readonly onClose: () => void;
}) {
  const all = useWords(words);
  const w = all.look;
  const format = useFormat();
  const [view, setView] = useState<View | null>(null);
  const [layer, setLayer] = useState<'overlay' | 'heatmap'>('overlay');
  const at = Math.max(
    0,
    pictures.findIndex(({ filename }) => filename === open),
  );
  const picture = pictures[at];
  if (picture === undefined) return null;
  const turn = (by: number) => {
    const next = pictures[at + by];
    if (next === undefined) return;
    setView(null);
    onOpen(next.filename);
  };
  const { filename, display_name, url, truth } = picture;
  return (
    <Dialog wide title={display_name} onClose={onClose}>
      <div className="row apart">
        <div className="row">
          <IconButton icon="left" label={w.previous} disabled={at === 0} onClick={() => turn(-1)} />
          <span className="quiet">{w.place(format.count(at + 1), format.count(pictures.length))}</span>
          <IconButton
            icon="right"
            label={w.next}
            disabled={at === pictures.length - 1}
            onClick={() => turn(1)}
          />
          <span className="quiet">{all.truth}</span>
          <Badge tone={truth}>{truth === 'ng' ? all.mark_ng : all.mark_ok}</Badge>
        </div>
        <Segments
          label={w.shown}
          value={layer}
          onChange={setLayer}
          options={[
            { value: 'overlay', label: w.overlay },
            { value: 'heatmap', label: w.heat },
          ]}
        />
      </div>
      <div className="results-views">
        <PlainView url={url} name={display_name} view={view} onView={setView} />
        {models.map(({ model_id, name }) => (
          <SeenByModel
            key={model_id}
            modelId={model_id}
            name={name}
            filename={filename}
            layer={layer}
            view={view}
            onView={setView}
          />
        ))}
      </div>
    </Dialog>
  );
}
