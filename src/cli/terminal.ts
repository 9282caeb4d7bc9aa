// Where a command writes: results to stdout, progress and remarks to stderr. Tests pass one that collects.
import { styleText } from 'node:util';
import type { Environment } from './environment.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the work: progress, remarks, errors. */
  note(line: string): void;
  /** Text in a style, or as it is where colours are not wanted. */
  style(style: Style, text: string): string;
  /** Where bars can be drawn; null on a build server, into a file or a pipe. */
  readonly bars: NodeJS.WriteStream | null;
  readonly columns: number;
}

/** The terminal of this process. */
export function processTerminal({ noColour, plain }: Environment): Terminal {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  const coloured = !noColour && !plain && stdout.isTTY === true && stderr.isTTY === true;
  return {
    out: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    style: (style, text) => (coloured ? styleText(style, text) : text),
    bars: stderr.isTTY && !plain ? stderr : null,
    get columns() {
      return stdout.columns ?? 100;
    },
  };
}

/** `okapi eval ... | head` reads no further; that is no reason to stop before the report is written. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Text that may hold anything, such as a file name, without the control characters that steer a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
