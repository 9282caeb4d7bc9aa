// From values to places of a chart: the range of an axis, its round numbers, the path of a line.
import type { Line } from './line-chart.tsx';

export function pathOf(line: Line, x: (v: number) => number, y: (v: number) => number): string {
  let path = '';
  let pen = false;
  let last = 0;
  for (const [px, py] of line.points) {
    if (py === null || !Number.isFinite(py)) {
      pen = false;
      continue;
    }
    if (pen && line.stepped) path += `L${x(px).toFixed(1)} ${y(last).toFixed(1)}`;
    path += `${pen ? 'L' : 'M'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`;
    pen = true;
    last = py;
  }
  return path;
}

/** What the values span; never nothing. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const half = Math.abs(low) / 2 || 0.5;
  return low === high ? [low - half, high + half] : [low, high];
}

/** Round numbers within a range, about so many. */
export function ticks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const found: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}
