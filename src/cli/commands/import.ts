// `okapi import`: brings a folder of pictures into a project of the server, while no server runs.
import { basename, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../server/platform/config.ts';
import type { Variables } from '../../server/platform/config-sources.ts';
import type { Context } from '../../server/platform/context.ts';
import type { CommandContext } from '../context.ts';
import { type CountBar, countBar } from '../count-bar.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { printable } from '../terminal.ts';
import { count } from '../wording.ts';

export interface ImportOptions {
  readonly project?: string;
  readonly config?: string;
}

export function addImport(program: Command, context: CommandContext, done: (exitCode: number) => void): void {
  program
    .command('import')
    .summary('bring a folder of pictures into a project of the server')
    .description(
      'Copies the pictures of a folder into a project: pictures directly in it, or the folders train/good, test/good and test/DEFECT, whose pictures are marked OK and NG. Again on the same folder it adds only what is new. No server may run meanwhile.\n\nExit code 1 when a picture was refused.',
    )
    .argument('<dir>', 'the folder of the pictures')
    .option(
      '--project <name>',
      'name or id of the project; it is made when there is none (default: as the folder)',
    )
    .option('--config <file>', 'settings of the server (default: config.yaml)')
    .action(async (dir: string, options: ImportOptions) => done(await importPictures(dir, options, context)));
}

/** Where the settings come from; tests give something else. */
export interface Place {
  readonly folder: string;
  readonly env: Variables;
}

export async function importPictures(
  dir: string,
  { project, config: file }: ImportOptions,
  context: CommandContext,
  place?: Place,
): Promise<number> {
  const { terminal } = context;
  const { loadConfig } = await import('../../server/platform/config-load.ts');
  const { processVariables } = await import('../../server/platform/config-sources.ts');
  const { folder, env } = place ?? { folder: process.cwd(), env: processVariables() };
  const named = file === undefined ? env : { ...env, APP_CONFIG_FILE: resolve(folder, file) };
  const { config } = await loadConfig({ folder, env: named });
  const from = resolve(folder, dir);
  const tally = { stored: 0, duplicate: 0, rejected: 0 };
  const answer = await withServerContext(config, context, (server) =>
    interruptible(terminal, 'stopping; what is there stays', async (signal) => {
      let bar: CountBar | null = null;
      try {
        return await server.importFolder({
          folder: from,
          project: project ?? basename(from),
          signal,
          onStart: (pictures) => {
            bar = countBar(terminal, 'importing', pictures);
          },
          onVerdict: ({ status, file, detail, code }) => {
            bar?.step();
            tally[status]++;
            if (status === 'rejected')
              terminal.note(
                `${terminal.style('yellow', 'refused')} ${printable(`${file}: ${detail} (${code})`)}`,
              );
          },
        });
      } finally {
        (bar as CountBar | null)?.close();
      }
    }),
  );
  const { name, project_id } = answer.project;
  terminal.out(printable(`project    ${name} (${project_id})${answer.made ? ', new' : ''}`));
  terminal.out(
    `pictures   ${count(tally.stored, 'new one')}, ${tally.duplicate} there before, ${tally.rejected} refused`,
  );
  return tally.rejected === 0 ? exitCodes.ok : exitCodes.failed;
}

type ImportFolder = typeof import('../../server/import/import-folder.ts').importFolder;

interface ServerParts {
  readonly importFolder: (request: Parameters<ImportFolder>[1]) => ReturnType<ImportFolder>;
}

/** Holds the data folder meanwhile, as a server would. */
async function withServerContext<T>(
  config: Config,
  { now, date }: CommandContext,
  work: (parts: ServerParts) => Promise<T>,
): Promise<T> {
  const { dataPlaces, openDataFolder } = await import('../../server/platform/data-folder.ts');
  const { systemIds } = await import('../../server/platform/ids.ts');
  const { importFolder } = await import('../../server/import/import-folder.ts');
  const { openProbes } = await import('../../server/datasets/probes.ts');
  const clock = { date, nowMs: now };
  const lock = await openDataFolder({ ...dataPlaces(config), clock, ids: systemIds }).catch(
    saidClearly(config),
  );
  try {
    const context = await openContext(config, clock);
    const probes = openProbes(config);
    try {
      const actor = { name: 'local', address: null, requestId: null };
      return await work({ importFolder: (request) => importFolder({ context, probes }, request, actor) });
    } finally {
      await probes.close();
    }
  } finally {
    await lock.close();
  }
}

/** The same stores as the server's; of its jobs only the records. */
async function openContext(config: Config, clock: Context['clock']): Promise<Context> {
  const { FileBlobs } = await import('../../server/platform/blobs/file-blobs.ts');
  const { FileDocs } = await import('../../server/platform/docs/file-docs.ts');
  const { storeRoots } = await import('../../server/platform/docs/store-folders.ts');
  const { openAudit } = await import('../../server/platform/audit-log.ts');
  const { openLog } = await import('../../server/platform/log.ts');
  const { openWorkspace } = await import('../../server/platform/workspace-files.ts');
  const { LocalQueue } = await import('../../server/platform/queue/local-queue.ts');
  const { systemIds: ids } = await import('../../server/platform/ids.ts');
  const roots = storeRoots(config);
  const docs = new FileDocs(roots);
  const log = openLog({ level: 'silent', clock });
  const workspace = await openWorkspace(config.data_dir, ids);
  const queue = new LocalQueue({ docs, clock, ids, log, workspace, config, runners: {} });
  const audit = openAudit(docs, clock);
  return { config, docs, blobs: new FileBlobs(roots), queue, log, clock, ids, audit, workspace };
}

function saidClearly(config: Config): (error: unknown) => Promise<never> {
  return async (error) => {
    const { ServerError } = await import('../../server/contract/errors.ts');
    if (!(error instanceof ServerError) || error.code !== 'data.locked') throw error;
    const folder = relative(process.cwd(), config.data_dir) || '.';
    throw new ServerError(
      'data.locked',
      `a server uses the data folder ${folder}: stop it first, or upload the pictures through it (${error.message})`,
      { cause: error },
    );
  };
}
