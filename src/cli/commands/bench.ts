// `okapi bench`: runs the benchmarks of a clone; the published package does not carry them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

/** Three folders up from src/cli/commands as from dist/cli/commands. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const script = 'bench/run.ts';

export async function bench({ terminal }: CommandContext, folder = root): Promise<number> {
  if (existsSync(`${folder}${script}`)) {
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', script], {
      cwd: folder,
      stdio: 'inherit',
    });
    return status ?? exitCodes.failed;
  }
  terminal.note(
    `The benchmarks come with the source code, not with the package: there is no ${folder}${script}.`,
  );
  terminal.note('In a clone, type: npm run bench');
  return exitCodes.failed;
}
