// `okapi bench`: runs the benchmarks of a clone; the published package does not carry them.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

// The same two folders up from src/cli/commands and from dist/cli/commands, and one more.
const script = new URL('../../../bench/run.ts', import.meta.url);

export async function bench({ terminal }: CommandContext): Promise<number> {
  if (existsSync(script)) {
    await import(script.href);
    return exitCodes.ok;
  }
  terminal.note(
    `The benchmarks come with the source code, not with the package: clone it and type "npm run bench".`,
  );
  terminal.note(`(looked for ${fileURLToPath(script)})`);
  return exitCodes.failed;
}
