// Tools to say where the defect of a part is.
import { useRef } from 'react';
import { Button, IconButton } from '../../../../components/button.tsx';
import { Slider } from '../../../../components/field.tsx';
import { Segments } from '../../../../components/segments.tsx';
import { useWords } from '../../../../text/language.tsx';
import type { MaskPainting } from './use-mask.ts';
import { words } from './words.ts';

export interface Brush {
  readonly isOn: boolean;
  readonly erases: boolean;
  /** Diameter in pixels of the picture. */
  readonly width: number;
}

export function MaskPanel({
  mask,
  hasMask,
  brush,
  widest,
  onBrush,
}: {
  readonly mask: MaskPainting;
  readonly hasMask: boolean;
  readonly brush: Brush;
  readonly widest: number;
  readonly onBrush: (brush: Brush) => void;
}) {
  const w = useWords(words);
  const file = useRef<HTMLInputElement>(null);
  return (
    <section className="stack tight">
      <h3>{w.maskTitle}</h3>
      {!brush.isOn && <p className="hint">{w.maskHint}</p>}
      <div className="row">
        <Button
          icon="polygon"
          small
          look={brush.isOn ? 'plain' : 'primary'}
          aria-pressed={brush.isOn}
          onClick={() => onBrush({ ...brush, isOn: !brush.isOn })}
        >
          {brush.isOn ? w.stop : w.paint}
        </Button>
        <Button small icon="upload" onClick={() => file.current?.click()}>
          {w.upload}
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          accept="image/png"
          aria-label={w.upload}
          onChange={({ currentTarget }) => {
            const [chosen] = currentTarget.files ?? [];
            currentTarget.value = '';
            if (chosen !== undefined) void mask.upload(chosen);
          }}
        />
      </div>
      {brush.isOn && (
        <>
          <div className="row">
            <Segments
              label={w.tool}
              value={brush.erases ? 'erase' : 'draw'}
              onChange={(tool) => onBrush({ ...brush, erases: tool === 'erase' })}
              options={[
                { value: 'draw', label: w.draw },
                { value: 'erase', label: w.erase },
              ]}
            />
            <IconButton icon="undo" label={w.undo} disabled={!mask.isChanged} onClick={mask.undo} />
          </div>
          <Slider
            label={w.brush}
            value={brush.width}
            min={1}
            max={widest}
            step={1}
            shown={w.brushPixels(brush.width)}
            onChange={(width) => onBrush({ ...brush, width })}
          />
        </>
      )}
      <div className="row">
        {mask.isChanged && (
          <Button small look="primary" icon="check" busy={mask.isSaving} onClick={() => void mask.save()}>
            {w.save}
          </Button>
        )}
        {brush.isOn && (mask.href !== null || mask.strokes.length > 0) && (
          <Button small onClick={mask.clear}>
            {w.clear}
          </Button>
        )}
        {hasMask && !mask.isChanged && (
          <Button small look="danger" icon="trash" busy={mask.isSaving} onClick={() => void mask.remove()}>
            {w.remove}
          </Button>
        )}
      </div>
    </section>
  );
}
