// Picture by picture: those judged wrongly first, then the nearest to the threshold; a press shows what the model sees.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Segments } from '../../../components/segments.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import { inOrder, type Judged, type Outcome, outcomeOf } from './judged.ts';
import { PictureDialog } from './picture-dialog.tsx';
import { type Evaluation, thumbnailOf } from './scored.ts';
import { Thumb } from './thumb.tsx';

const filters = ['all', 'missed', 'falseAlarms', 'right'] as const;
const pageSize = 48;

export function JudgedPictures({
  model,
  evaluation,
}: {
  readonly model: ModelDetail;
  readonly evaluation: Evaluation;
}) {
  const w = useWords(words);
  const format = useFormat();
  const [filter, setFilter] = useState<(typeof filters)[number]>('all');
  const [most, setMost] = useState(pageSize);
  const [open, setOpen] = useState<string | null>(null);
  const ordered = inOrder(evaluation);
  const countOf = (name: (typeof filters)[number]) =>
    name === 'all' ? ordered.length : ordered.filter((picture) => outcomeOf(picture) === name).length;
  const wanted = ordered.filter((picture) => filter === 'all' || outcomeOf(picture) === filter);
  return (
    <section className="stack tight" aria-labelledby="judged-title">
      <div className="page-head">
        <div>
          <h3 id="judged-title">{w.pictures}</h3>
          <p>{w.order}</p>
        </div>
        <div className="scroll-x">
          <Segments
            label={w.filter}
            value={filter}
            onChange={(name) => {
              setFilter(name);
              setMost(pageSize);
            }}
            options={filters.map((name) => ({
              value: name,
              label: `${w.filters[name]} ${format.count(countOf(name))}`,
            }))}
          />
        </div>
      </div>
      {wanted.length === 0 ? (
        <p className="quiet">{w.noneOfKind}</p>
      ) : (
        <ul className="results-judged">
          {wanted.slice(0, most).map((picture) => (
            <li key={picture.filename}>
              <JudgedCard picture={picture} threshold={evaluation.threshold} onOpen={setOpen} />
            </li>
          ))}
        </ul>
      )}
      {wanted.length > most && (
        <div>
          <Button onClick={() => setMost(most + pageSize)}>
            {w.showMore(format.count(Math.min(pageSize, wanted.length - most)))}
          </Button>
        </div>
      )}
      {open !== null && (
        <PictureDialog
          models={[model]}
          pictures={wanted}
          open={open}
          onOpen={setOpen}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}

const tones: Readonly<Record<Outcome, 'ng' | 'warn' | 'plain'>> = {
  missed: 'ng',
  falseAlarms: 'warn',
  right: 'plain',
};

function JudgedCard({
  picture,
  threshold,
  onOpen,
}: {
  readonly picture: Judged;
  readonly threshold: number;
  readonly onOpen: (filename: string) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { filename, display_name, url, score, truth } = picture;
  const outcome = outcomeOf(picture);
  const says = {
    missed: w.missed,
    falseAlarms: w.falseAlarm,
    right: truth === 'ng' ? w.mark_ng : w.mark_ok,
  }[outcome];
  const offset = score - threshold;
  return (
    <button
      type="button"
      className={`results-judged-card ${outcome}`}
      onClick={() => onOpen(filename)}
      title={w.open(display_name)}
    >
      <Thumb url={thumbnailOf(url)} name="" />
      <span className="row apart">
        <Badge tone={outcome === 'right' ? (truth === 'ng' ? 'ng' : 'ok') : tones[outcome]}>{says}</Badge>
        <span title={w.distance}>
          <span className="unseen">{w.distance}: </span>
          {offset > 0 ? '+' : '−'}
          {format.decimal(Math.abs(offset), 2)}
        </span>
      </span>
      <span className="cut quiet" title={display_name}>
        {display_name}
      </span>
    </button>
  );
}
