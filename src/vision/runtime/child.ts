// Child processes for work that must not take the parent down: forked modules with typed messages, low priority and a sure end.

import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { constants, getPriority, setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageStream } from './message-stream.ts';
import { ownBytes, processTree, residentBytes } from './process-tree.ts';

export interface ForkOptions<FromChild> {
  readonly args?: readonly string[];
  /** The child's whole environment. Default: the parent's. See `safeEnvironment`. */
  readonly env?: NodeJS.ProcessEnv;
  /** 'low' leaves the processor to the parent and to others: a nice value of 10. Default 'low'. */
  readonly priority?: 'low' | 'normal';
  /** A command put before the child's own, such as ['nice', '-n', '10']. It must hand on file descriptor 3. */
  readonly commandPrefix?: readonly string[];
  /** Ends the child: SIGTERM at once, SIGKILL after the grace. */
  readonly signal?: AbortSignal;
  /** Default 5000. */
  readonly graceMs?: number;
  readonly limits?: ChildLimits;
  /** What the system says of the memory of processes; null: nothing, as without /proc. Default: what it says. */
  readonly memory?: null;
  readonly onMessage?: (message: FromChild) => void;
}

/** A child that goes beyond one of them is killed without grace. */
export interface ChildLimits {
  /**
   * Resident memory of the child and all below it, looked at twice a second. Without /proc (macOS, Windows) it is what the
   * child itself tells between two steps, of itself alone: then a child that grows within one step, or lies, is not caught.
   */
  readonly memoryBytes?: number;
  /** From the start, by a monotonic clock. */
  readonly wallMs?: number;
  /** Longest silence. The child is asked for a sign of life meanwhile, so only one that hangs is silent. */
  readonly silentMs?: number;
  /** Of one message. Default 256 MiB. */
  readonly messageBytes?: number;
}

/** Which limit a child went beyond; 'nonsense' for bytes on its channel that are no message, or too large a one. */
export type Breach = 'memory' | 'time' | 'silence' | 'nonsense';

/** How a child ended. */
export interface ChildEnd {
  /** Its exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the parent asked for it, through `signal` or `kill`. */
  readonly killed: boolean;
  /** The limit for which it was killed. */
  readonly breach: Breach | null;
  /** The last lines it wrote to stderr and stdout. */
  readonly lastLines: string;
}

export interface Child<ToChild> {
  readonly pid: number | undefined;
  send(message: ToChild): void;
  /** Resident memory of this process alone, in bytes; 0 as long as nobody has said. */
  memoryBytes(): number;
  /** SIGTERM now, SIGKILL after the grace; 'at once': SIGKILL now, also to all below it. */
  kill(how?: 'at once'): void;
  /** Never rejects: a child that cannot be started ends with code null and the reason in lastLines. */
  readonly ended: Promise<ChildEnd>;
}

const keptLines = 40;
const keptLineLength = 1000;
const CHANNEL = 3;
const LARGEST_MESSAGE_BYTES = 2 ** 28;
/** Timers take no more: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MEMORY_EVERY_MS = 500;

/**
 * Runs a module of ours in a process of its own. A URL that ends in .ts is run through tsx.
 * Messages are structured clones, so typed arrays arrive as such.
 */
export function forkModule<FromChild, ToChild>(
  url: URL | string,
  options: ForkOptions<FromChild> = {},
): Child<ToChild> {
  const { priority = 'low', commandPrefix = [], signal, graceMs = 5000, limits = {}, onMessage } = options;
  const loader = String(url).endsWith('.ts') ? ['--import', typescriptLoader()] : [];
  const own = [process.execPath, ...loader, fileURLToPath(url), ...(options.args ?? [])];
  const [program, ...words] = [...commandPrefix, ...own];
  const child = spawn(program!, words, {
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  if (priority === 'low' && child.pid !== undefined) lower(child.pid);
  const lines = lastLines(child);

  let breach: Breach | null = null;
  const end = (how: Breach) => {
    breach ??= how;
    destroy(child);
  };
  const pipe = child.stdio[CHANNEL] as Duplex;
  // A pipe to a child that has ended is no news: `ended` tells.
  pipe.on('error', () => {});
  let heardMs = performance.now();
  let toldBytes = 0;
  const channel = messageStream(pipe, {
    maxMessageBytes: limits.messageBytes ?? LARGEST_MESSAGE_BYTES,
    onNonsense: (what) => {
      lines(`The process sent ${what}.`);
      end('nonsense');
    },
    onFrame: (kind, message) => {
      heardMs = performance.now();
      if (kind === 'message') onMessage?.(message as FromChild);
      if (kind === 'pong' && Number.isFinite(message)) toldBytes = message as number;
    },
  });
  // Behind a command the child may have been started before that command was lowered, and so have inherited nothing.
  if (priority === 'low') channel.write('lower');
  const ping = () => channel.write('ping');
  let askedMs = Number.NEGATIVE_INFINITY;
  const memoryBytes = () => {
    const known = options.memory === null || child.pid === undefined ? 0 : ownBytes(child.pid);
    if (known > 0) return known;
    if (performance.now() - askedMs >= MEMORY_EVERY_MS && pipe.writable) {
      askedMs = performance.now();
      ping();
    }
    return toldBytes;
  };
  const treeBytes = (pid: number) => (options.memory === null ? 0 : residentBytes(pid)) || memoryBytes();
  const stopWatching = watch(child, limits, end, { heardMs: () => heardMs, ping, treeBytes });

  let killed = false;
  let grace: NodeJS.Timeout | undefined;
  const kill = (how?: 'at once') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (how === 'at once') destroy(child);
    else if (!killed) {
      // A program in between may pass no signal on, so the child is told by the channel.
      if (commandPrefix.length > 0) channel.write('stop');
      else child.kill('SIGTERM');
      grace = setTimeout(() => destroy(child), graceMs);
    }
    killed = true;
  };
  const abort = () => kill();
  const ended = new Promise<ChildEnd>((resolve) => {
    const finish = (code: number | null, by: NodeJS.Signals | null) => {
      clearTimeout(grace);
      stopWatching();
      signal?.removeEventListener('abort', abort);
      resolve({ code, signal: by, killed, breach, lastLines: lines() });
    };
    child.once('close', finish);
    child.once('error', (error) => {
      lines(String(error));
      if (child.pid === undefined) finish(null, null);
    });
  });
  if (signal?.aborted) kill();
  else signal?.addEventListener('abort', abort, { once: true });

  return {
    pid: child.pid,
    // A child that has just ended takes no more messages; `ended` tells the caller so.
    send: (message) => void (pipe.writable && channel.write('message', message)),
    memoryBytes,
    kill,
    ended,
  };
}

/** Names of environment variables that a child may see: where programs, libraries and devices are, and how to speak. */
const passedOn =
  /^(PATH|HOME|LANG|LC_\w+|TMPDIR|TEMP|TMP|TZ|SYSTEMROOT|WINDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|NODE_\w+|CUDA_\w+|NVIDIA_\w+|ORT_\w+)$/i;
const secret = /TOKEN|SECRET|PASSW|AUTH|CREDENTIAL|_KEY/i;

/** The parent's environment without what may be a secret: only variables that are known to be needed. */
export function safeEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const rows = Object.entries(environment).filter(([name]) => passedOn.test(name) && !secret.test(name));
  return Object.fromEntries(rows);
}

