// `okapi keys`: adds, lists and revokes keys for the API, whether a server runs or not.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type KeyScope, keyScopes } from '../../server/platform/api-keys.ts';
import type { Variables } from '../../server/platform/config-sources.ts';
import type { DocStore } from '../../server/platform/docs/doc-store.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { positiveWhole } from '../options.ts';
import { table } from '../wording.ts';

export interface KeysOptions {
  readonly config?: string;
}

export interface AddKeyOptions extends KeysOptions {
  readonly scope: KeyScope;
  /** Days. */
  readonly expires?: number;
}

export function addKeys(
  program: Command,
  context: CommandContext,
  done: (exitCode: number) => void,
  place?: Place,
): void {
  const keys = program
    .command('keys')
    .summary('add, list and revoke keys for the API')
    .description(
      'Keys for the API. Without any, only this computer reaches the server. A running server knows of a change within a second.',
    );
  const config = () => new Option('--config <file>', 'settings of the server (default: config.yaml)');
  keys
    .command('add')
    .description('Makes a key and prints it. It is shown only now.')
    .argument('<name>', 'whose key it is: a-z, 0-9, - and _')
    .addOption(
      new Option('--scope <scope>', 'what it may do; each may do what those before it may')
        .choices([...keyScopes])
        .makeOptionMandatory(),
    )
    .option('--expires <days>', 'valid for so many days (default: for ever)', positiveWhole)
    .addOption(config())
    .action(async (name: string, options: AddKeyOptions) =>
      done(await addKey(name, options, context, place)),
    );
  keys
    .command('list')
    .description('Shows all keys but for the keys themselves.')
    .addOption(config())
    .action(async (options: KeysOptions) => done(await listAllKeys(options, context, place)));
  keys
    .command('revoke')
    .description('From now on the key is refused.')
    .argument('<name>', 'of the key')
    .addOption(config())
    .action(async (name: string, options: KeysOptions) => done(await revoke(name, options, context, place)));
}

/** Where the settings come from; tests give something else. */
export interface Place {
  readonly folder: string;
  readonly env: Variables;
}

const dayMs = 24 * 3600 * 1000;

/** Prints the key, alone, to stdout. */
export async function addKey(
  name: string,
  options: AddKeyOptions,
  { terminal, date }: CommandContext,
  place?: Place,
): Promise<number> {
  const { createKey } = await import('../../server/platform/api-keys.ts');
  const { systemIds } = await import('../../server/platform/ids.ts');
  const docs = await openDocs(options, place);
  const { scope, expires } = options;
  const until = expires === undefined ? undefined : new Date(date().getTime() + expires * dayMs);
  const given = { name, scope, ...(until && { expires: until }) };
  const plain = await createKey(docs, given, systemIds, clockOf(date));
  terminal.out(plain);
  terminal.note(
    `the key ${name} may ${scope}${until ? ` until ${until.toISOString()}` : ''}; it is shown only now: keep it safe`,
  );
  return exitCodes.ok;
}

export async function listAllKeys(
  options: KeysOptions,
  { terminal, date }: CommandContext,
  place?: Place,
): Promise<number> {
  const { listKeys } = await import('../../server/platform/api-keys.ts');
  const keys = await listKeys(await openDocs(options, place), clockOf(date));
  if (keys.length === 0) {
    terminal.note('there are no keys');
    return exitCodes.ok;
  }
  const day = (time: string | null) => time?.slice(0, 10) ?? 'never';
  const rows = keys.map(({ name, scope, state, created_at, expires_at }) => [
    name,
    scope,
    state,
    day(created_at),
    day(expires_at),
  ]);
  for (const line of table([['name', 'scope', 'state', 'made', 'expires'], ...rows])) terminal.out(line);
  return exitCodes.ok;
}

export async function revoke(
  name: string,
  options: KeysOptions,
  { terminal, date }: CommandContext,
  place?: Place,
): Promise<number> {
  const { revokeKey } = await import('../../server/platform/api-keys.ts');
  await revokeKey(await openDocs(options, place), name, clockOf(date));
  terminal.note(`the key ${name} is revoked`);
  return exitCodes.ok;
}

const clockOf = (date: () => Date) => ({ date, nowMs: () => performance.now() });

/** The records of the data folder that the settings name; not its lock, which a running server has. */
async function openDocs({ config: file }: KeysOptions, place?: Place): Promise<DocStore> {
  const { loadConfig } = await import('../../server/platform/config-load.ts');
  const { processVariables } = await import('../../server/platform/config-sources.ts');
  const { checkDataFolder, dataPlaces } = await import('../../server/platform/data-folder.ts');
  const { FileDocs } = await import('../../server/platform/docs/file-docs.ts');
  const { storeRoots } = await import('../../server/platform/docs/store-folders.ts');
  const { folder, env } = place ?? { folder: process.cwd(), env: processVariables() };
  const named = file === undefined ? env : { ...env, APP_CONFIG_FILE: resolve(folder, file) };
  const { config } = await loadConfig({ folder, env: named });
  await checkDataFolder(dataPlaces(config));
  return new FileDocs(storeRoots(config));
}
