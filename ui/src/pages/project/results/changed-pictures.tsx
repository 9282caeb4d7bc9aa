// The pictures that a moved threshold would call otherwise.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { changedSides, type Scored } from './scored.ts';
import { words } from './threshold-words.ts';
import { Thumb } from './thumb.tsx';

const mostShown = 24;

export function ChangedPictures({
  pictures,
  saved,
  threshold,
}: {
  readonly pictures: readonly Scored[];
  readonly saved: number;
  readonly threshold: number;
}) {
  const w = useWords(words);
  const { nowNg, nowOk } = changedSides(pictures, saved, threshold);
  return (
    <section className="card stack tight results-changes" aria-live="polite">
      <h3>{w.changes}</h3>
      {saved === threshold ? (
        <p className="quiet">{w.nothing}</p>
      ) : nowNg.length + nowOk.length === 0 ? (
        <p className="quiet">{w.noChanges}</p>
      ) : (
        <>
          <Side pictures={nowNg} title={w.nowNg(nowNg.length)} tone="ng" />
          <Side pictures={nowOk} title={w.nowOk(nowOk.length)} tone="ok" />
        </>
      )}
    </section>
  );
}

function Side({
  pictures,
  title,
  tone,
}: {
  readonly pictures: readonly Scored[];
  readonly title: string;
  readonly tone: 'ok' | 'ng';
}) {
  const w = useWords(words);
  const format = useFormat();
  if (pictures.length === 0) return null;
  return (
    <>
      <h4 className={`results-side ${tone}`}>{title}</h4>
      <ul className="results-strip">
        {pictures.slice(0, mostShown).map(({ key, thumbnail, name, score, group }) => (
          <li key={key} className={group}>
            <Thumb url={thumbnail} name={name ?? w.unnamed} />
            <span className="cut" title={name ?? w.unnamed}>
              {name ?? w.unnamed}
            </span>
            <span className="quiet">{format.decimal(score, 2)}</span>
          </li>
        ))}
      </ul>
      {pictures.length > mostShown && (
        <p className="quiet">{w.others(format.count(pictures.length - mostShown))}</p>
      )}
    </>
  );
}
