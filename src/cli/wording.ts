// Numbers and tables as a person reads them.
import { stripVTControlCharacters } from 'node:util';

/** Seconds as '8 s', '2 min 5 s' or '1 h 4 min'. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** '1 picture', '2 pictures'. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** A score or a loss with four figures: 0.01235, 1.235. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return decimals > 10 ? value.toExponential(3) : value.toFixed(decimals);
}

/** A share as '4.2 %'. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** Rows whose columns line up, those numbered in `right` to the right. Cells may be styled. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const width = (cell: string) => stripVTControlCharacters(cell).length;
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell));
  const padded = (cell: string, i: number) => {
    const space = ' '.repeat(widths[i]! - width(cell));
    return right.includes(i) ? space + cell : cell + space;
  };
  return rows.map((row) => row.map(padded).join('  ').trimEnd());
}
