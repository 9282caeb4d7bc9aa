// Picture by picture, the most mistakes first; a press shows the true boxes and what was found.
import { useState } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Stage } from '../../../components/stage.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words as evaluationWords } from './evaluation-words.ts';
import { Thumb } from './thumb.tsx';
import type { ObjectsEvaluation } from './yolo-evaluation.tsx';
import { words } from './yolo-words.ts';

type Picture = ObjectsEvaluation['pictures'][number];

const pageSize = 48;
const mistakes = ({ counts }: Picture) => counts.missed + counts.confused + counts.extra;

export function YoloJudged({
  pictures,
  total,
}: {
  readonly pictures: readonly Picture[];
  readonly total: number;
}) {
  const w = useWords(words).evaluation;
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const [most, setMost] = useState(pageSize);
  const [open, setOpen] = useState<number | null>(null);
  const right = pictures.filter((picture) => mistakes(picture) === 0).length;
  return (
    <section className="stack tight" aria-labelledby="judged-title">
      <div className="page-head">
        <div>
          <h3 id="judged-title">{ew.pictures}</h3>
          <p>
            {w.order}{' '}
            {pictures.length < total
              ? w.worstOf(format.count(pictures.length), format.count(total))
              : w.right(format.count(right), format.count(total))}
          </p>
        </div>
      </div>
      <ul className="results-judged">
        {pictures.slice(0, most).map((picture, i) => (
          <li key={picture.filename}>
            <Card picture={picture} onOpen={() => setOpen(i)} />
          </li>
        ))}
      </ul>
      {pictures.length > most && (
        <div>
          <Button onClick={() => setMost(most + pageSize)}>
            {ew.showMore(format.count(Math.min(pageSize, pictures.length - most)))}
          </Button>
        </div>
      )}
      {open !== null && (
        <BoxesDialog pictures={pictures} open={open} onOpen={setOpen} onClose={() => setOpen(null)} />
      )}
    </section>
  );
}

function Card({ picture, onOpen }: { readonly picture: Picture; readonly onOpen: () => void }) {
  const w = useWords(words).evaluation;
  const ew = useWords(evaluationWords);
  const { display_name, url, counts } = picture;
  const wrong = counts.missed + counts.confused > 0;
  const outcome = mistakes(picture) === 0 ? 'right' : wrong ? 'missed' : 'falseAlarms';
  return (
    <button
      type="button"
      className={`results-judged-card ${outcome}`}
      onClick={onOpen}
      title={ew.open(display_name)}
    >
      <Thumb url={url} name="" />
      <span className="row">
        <Mistakes counts={counts} />
        {outcome === 'right' && <Badge tone="ok">{w.found(counts.found)}</Badge>}
      </span>
      <span className="cut quiet" title={display_name}>
        {display_name.split('/').at(-1)}
      </span>
    </button>
  );
}

function Mistakes({ counts }: { readonly counts: Picture['counts'] }) {
  const w = useWords(words).evaluation;
  return (
    <>
      {counts.missed > 0 && <Badge tone="ng">{w.missed(counts.missed)}</Badge>}
      {counts.confused > 0 && <Badge tone="ng">{w.confused(counts.confused)}</Badge>}
      {counts.extra > 0 && <Badge tone="warn">{w.extra(counts.extra)}</Badge>}
    </>
  );
}

function BoxesDialog({
  pictures,
  open,
  onOpen,
  onClose,
}: {
  readonly pictures: readonly Picture[];
  readonly open: number;
  readonly onOpen: (index: number) => void;
  readonly onClose: () => void;
}) {
  const w = useWords(words).evaluation;
  const look = useWords(evaluationWords).look;
  const format = useFormat();
  const picture = pictures[open];
  if (picture === undefined) return null;
  const { display_name, url, width, height, counts, truths, detections } = picture;
  const stroke = Math.max(width, height) / 320;
  return (
    <Dialog wide title={display_name} onClose={onClose}>
      <div className="row">
        <IconButton
          icon="left"
          label={look.previous}
          disabled={open === 0}
          onClick={() => onOpen(open - 1)}
        />
        <span className="quiet">{look.place(format.count(open + 1), format.count(pictures.length))}</span>
        <IconButton
          icon="right"
          label={look.next}
          disabled={open === pictures.length - 1}
          onClick={() => onOpen(open + 1)}
        />
        {counts.found > 0 && <Badge tone="ok">{w.found(counts.found)}</Badge>}
        <Mistakes counts={counts} />
      </div>
      <Stage
        key={picture.filename}
        className="results-stage"
        width={width}
        height={height}
        label={look.stage(display_name)}
      >
        <image href={url} width={width} height={height} />
        {truths.map(({ label, bbox, outcome }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the boxes of a stored evaluation stay as they are
          <Box key={i} kind="truth" outcome={outcome} bbox={bbox} stroke={stroke} text={label} />
        ))}
        {detections.map(({ label, confidence, bbox, outcome }, i) => (
          <Box
            // biome-ignore lint/suspicious/noArrayIndexKey: likewise
            key={i}
            kind="found"
            outcome={outcome}
            bbox={bbox}
            stroke={stroke}
            text={`${label} ${format.decimal(confidence, 2)}`}
          />
        ))}
      </Stage>
      <p className="quiet">{w.legend}</p>
    </Dialog>
  );
}

/** True boxes are dashed, with their name below; found ones are solid, with it above. */
function Box({
  kind,
  outcome,
  bbox: [x1 = 0, y1 = 0, x2 = 0, y2 = 0],
  stroke,
  text,
}: {
  readonly kind: 'truth' | 'found';
  readonly outcome: string;
  readonly bbox: readonly number[];
  readonly stroke: number;
  readonly text: string;
}) {
  return (
    <g className={`results-box ${kind} ${outcome}`}>
      <rect
        x={x1}
        y={y1}
        width={x2 - x1}
        height={y2 - y1}
        strokeWidth={stroke}
        strokeDasharray={kind === 'truth' ? `${4 * stroke} ${3 * stroke}` : undefined}
      />
      <text x={x1 + stroke} y={kind === 'truth' ? y2 + 8 * stroke : y1 - 2 * stroke} fontSize={7 * stroke}>
        {text}
      </text>
    </g>
  );
}
