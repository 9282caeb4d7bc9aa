// The areas by name, for those who work without a mouse, and to change or remove one.
import { Button, IconButton } from '../../../../components/button.tsx';
import { useFormat } from '../../../../text/format.ts';
import { useWords } from '../../../../text/language.tsx';
import { type Area, shareOf } from './areas.ts';
import type { Drawing } from './use-drawing.ts';
import { words } from './words.ts';

const otherKind = { include: 'ignore', ignore: 'include' } as const;

export function AreaList({ drawing }: { readonly drawing: Drawing }) {
  const w = useWords(words);
  const format = useFormat();
  const { areas, chosen, choose, change } = drawing;
  const put = (changed: Area) => change(areas.map((area) => (area.id === changed.id ? changed : area)));
  return (
    <section className="stack tight" aria-label={w.areas}>
      <h3>{w.areas}</h3>
      {areas.length === 0 && <p className="hint">{w.none}</p>}
      <ul className="area-list">
        {areas.map((area) => (
          <li key={area.id} className={area.id === chosen ? 'chosen' : ''}>
            <Button
              small
              look="quiet"
              className="grow"
              aria-pressed={area.id === chosen}
              onClick={() => choose(area.id === chosen ? null : area.id)}
            >
              <span className={`area-dot ${area.kind}`} aria-hidden="true" />
              {w.kinds[area.kind]}
              <small className="quiet">{w.share(format.percent(shareOf(area), 1))}</small>
            </Button>
            <IconButton
              small
              icon="retry"
              label={w.turn}
              onClick={() => put({ ...area, kind: otherKind[area.kind] })}
            />
            <IconButton
              small
              icon="trash"
              label={w.remove}
              onClick={() => change(areas.filter(({ id }) => id !== area.id))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