/** Ends the child and all below it; its channel goes too, so that one that slipped away ends by itself. */
function destroy(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of processTree(child.pid).slice(1).reverse()) killProcess(pid);
  child.kill('SIGKILL');
  (child.stdio[CHANNEL] as Duplex).destroy();
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

interface Senses {
  heardMs(): number;
  ping(): void;
  treeBytes(pid: number): number;
}

/** Looks after the limits until the returned function is called. */
function watch(
  { pid }: ChildProcess,
  { memoryBytes, wallMs, silentMs }: ChildLimits,
  breached: (limit: Breach) => void,
  { heardMs, ping, treeBytes }: Senses,
): () => void {
  if (pid === undefined) return () => {};
  const timers: NodeJS.Timeout[] = [];
  if (memoryBytes !== undefined)
    timers.push(setInterval(() => treeBytes(pid) > memoryBytes && breached('memory'), MEMORY_EVERY_MS));
  if (wallMs !== undefined)
    timers.push(setTimeout(() => breached('time'), Math.min(wallMs, LONGEST_TIMER_MS)));
  if (silentMs !== undefined) {
    const everyMs = silentMs / 4;
    let [tickMs, awakeMs] = [performance.now(), performance.now()];
    const tick = () => {
      const now = performance.now();
      // This process itself was stopped or busy: what the child said meanwhile has not been read yet.
      if (now - tickMs > 2 * everyMs) awakeMs = now;
      tickMs = now;
      if (now - Math.max(heardMs(), awakeMs) > silentMs) breached('silence');
      else ping();
    };
    timers.push(setInterval(tick, everyMs));
  }
  return () => {
    for (const timer of timers) clearTimeout(timer);
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
  const pipe = openChannel();
  const orphaned = () => process.exit(1);
  pipe.once('close', orphaned);
  pipe.on('error', () => {});
  let handler: ((message: FromParent) => void) | null = null;
  const early: FromParent[] = [];
  const onMessage = (message: FromParent) => (handler ? handler(message) : early.push(message));
  const channel = messageStream(pipe, {
    maxMessageBytes: LARGEST_MESSAGE_BYTES,
    onNonsense: orphaned,
    onFrame: (kind, message) => {
      if (kind === 'message') onMessage(message as FromParent);
      if (kind === 'ping') channel.write('pong', process.memoryUsage.rss());
      if (kind === 'lower') lower(process.pid);
      if (kind === 'stop' && !process.emit('SIGTERM')) process.exit(143);
    },
  });
  // Without a handler nothing is waited for, and the process may end.
  (pipe as Socket).unref();
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        channel.write('message', message, (error) => (error ? reject(error) : resolve()));
      }),
    receive(given) {
      handler = given;
      (pipe as Socket).ref();
      for (const message of early.splice(0)) given(message);
    },
    close() {
      pipe.removeListener('close', orphaned);
      pipe.end(() => pipe.destroy());
    },
  };
}

function openChannel(): Duplex {
  try {
    return new Socket({ fd: CHANNEL, readable: true, writable: true });
  } catch (cause) {
    throw new Error('internal: this module runs only as a forked child, with its channel on descriptor 3', {
      cause,
    });
  }
}

/** tsx is there whenever the sources are run as TypeScript; the built package has only .js. */
function typescriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

function lower(pid: number): void {
  try {
    // The command before it may have lowered it further.
    if (getPriority(pid) < constants.priority.PRIORITY_BELOW_NORMAL)
      setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may have ended already, or the system forbids it: it then runs as any other process.
  }
}

/** Collects what the child prints; called with text it adds that, and it returns the last lines. */
function lastLines(child: ChildProcess): (text?: string) => string {
  let kept: string[] = [];
  const add = (text: string) => {
    const all = (kept.join('\n') + text).split('\n');
    kept = all.slice(-keptLines).map((line) => line.slice(0, keptLineLength));
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
