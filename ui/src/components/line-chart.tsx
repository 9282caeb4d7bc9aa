// Lines over two axes, as SVG: it takes the colours of the theme, can be read by the keyboard and by tests.
import { type PointerEvent, useId, useState } from 'react';
import { useFormat } from '../text/format.ts';
import { pathOf, rangeOf, ticks } from './chart-scale.ts';
import { useWidth } from './use-width.ts';

export interface Line {
  readonly name: string;
  /** x ascending; null where there is no value. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** Of --class-N. Default: its place among the lines. */
  readonly colour?: number;
  readonly dashed?: boolean;
  /** A staircase, such as a ROC curve. */
  readonly stepped?: boolean;
}

interface LineChartProps {
  /** What is seen, for those who do not see it. */
  readonly title: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly yLabel?: string;
  /** Left out: from the points. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  readonly height?: number;
  /** Vertical lines with a word, such as the best epoch. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Whether the legend has the last values, as of what goes on in time. Default true; a hovered value it always has. */
  readonly showsLast?: boolean;
}

const edge = { left: 52, right: 12, top: 10, bottom: 36 };

export function LineChart({
  title,
  lines,
  xLabel,
  yLabel,
  xRange,
  yRange,
  height = 220,
  marks = [],
  showsLast = true,
}: LineChartProps) {
  const format = useFormat();
  const id = useId();
  const [figure, width] = useWidth<HTMLElement>(560);
  const [hover, setHover] = useState<number | null>(null);
  const all = lines.flatMap(({ points }) => points.filter(([, y]) => y !== null && Number.isFinite(y)));
  if (all.length === 0) return null;
  const [x0, x1] = xRange ?? rangeOf(all.map(([x]) => x));
  const [y0, y1] = yRange ?? rangeOf(all.map(([, y]) => y!));
  const x = (value: number) => edge.left + ((value - x0) / (x1 - x0)) * (width - edge.left - edge.right);
  const y = (value: number) =>
    height - edge.bottom - ((value - y0) / (y1 - y0)) * (height - edge.top - edge.bottom);
  const number = (value: number, span: number) =>
    format.decimal(value, Math.max(0, Math.min(5, 2 - Math.floor(Math.log10(span)))));
  // Epochs are whole.
  const isCounted = x1 > 1 && all.every(([x]) => Number.isInteger(x));
  const xTicks = ticks(x0, x1, Math.max(2, Math.round(width / 90))).filter(
    (value) => !isCounted || Number.isInteger(value),
  );
  const xNumber = (value: number) =>
    xTicks.every(Number.isInteger) ? format.count(value) : number(value, Math.max(x1 - x0, 0.1) * 10);
  const pointAt = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width: shown } = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - left) / shown) * width;
    const value = x0 + ((at - edge.left) / (width - edge.left - edge.right)) * (x1 - x0);
    const nearest = all.reduce(
      (best, [px]) => (Math.abs(px - value) < Math.abs(best - value) ? px : best),
      all[0]![0],
    );
    setHover(nearest);
  };
  const marksWithin = marks.filter((mark) => mark.x >= x0 && mark.x <= x1);
  const colourOf = (line: Line) => `var(--class-${(line.colour ?? lines.indexOf(line)) % 8})`;
  return (
    <figure ref={figure} className="stack tight">
      <svg
        className="chart"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-labelledby={id}
        onPointerMove={pointAt}
        onPointerLeave={() => setHover(null)}
      >
        <title id={id}>{title}</title>
        {ticks(y0, y1, 4).map((value) => (
          <g key={value}>
            <line className="grid-line" x1={edge.left} x2={width - edge.right} y1={y(value)} y2={y(value)} />
            <text x={edge.left - 6} y={y(value) + 4} textAnchor="end">
              {number(value, y1 - y0)}
            </text>
          </g>
        ))}
        {xTicks.map((value) => (
          <text key={value} x={x(value)} y={height - edge.bottom + 16} textAnchor="middle">
            {xNumber(value)}
          </text>
        ))}
        <text x={(edge.left + width - edge.right) / 2} y={height - 4} textAnchor="middle">
          {xLabel}
        </text>
        {yLabel && (
          <text
            transform={`translate(11 ${(edge.top + height - edge.bottom) / 2}) rotate(-90)`}
            textAnchor="middle"
          >
            {yLabel}
          </text>
        )}
        {marksWithin.map((mark) => (
          <g key={mark.label}>
            <line
              x1={x(mark.x)}
              x2={x(mark.x)}
              y1={edge.top}
              y2={height - edge.bottom}
              stroke="currentColor"
              strokeDasharray="2 3"
            />
            <text
              x={x(mark.x) + (x(mark.x) > width - 80 ? -4 : 4)}
              y={edge.top + 10}
              textAnchor={x(mark.x) > width - 80 ? 'end' : 'start'}
            >
              {mark.label}
            </text>
          </g>
        ))}
        {/* A line of one point would not be seen. */}
        {lines.flatMap((line) => {
          const [first, ...others] = line.points.filter(([, py]) => py !== null && Number.isFinite(py));
          return first === undefined || others.length > 0
            ? []
            : [<circle key={line.name} cx={x(first[0])} cy={y(first[1]!)} r="3" fill={colourOf(line)} />];
        })}
        {lines.map((line) => (
          <path
            key={line.name}
            d={pathOf(line, x, y)}
            fill="none"
            stroke={colourOf(line)}
            strokeWidth={2}
            strokeLinejoin="round"
            {...(line.dashed && { strokeDasharray: '5 4' })}
          />
        ))}
        {hover !== null && (
          <line x1={x(hover)} x2={x(hover)} y1={edge.top} y2={height - edge.bottom} stroke="currentColor" />
        )}
      </svg>
      <ul className="chart-legend">
        {lines.map((line) => {
          const last = showsLast ? line.points.at(-1)?.[1] : null;
          const value = line.points.find(([px]) => px === hover)?.[1] ?? last;
          return (
            <li key={line.name}>
              <svg aria-hidden="true" viewBox="0 0 18 8">
                <line
                  x1="0"
                  x2="18"
                  y1="4"
                  y2="4"
                  stroke={colourOf(line)}
                  strokeWidth="2.5"
                  {...(line.dashed && { strokeDasharray: '5 4' })}
                />
              </svg>
              {line.name}
              {value != null && <span className="quiet">{number(value, y1 - y0)}</span>}
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
