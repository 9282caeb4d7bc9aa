// Scores of good pictures upwards, of NG pictures downwards, and the threshold as a line to be moved by hand or by keys.
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { ticks } from '../../../components/chart-scale.ts';
import { useWidth } from '../../../components/use-width.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { Histogram as Bars, Group } from './scored.ts';
import { words } from './threshold-words.ts';

interface HistogramProps {
  readonly bars: Bars;
  readonly threshold: number;
  readonly saved: number;
  readonly band: { readonly low: number; readonly high: number } | null;
  /** What the threshold means, for those who do not see it. */
  readonly says: string;
  readonly onMove: (threshold: number) => void;
}

const height = 260;
const edge = { left: 14, right: 14, top: 26, bottom: 40 };
const groups: readonly Group[] = ['good', 'tested', 'bad'];

export function Histogram({ bars, threshold, saved, band, says, onMove }: HistogramProps) {
  const w = useWords(words);
  const format = useFormat();
  const [svg, width] = useWidth<SVGSVGElement>(720);
  const drags = useRef(false);
  const { low, high, bins } = bars;
  const span = high - low;
  const bottom = height - edge.bottom;
  const most = (of: (bin: Bars['bins'][number]) => number) => Math.max(0, ...bins.map(of));
  const [up, down] = [most(({ good, tested }) => good + tested), most(({ bad }) => bad)];
  // Both directions share one scale, and the line between them moves accordingly.
  const unit = (bottom - edge.top) / Math.max(1, up + down);
  const zero = edge.top + up * unit;
  const x = (score: number) => edge.left + ((score - low) / span) * (width - edge.left - edge.right);
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(span))));
  const shown = (score: number) => format.decimal(score, digits);
  const set = (score: number) => onMove(Number(Math.min(high, Math.max(low, score)).toPrecision(12)));

  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    if (event.type === 'pointerdown') {
      drags.current = true;
      event.currentTarget.setPointerCapture(event.pointerId);
    } else if (event.type === 'pointerup' || event.type === 'pointercancel') drags.current = false;
    if (!drags.current) return;
    const { left, width: seen } = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - left) / seen) * width;
    set(low + ((at - edge.left) / (width - edge.left - edge.right)) * span);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = (event.shiftKey ? span / 20 : span / 250) || 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: threshold - step,
      ArrowDown: threshold - step,
      ArrowRight: threshold + step,
      ArrowUp: threshold + step,
      PageDown: threshold - span / 10,
      PageUp: threshold + span / 10,
      Home: low,
      End: high,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(next);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing is no fieldset
    <svg
      ref={svg}
      className="results-histogram"
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label={w.title}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
      onPointerUp={onPointer}
      onPointerCancel={onPointer}
    >
      {band !== null && (
        <rect
          className="results-band"
          x={x(Math.max(low, band.low))}
          width={Math.max(1, x(Math.min(high, band.high)) - x(Math.max(low, band.low)))}
          y={edge.top}
          height={bottom - edge.top}
        >
          <title>{w.uncertain}</title>
        </rect>
      )}
      {bins.map((bin, i) => {
        const from = low + (i * span) / bins.length;
        const left = x(from) + 0.5;
        const barWidth = (width - edge.left - edge.right) / bins.length - 1;
        let top = zero;
        return groups.map((group) => {
          const count = bin[group];
          if (count === 0) return null;
          const size = count * unit;
          if (group !== 'bad') top -= size;
          return (
            <rect
              key={`${from} ${group}`}
              className={`results-bar ${group}`}
              x={left}
              width={barWidth}
              y={group === 'bad' ? zero : top}
              height={size}
            >
              <title>{w.bar(format.count(count), shown(from), shown(from + span / bins.length))}</title>
            </rect>
          );
        });
      })}
      <line className="results-axis" x1={edge.left} x2={width - edge.right} y1={zero} y2={zero} />
      {ticks(low, high, Math.max(3, Math.round(width / 90))).map((score) => (
        <text key={score} x={x(score)} y={bottom + 16} textAnchor="middle">
          {shown(score)}
        </text>
      ))}
      <text x={edge.left} y={height - 6}>
        {w.score}
      </text>
      {bars.hasMore && (
        <text x={width - edge.right} y={height - 6} textAnchor="end">
          {shown(high)} {w.more}
        </text>
      )}
      {saved !== threshold && (
        <line className="results-saved" x1={x(saved)} x2={x(saved)} y1={edge.top} y2={bottom} />
      )}
      <g
        className="results-line"
        role="slider"
        tabIndex={0}
        aria-label={w.slider}
        aria-orientation="horizontal"
        aria-valuemin={low}
        aria-valuemax={high}
        aria-valuenow={threshold}
        aria-valuetext={w.value(shown(threshold), says)}
        onKeyDown={onKey}
      >
        <rect className="results-grip-area" x={x(threshold) - 12} y={0} width={24} height={bottom} />
        <line x1={x(threshold)} x2={x(threshold)} y1={14} y2={bottom} />
        <circle cx={x(threshold)} cy={13} r={7} />
      </g>
    </svg>
  );
}
