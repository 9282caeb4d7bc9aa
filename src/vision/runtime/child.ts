// Child processes for work that must not take the parent down: forked modules with typed messages, low priority and a sure end.

import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ForkOptions<FromChild> {
  readonly args?: readonly string[];
  /** The child's whole environment. Default: the parent's. */
  readonly env?: NodeJS.ProcessEnv;
  /** 'low' leaves the processor to the parent and to others. Default 'low'. */
  readonly priority?: 'low' | 'normal';
  /** Ends the child: SIGTERM at once, SIGKILL after the grace. */
  readonly signal?: AbortSignal;
  /** Default 5000. */
  readonly graceMs?: number;
  readonly onMessage?: (message: FromChild) => void;
}

/** How a child ended. */
export interface ChildEnd {
  /** Its exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the parent asked for it, through `signal` or `kill`. */
  readonly killed: boolean;
  /** The last lines it wrote to stderr and stdout. */
  readonly lastLines: string;
}

export interface Child<ToChild> {
  readonly pid: number | undefined;
  send(message: ToChild): void;
  /** SIGTERM now, SIGKILL after the grace. */
  kill(): void;
  /** Never rejects: a child that cannot be started ends with code null and the reason in lastLines. */
  readonly ended: Promise<ChildEnd>;
}

const keptLines = 40;

/**
 * Runs a module of ours in a process of its own. A URL that ends in .ts is run through tsx.
 * Messages are structured clones, so typed arrays arrive as such.
 */
export function forkModule<FromChild, ToChild>(
  url: URL | string,
  options: ForkOptions<FromChild> = {},
): Child<ToChild> {
  const { args = [], priority = 'low', signal, graceMs = 5000, onMessage } = options;
  const child = fork(fileURLToPath(url), args, {
    execArgv: String(url).endsWith('.ts') ? ['--import', typescriptLoader()] : [],
    env: options.env ?? process.env,
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (priority === 'low') lower(child);
  if (onMessage) child.on('message', (message) => onMessage(message as FromChild));
  const lines = lastLines(child);

  let killed = false;
  let grace: NodeJS.Timeout | undefined;
  const kill = () => {
    if (killed || child.exitCode !== null || child.signalCode !== null) return;
    killed = true;
    child.kill('SIGTERM');
    grace = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  const ended = new Promise<ChildEnd>((resolve) => {
    const finish = (code: number | null, by: NodeJS.Signals | null) => {
      clearTimeout(grace);
      signal?.removeEventListener('abort', kill);
      resolve({ code, signal: by, killed, lastLines: lines() });
    };
    child.once('close', finish);
    child.once('error', (error) => {
      lines(String(error));
      if (child.pid === undefined) finish(null, null);
    });
  });
  if (signal?.aborted) kill();
  else signal?.addEventListener('abort', kill, { once: true });

  return {
    pid: child.pid,
    // A child that has just ended takes no more messages; `ended` tells the caller so.
    send: (message) => void (child.connected && child.send(message as object, () => {})),
    kill,
    ended,
  };
}

/** The URL of a module that lies beside `from`, with the extension that `from` itself has (.ts, or .js when built). */
export function moduleBeside(from: string, path: string): URL {
  return new URL(path + (from.endsWith('.ts') ? '.ts' : '.js'), from);
}

export interface ParentChannel<FromParent, ToParent> {
  /** Resolves when the message has left this process. */
  send(message: ToParent): Promise<void>;
  receive(handler: (message: FromParent) => void): void;
  /** Lets the process end once its work is done. */
  close(): void;
}

/** The child's side. The child exits by itself when its parent is gone. */
export function parentChannel<FromParent, ToParent>(): ParentChannel<FromParent, ToParent> {
  if (!process.send) throw new Error('internal: this module runs only as a forked child');
  const orphaned = () => process.exit(1);
  process.once('disconnect', orphaned);
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        process.send!(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
      }),
    receive: (handler) => void process.on('message', (message) => handler(message as FromParent)),
    close() {
      process.removeListener('disconnect', orphaned);
      // Node fails when a channel is closed from inside one of its own messages.
      setImmediate(() => process.connected && process.disconnect());
    },
  };
}

/** tsx is there whenever the sources are run as TypeScript; the built package has only .js. */
function typescriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

function lower(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may have ended already, or the system forbids it: it then runs as any other process.
  }
}

/** Collects what the child prints; called with text it adds that, and it returns the last lines. */
function lastLines(child: ChildProcess): (text?: string) => string {
  let kept: string[] = [];
  const add = (text: string) => {
    const all = (kept.join('\n') + text).split('\n');
    kept = all.slice(-keptLines);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', add);
  }
  return (text) => {
    if (text) add(`\n${text}`);
    return kept.join('\n').trim();
  };
}
