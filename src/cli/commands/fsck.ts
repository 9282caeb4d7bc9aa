// `okapi fsck`: checks every record and file of the data folder, and says what does not fit and what to do about it.
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Finding } from '../../server/fsck/finding.ts';
import type { Variables } from '../../server/platform/config-sources.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { printable, type Terminal } from '../terminal.ts';
import { count, duration } from '../wording.ts';

export interface FsckOptions {
  readonly config?: string;
  readonly removeUnreferenced?: boolean;
}

export function addFsck(program: Command, context: CommandContext, done: (exitCode: number) => void): void {
  program
    .command('fsck')
    .summary('check that all records and files of the server are whole')
    .description(
      'Reads every record and every file of the data folder and says what does not fit. It mends nothing. A server may run meanwhile.\n\nExit code 1 when something is damaged.',
    )
    .option('--config <file>', 'settings of the server (default: config.yaml)')
    .option('--remove-unreferenced', 'delete files that no record names; no server may run')
    .action(async (options: FsckOptions) => done(await checkData(options, context)));
}

/** Where the settings come from; tests give something else. */
export interface Place {
  readonly folder: string;
  readonly env: Variables;
}

export async function checkData(
  { config: file, removeUnreferenced = false }: FsckOptions,
  { terminal, now, date }: CommandContext,
  place?: Place,
): Promise<number> {
  const { loadConfig } = await import('../../server/platform/config-load.ts');
  const { processVariables } = await import('../../server/platform/config-sources.ts');
  const dataFolder = await import('../../server/platform/data-folder.ts');
  const { systemIds } = await import('../../server/platform/ids.ts');
  const { folder, env } = place ?? { folder: process.cwd(), env: processVariables() };
  const named = file === undefined ? env : { ...env, APP_CONFIG_FILE: resolve(folder, file) };
  const { config } = await loadConfig({ folder, env: named });
  const clock = { date, nowMs: now };
  const places = dataFolder.dataPlaces(config);
  await dataFolder.checkDataFolder(places);
  const lock = removeUnreferenced
    ? await dataFolder.openDataFolder({ ...places, clock, ids: systemIds })
    : null;
  try {
    const { fsck, removeUnreferenced: remove } = await import('../../server/fsck/fsck.ts');
    const { stores, unfinished } = await openStores(config, clock);
    const start = now();
    let checked = 0;
    const findings = await fsck(stores, { onProgress: () => void checked++, unfinished });
    const removed = new Set(removeUnreferenced ? await remove(stores, findings) : []);
    await show(
      findings.filter(({ kind, subject }) => kind !== 'blob.unreferenced' || !removed.has(subject)),
      terminal,
    );
    if (removeUnreferenced) terminal.out(`deleted ${count(removed.size, 'file')} that no record names`);
    terminal.note(
      `checked ${count(checked, 'record and file', 'records and files')} in ${duration((now() - start) / 1000)}`,
    );
    const { isDamage } = await import('../../server/fsck/finding.ts');
    const damaged = findings.filter(isDamage).length;
    terminal.out(damaged === 0 ? 'all is whole' : `damaged: ${damaged}`);
    return damaged === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    await lock?.close();
  }
}

async function openStores(
  config: import('../../server/platform/config.ts').Config,
  clock: { date(): Date; nowMs(): number },
) {
  const { FileBlobs } = await import('../../server/platform/blobs/file-blobs.ts');
  const { FileDocs } = await import('../../server/platform/docs/file-docs.ts');
  const { unfinishedFiles } = await import('../../server/platform/docs/remove-unfinished.ts');
  const { storeRoots } = await import('../../server/platform/docs/store-folders.ts');
  const roots = storeRoots(config);
  async function* unfinished() {
    for await (const path of unfinishedFiles(roots)) yield relative(config.data_dir, path);
  }
  return {
    stores: { docs: new FileDocs(roots), blobs: new FileBlobs(roots), clock },
    unfinished: unfinished(),
  };
}

/** Kind by kind: what it means, where it was found, what to do. */
async function show(findings: readonly Finding[], terminal: Terminal): Promise<void> {
  const { findingTable, isDamage } = await import('../../server/fsck/finding.ts');
  for (const kind of new Set(findings.map((finding) => finding.kind))) {
    const { means, advice } = findingTable[kind];
    const some = findings.filter((finding) => finding.kind === kind);
    const colour = isDamage(some[0]!) ? 'red' : 'yellow';
    terminal.out(`${terminal.style(colour, kind)}  ${means}`);
    for (const { subject, detail } of some)
      terminal.out(printable(`    ${subject}${detail === '' ? '' : `: ${detail}`}`));
    terminal.out(`    what to do: ${advice}`);
  }
}
