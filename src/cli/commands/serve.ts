// `okapi serve`: runs the server until SIGTERM or Ctrl-C, or shows its settings.
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { RunningServer, StartOptions } from '../../server/app.ts';
import type { Config } from '../../server/platform/config.ts';
import type { Variables } from '../../server/platform/config-sources.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../options.ts';

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly acceptDataFolder?: boolean;
}

export function addServe(
  program: Command,
  context: CommandContext,
  done: (exitCode: number) => void,
  given: Partial<Surroundings> = {},
): void {
  program
    .command('serve')
    .summary('run the server')
    .description(
      'Runs the server for the folder you are in: settings from config.yaml, .env and APP_ variables, everything that is kept in data/. Ctrl-C or SIGTERM stops it in good order.',
    )
    .option('--host <address>', 'listen there (default: 127.0.0.1, this computer only)')
    .option('--port <n>', 'listen there (default: 8000)', wholeNumber)
    .option('--config <file>', 'settings (default: config.yaml)')
    .option('--print-config', 'show every setting and where it came from, and do not start')
    .option(
      '--accept-data-folder',
      'take the data folder as it is, though it is not the one of the last start',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  $ ${context.environment.command} serve --port 8080\n  $ ${context.environment.command} serve --print-config`,
    )
    .action(async (options: ServeOptions) => done(await serve(options, context, given)));
}

/** Signals to this process. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  removeListener(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/** What surrounds the command; tests give something else. */
export interface Surroundings {
  readonly folder: string;
  readonly env: Variables;
  readonly signals: SignalSource;
  readonly start: (options: StartOptions) => Promise<Pick<RunningServer, 'url' | 'close'>>;
}

/** What still hangs on so long after the signal is left behind. */
const stopWithinMs = 15_000;

export async function serve(
  options: ServeOptions,
  { terminal }: CommandContext,
  given: Partial<Surroundings> = {},
): Promise<number> {
  const { loadConfig, printConfig } = await import('../../server/platform/config-load.ts');
  const { folder, env, signals, start } = { ...(await realSurroundings()), ...given };
  const startOptions = startOptionsOf(options, folder, env);
  const { config, sources } = await loadConfig(startOptions);
  if (options.printConfig) {
    for (const line of printConfig(config, sources)) terminal.out(line);
    return exitCodes.ok;
  }
  if (options.acceptDataFolder) {
    await acceptDataFolder(config);
    terminal.note('the data folder is taken as it is');
  }
  const stop = stopSignal(signals);
  try {
    const server = await start(startOptions).catch(async (error: unknown) => {
      throw (await cannotListen(error, config.server)) ?? error;
    });
    terminal.note(`okapi serves ${server.url}`);
    await stop.asked;
    terminal.note('stopping');
    await server.close();
    stop.closed();
    return exitCodes.ok;
  } finally {
    stop.forget();
  }
}

async function realSurroundings(): Promise<Surroundings> {
  const { processVariables } = await import('../../server/platform/config-sources.ts');
  return {
    folder: process.cwd(),
    env: processVariables(),
    signals: process,
    start: async (options) => {
      // Most of what a request needs is gone with it: a larger room for what is new would cost 25 MB and gain nothing.
      setFlagsFromString('--semi-space-growth-factor=1');
      const { startServer } = await import('../../server/app.ts');
      return startServer(options);
    },
  };
}

function startOptionsOf({ host, port, config }: ServeOptions, folder: string, env: Variables): StartOptions {
  return {
    folder,
    env: config === undefined ? env : { ...env, APP_CONFIG_FILE: resolve(folder, config) },
    overrides: { server: { ...(host !== undefined && { host }), ...(port !== undefined && { port }) } },
  };
}

async function acceptDataFolder(config: Config): Promise<void> {
  const { dataPlaces, openDataFolder } = await import('../../server/platform/data-folder.ts');
  const { systemClock } = await import('../../server/platform/clock.ts');
  const { systemIds } = await import('../../server/platform/ids.ts');
  const clock = systemClock;
  const folder = await openDataFolder({ ...dataPlaces(config), clock, ids: systemIds, accept: true });
  await folder.close();
}

interface Stop {
  /** Resolves at the first signal. A second one ends the process at once. */
  readonly asked: Promise<void>;
  /** The server has ended in good order. */
  closed(): void;
  /** Signals mean what they mean elsewhere. */
  forget(): void;
}

function stopSignal(signals: SignalSource): Stop {
  let exitCode: number = exitCodes.failed;
  let first = true;
  let resolveAsked: () => void = () => {};
  const asked = new Promise<void>((done) => {
    resolveAsked = done;
  });
  const listener = () => {
    if (!first) return signals.exit(exitCodes.interrupted);
    first = false;
    setTimeout(() => signals.exit(exitCode), stopWithinMs).unref();
    resolveAsked();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) signals.on(signal, listener);
  return {
    asked,
    closed() {
      exitCode = exitCodes.ok;
    },
    forget() {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) signals.removeListener(signal, listener);
    },
  };
}

const whyNot: Readonly<Record<string, readonly [setting: 'port' | 'host', reason: string]>> = {
  EADDRINUSE: ['port', 'another program uses'],
  EACCES: ['port', 'this user may not use'],
  EADDRNOTAVAIL: ['host', 'this computer does not have'],
  ENOTFOUND: ['host', 'nobody knows'],
};

/** One clear line for a port or host that cannot be had; null for other errors. */
async function cannotListen(
  error: unknown,
  server: { readonly host: string; readonly port: number },
): Promise<Error | null> {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  const row = whyNot[code];
  if (row === undefined || !['listen', 'bind', 'getaddrinfo'].includes(syscall ?? '')) return null;
  const [setting, reason] = row;
  const { ServerError } = await import('../../server/contract/errors.ts');
  return new ServerError(
    'config.invalid',
    `expected server.${setting} to be free to listen on, got ${server[setting]}, which ${reason}`,
    { cause: error },
  );
}
