// A sandbox for tests: a command that notes in a file each program it is put before, and becomes that program.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface NotingSandbox {
  /** For training.sandbox_command. */
  readonly command: readonly string[];
  /** The module of each child that was started behind it, without its folder and ending. */
  started(): Promise<string[]>;
}

export function notingSandbox(folder: string): NotingSandbox {
  const path = join(folder, 'sandbox.txt');
  return {
    command: ['sh', '-c', 'echo "$@" >> "$0"; exec "$@"', path],
    async started() {
      const text = await readFile(path, 'utf8').catch(() => '');
      return [...text.matchAll(/([\w-]+)\.[jt]s(?: .*)?$/gm)].map(([, name]) => name!);
    },
  };
}
