// The places that a model marked: the largest excess first, lit up in the picture when one points at them.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { ShownResult } from './result.ts';
import { words } from './words.ts';

export function RegionList({
  result,
  pixelThreshold,
  lit,
  onLight,
  onGo,
}: {
  readonly result: ShownResult;
  readonly pixelThreshold: number;
  readonly lit: number | null;
  readonly onLight: (index: number | null) => void;
  readonly onGo: (index: number) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { regions, regionCount } = result;
  if (regions === null) return <p className="quiet">{w.foundCount(format.count(regionCount))}</p>;
  const order = regions.map((_, i) => i).sort((a, b) => regions[b]!.peak - regions[a]!.peak);
  return (
    <section className="test-regions" aria-label={w.regions}>
      <h2>
        {w.regions} <span className="quiet">{format.count(regions.length)}</span>
      </h2>
      {regions.length === 0 && <p className="quiet">{w.noRegions}</p>}
      <ol>
        {order.map((index, place) => {
          const { area, peak } = regions[index]!;
          return (
            <li key={index}>
              <button
                type="button"
                className={lit === index ? 'test-place lit' : 'test-place'}
                onPointerEnter={() => onLight(index)}
                onPointerLeave={() => onLight(null)}
                onFocus={() => onLight(index)}
                onBlur={() => onLight(null)}
                onClick={() => onGo(index)}
              >
                <strong>{w.region(place + 1)}</strong>
                <span>
                  <span className="quiet">{w.area}</span> {w.pixels(format.count(Math.round(area)))}
                </span>
                <span>
                  <span className="quiet">{w.peak}</span>{' '}
                  {w.times(format.decimal(pixelThreshold > 0 ? peak / pixelThreshold : peak, 2))}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
