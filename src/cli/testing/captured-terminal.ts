// A terminal that collects what a command writes.
import { PassThrough } from 'node:stream';
import type { Terminal } from '../terminal.ts';

export interface CapturedTerminal extends Terminal {
  readonly outLines: string[];
  readonly notes: string[];
  /** All that was drawn as bars. */
  drawn(): string;
}

/** With `bars` it is a terminal of the given width, otherwise a file. Styles are shown as <red:...>. */
export function capturedTerminal({ bars = false, columns = 100, styled = false } = {}): CapturedTerminal {
  const outLines: string[] = [];
  const notes: string[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns }) as unknown as NodeJS.WriteStream;
  let drawn = '';
  stream.on('data', (chunk) => {
    drawn += chunk;
  });
  return {
    outLines,
    notes,
    drawn: () => drawn,
    out: (line) => void outLines.push(line),
    note: (line) => void notes.push(line),
    style: (style, text) => (styled ? `<${style}:${text}>` : text),
    bars: bars ? stream : null,
    columns,
  };
}
