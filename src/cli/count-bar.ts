// Shows how many of a known number of things are done: a bar on a terminal, one line at the start elsewhere.
import { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

export interface CountBar {
  step(): void;
  close(): void;
}

export function countBar(terminal: Terminal, what: string, total: number): CountBar {
  if (terminal.bars === null) {
    terminal.note(what);
    return { step: () => {}, close: () => {} };
  }
  const bar = new SingleBar({
    stream: terminal.bars,
    format: `${what}  {bar}  {value} of {total}  {eta} s left`,
    barsize: Math.min(30, Math.max(8, terminal.columns - 60)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), close: () => bar.stop() };
}
