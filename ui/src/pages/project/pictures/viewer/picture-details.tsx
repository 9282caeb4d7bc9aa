// A picture beside what is known about it: its mark, what the check said, its size, its mask.
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Ago } from '../../../../components/ago.tsx';
import { Button } from '../../../../components/button.tsx';
import { Check } from '../../../../components/field.tsx';
import { Notice } from '../../../../components/notice.tsx';
import { Segments } from '../../../../components/segments.tsx';
import type { ImageItem, ProjectInfo } from '../../../../server/client.ts';
import { useFormat } from '../../../../text/format.ts';
import { useWords } from '../../../../text/language.tsx';
import { RegionShapes } from '../regions/region-shapes.tsx';
import { useRegions } from '../regions/use-regions.ts';
import type { Mark } from '../upload/uploading-file.ts';
import type { Flag } from '../use-hygiene.ts';
import { type Brush, MaskPanel } from './mask-panel.tsx';
import type { ShownPicture } from './picture-of.ts';
import { PictureStage } from './picture-stage.tsx';
import { useMask } from './use-mask.ts';
import { words } from './words.ts';

/** Of the shorter side of the picture. */
const brushShare = 0.04;

export function PictureDetails({
  project,
  image,
  picture,
  flagsOf,
  onMark,
  onHold,
  onDelete,
  onGo,
  onKeyDown,
}: {
  readonly project: ProjectInfo;
  readonly image: ImageItem;
  readonly picture: ShownPicture;
  readonly flagsOf: ReadonlyMap<string, readonly Flag[]>;
  readonly onMark: (filenames: readonly string[], mark: Mark | null) => void;
  readonly onHold: ((filenames: readonly string[], holdout: boolean) => void) | null;
  readonly onDelete: (filename: string) => void;
  readonly onGo: (filename: string) => void;
  readonly onKeyDown: (event: KeyboardEvent, isZoomed: boolean) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const mask = useMask(project.project_id, image, picture);
  const { data: regions } = useRegions(project.project_id);
  const shorter = Math.min(picture.width, picture.height);
  const [brush, setBrush] = useState<Brush>({
    isOn: false,
    erases: false,
    width: Math.max(2, Math.round(shorter * brushShare)),
  });
  const { filename, display_name, mark, holdout, size, uploaded_at } = image;
  const isYolo = project.training_mode === 'yolo';
  const flags = mark === 'ng' ? [] : (flagsOf.get(filename) ?? []);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<SVGElement>('.viewer-stage svg')?.focus(), []);
  return (
    <div className="viewer-body" ref={box}>
      <PictureStage
        picture={picture}
        name={display_name}
        mask={mask}
        brush={{ ...brush, isOn: brush.isOn && mark === 'ng' }}
        onBrush={setBrush}
        onKeyDown={onKeyDown}
      >
        {regions && !isYolo && (
          <RegionShapes regions={regions.regions} width={picture.width} height={picture.height} />
        )}
      </PictureStage>
      <aside className="viewer-side stack">
        {picture.isPreview && <Notice tone="warn">{w.preview}</Notice>}
        <div className="stack tight">
          <h3>{w.mark}</h3>
          <Segments
            label={w.mark}
            value={mark ?? 'none'}
            onChange={(to) => onMark([filename], to === 'none' ? null : to)}
            options={(['ok', 'ng', 'none'] as const).map((value) => ({ value, label: w[value] }))}
          />
        </div>
        {onHold !== null && (
          <div>
            <Check label={w.holdout} checked={holdout} onChange={(checked) => onHold([filename], checked)} />
            <p className="hint">{w.holdoutHint}</p>
          </div>
        )}
        {flags.map(({ kind, sentence, other }) => (
          <Notice
            key={kind}
            tone="warn"
            action={
              other !== null && (
                <Button small onClick={() => onGo(other)}>
                  {w.other}
                </Button>
              )
            }
          >
            {sentence}
          </Notice>
        ))}
        {mark === 'ng' && !isYolo && (
          <MaskPanel
            mask={mask}
            hasMask={image.mask_url !== undefined}
            brush={brush}
            widest={Math.max(8, Math.round(shorter / 4))}
            onBrush={setBrush}
          />
        )}
        <dl className="facts">
          <dt>{w.size}</dt>
          <dd>{w.pixels(picture.width, picture.height)}</dd>
          <dt>{w.file}</dt>
          <dd>{format.bytes(size)}</dd>
          <dt>{w.added}</dt>
          <dd>
            <Ago at={uploaded_at} />
          </dd>
        </dl>
        <div className="row">
          <a className="button small" href={image.url} target="_blank" rel="noreferrer">
            {w.download}
          </a>
          <Button small look="danger" icon="trash" onClick={() => onDelete(filename)}>
            {w.delete}
          </Button>
        </div>
        <p className="hint viewer-keys">{w.keys}</p>
      </aside>
    </div>
  );
}
