import { EventEmitter } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../server/platform/clock.ts';
import { openDataFolder } from '../../server/platform/data-folder.ts';
import { systemIds } from '../../server/platform/ids.ts';
import type { CommandContext } from '../context.ts';
import { readEnvironment } from '../environment.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { addServe, type Surroundings } from './serve.ts';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-serve-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

interface Given {
  readonly env?: Record<string, string>;
  readonly start?: Surroundings['start'];
}

/** Runs `okapi serve ARGS` in the folder, with a server that is not there. */
function serve(args: readonly string[], { env = {}, start = async () => fakeServer() }: Given = {}) {
  const terminal = capturedTerminal();
  const signals = new FakeProcess();
  const started: Parameters<Surroundings['start']>[0][] = [];
  const context: CommandContext = {
    terminal,
    environment: readEnvironment({}),
    args,
    version: '1.2.3',
    now: () => 0,
    date: () => new Date(),
  };
  const program = new Command('okapi').exitOverride();
  const code = (async () => {
    let exitCode: number | null = null;
    const done = (given: number) => {
      exitCode = given;
    };
    addServe(program, context, done, {
      folder,
      env,
      signals,
      start: (options) => {
        started.push(options);
        return start(options);
      },
    });
    await program.parseAsync(['serve', ...args], { from: 'user' });
    return exitCode;
  })();
  return { code, terminal, signals, started };
}

const fakeServer = (close: () => Promise<void> = async () => {}) => ({ url: 'http://127.0.0.1:8000', close });

/** Resolves once the terminal has a line that begins so. */
const noted = (run: ReturnType<typeof serve>, start: string) =>
  vi.waitFor(() => expect(run.terminal.notes.some((note) => note.startsWith(start))).toBe(true));

describe('okapi serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says its address in one line, and stops at %s', async (signal) => {
    let closed = false;
    const run = serve([], {
      start: async () =>
        fakeServer(async () => {
          closed = true;
        }),
    });
    await noted(run, 'okapi serves http://127.0.0.1:8000');
    expect(closed).toBe(false);
    run.signals.emit(signal);
    expect(await run.code).toBe(0);
    expect(closed).toBe(true);
    expect(run.terminal.notes).toEqual(['okapi serves http://127.0.0.1:8000', 'stopping']);
    expect(run.terminal.outLines).toEqual([]);
    expect(run.signals.eventNames()).toEqual([]);
  });

  it('stops in good order when the signal comes while it starts', async () => {
    const close = vi.fn(async () => {});
    const run = serve([], {
      start: async () => {
        run.signals.emit('SIGTERM');
        return fakeServer(close);
      },
    });
    expect(await run.code).toBe(0);
    expect(close).toHaveBeenCalledOnce();
  });

  it('ends at once at a second signal', async () => {
    let finish = () => {};
    const run = serve([], {
      start: async () =>
        fakeServer(
          () =>
            new Promise((done) => {
              finish = done;
            }),
        ),
    });
    await noted(run, 'okapi serves');
    run.signals.emit('SIGINT');
    await noted(run, 'stopping');
    run.signals.emit('SIGINT');
    expect(run.signals.exits).toEqual([130]);
    finish();
    await run.code;
  });

  it('is left behind when it hangs 15 s while it stops', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const run = serve([], { start: async () => fakeServer(() => new Promise(() => {})) });
    while (run.terminal.notes.length === 0) await new Promise((done) => setImmediate(done));
    run.signals.emit('SIGTERM');
    vi.advanceTimersByTime(14_999);
    expect(run.signals.exits).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(run.signals.exits).toEqual([1]);
  });

  it('passes folder, environment and the settings of the command line on', async () => {
    const env = { APP_LOG__LEVEL: 'warn' };
    await writeFile(join(folder, 'my.yaml'), 'jobs: {max_workers: 3}');
    const run = serve(['--host', '0.0.0.0', '--port', '81', '--config', 'my.yaml'], { env });
    await noted(run, 'okapi serves');
    run.signals.emit('SIGTERM');
    await run.code;
    expect(run.started).toEqual([
      {
        folder,
        env: { ...env, APP_CONFIG_FILE: join(folder, 'my.yaml') },
        overrides: { server: { host: '0.0.0.0', port: 81 } },
      },
    ]);
  });
});

describe('okapi serve with a port or host that cannot be had', () => {
  const listening = async (port: number, host = '127.0.0.1') => {
    const server: Server = createServer();
    await new Promise<void>((done, fail) => {
      server.once('error', fail).listen(port, host, done);
    });
    return server;
  };

  it('says so in one clear line', async () => {
    const other = await listening(0);
    const { port } = other.address() as AddressInfo;
    const run = serve(['--port', String(port)], {
      start: async () => {
        await listening(port);
        return fakeServer();
      },
    });
    await expect(run.code).rejects.toMatchObject({
      code: 'config.invalid',
      message: `expected server.port to be free to listen on, got ${port}, which another program uses`,
    });
    other.close();
  });

  it('names the host that is not here', async () => {
    const run = serve(['--host', '192.0.2.1'], {
      start: async () => {
        await listening(0, '192.0.2.1');
        return fakeServer();
      },
    });
    await expect(run.code).rejects.toThrow(
      'expected server.host to be free to listen on, got 192.0.2.1, which this computer does not have',
    );
  });

  it('leaves other errors as they are', async () => {
    const error = Object.assign(new Error('EACCES: open'), { code: 'EACCES', syscall: 'open' });
    const run = serve([], { start: () => Promise.reject(error) });
    await expect(run.code).rejects.toBe(error);
    expect(run.signals.eventNames()).toEqual([]);
  });
});

describe('okapi serve --print-config', () => {
  it('shows the settings with their sources and does not start', async () => {
    await writeFile(join(folder, 'config.yaml'), 'jobs: {max_workers: 3}');
    const run = serve(['--print-config', '--port', '9'], { env: { APP_LOG__LEVEL: 'debug' } });
    expect(await run.code).toBe(0);
    const text = run.terminal.outLines.join('\n').replace(/ {2,}/g, '   ');
    for (const line of [
      'jobs.max_workers = 3   (config.yaml)',
      'log.level = debug   (environment APP_LOG__LEVEL)',
      'server.port = 9   (command line)',
      'server.host = 127.0.0.1   (default)',
    ])
      expect(text).toContain(line);
    expect(run.started).toEqual([]);
    await expect(access(join(folder, 'data'))).rejects.toThrow();
  });

  it('refuses settings that cannot be used', async () => {
    const run = serve(['--print-config', '--port', '99999']);
    await expect(run.code).rejects.toMatchObject({
      code: 'config.invalid',
      message: 'command line: server.port: expected a whole number from 0 to 65535, got 99999',
    });
  });
});

describe('okapi serve --accept-data-folder', () => {
  it('makes a data folder that lost its marker usable again', async () => {
    const options = { dataDir: join(folder, 'data'), rootDir: folder, clock: systemClock, ids: systemIds };
    await (await openDataFolder(options)).close();
    await rm(join(folder, 'data'), { recursive: true });
    const start = async () => {
      const data = await openDataFolder(options);
      return fakeServer(() => data.close());
    };
    await expect(serve([], { start }).code).rejects.toMatchObject({ code: 'data.unmarked' });
    const run = serve(['--accept-data-folder'], { start });
    await noted(run, 'okapi serves');
    run.signals.emit('SIGTERM');
    expect(await run.code).toBe(0);
    expect(run.terminal.notes[0]).toBe('the data folder is taken as it is');
  });
});
