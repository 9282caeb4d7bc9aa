// A few long-lived children that answer requests: one that hangs, crashes or grows is replaced, and only its own requests fail.
import { OkapiError, type ErrorCode as VisionCode, errorTable as visionTable } from '../../vision/errors.ts';
import { type Child, type ChildEnd, forkModule, parentChannel } from '../../vision/runtime/child.ts';
import { type ErrorCode, ServerError } from '../contract/errors.ts';

export interface ChildPoolOptions {
  /** A module that calls `serveRequests`. */
  readonly module: URL;
  /** Children at most; each is started when there is work for it. */
  readonly size: number;
  /** For one request, counted from when a child is given it. */
  readonly timeoutMs: number;
  /** Default 'low'. */
  readonly priority?: 'low' | 'normal';
  readonly args?: readonly string[];
  /** A child with a larger resident set is ended; as of ForkOptions where there is no /proc. */
  readonly memoryBytes?: number;
  /** A command put before the children's own, as of ForkOptions; memory is then that of it and all below it. */
  readonly commandPrefix?: readonly string[];
  /** As of ForkOptions. */
  readonly memory?: null;
  /** Requests that one child is given at a time. Default 1. */
  readonly concurrency?: number;
}

/** What one request to a child may take. */
export type ChildCaps = Required<Pick<ChildPoolOptions, 'memoryBytes' | 'timeoutMs'>>;

export interface AskOptions {
  /** Instead of the pool's. */
  readonly timeoutMs?: number;
  /** Aborting gives the request up at once; a child that works on it is left to finish. */
  readonly signal?: AbortSignal;
}

export type ChildFailureReason = 'timeout' | 'crashed' | 'memory';

/** The child of a request was ended, or ended itself, before it had answered. */
export class ChildFailure extends Error {
  readonly reason: ChildFailureReason;
  /** What the child wrote last to stderr and stdout: for the log, not for users. */
  readonly lastLines: string;

  constructor(reason: ChildFailureReason, message: string, lastLines: string) {
    super(message);
    this.name = 'ChildFailure';
    this.reason = reason;
    this.lastLines = lastLines;
  }
}

/** What each failure of a child means to whoever asked for its work. */
export type ChildFailureTable = Readonly<Record<ChildFailureReason, readonly [ErrorCode, string]>>;

/** What `work` gives. Throws a ServerError of the table instead of a ChildFailure; `name` is said before its text. */
export async function orRefused<T>(
  work: Promise<T>,
  failures: ChildFailureTable,
  name: string | null = null,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ChildFailure)) throw error;
    const [code, text] = failures[error.reason];
    throw new ServerError(code, name === null ? text : `${name}: ${text}`, { cause: error });
  }
}

interface ToChild<Request> {
  readonly id: number;
  readonly request: Request;
}

type FromChild<Answer> =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'refused'; readonly id: number; readonly code: string; readonly message: string };

interface Asked<Request, Answer> {
  readonly request: Request;
  readonly timeoutMs: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Worker<Request, Answer> {
  readonly child: Child<ToChild<Request>>;
  readonly running: Map<number, { readonly asked: Asked<Request, Answer>; readonly timer: NodeJS.Timeout }>;
  ready: boolean;
  /** Why we ended it; a child without one ended itself. */
  doom: { readonly reason: ChildFailureReason; readonly message: string } | null;
}

/** Loading a module of ours takes well under a second, or some seconds on a machine with much else to do. */
const startTimeoutMs = 60_000;
/** How long a child that is to end may ignore SIGTERM. */
const graceMs = 200;
const memoryCheckMs = 50;

export class ChildPool<Request, Answer> {
  readonly #options: ChildPoolOptions;
  readonly #workers = new Set<Worker<Request, Answer>>();
  /** Ended by us and not yet gone. */
  readonly #ending = new Set<Promise<ChildEnd>>();
  #waiting: Asked<Request, Answer>[] = [];
  #lastId = 0;
  #closed = false;

  constructor(options: ChildPoolOptions) {
    this.#options = options;
  }

  /** How many there are now. */
  get children(): number {
    return this.#workers.size;
  }

  /**
   * What the child's handler returns. Rejects with the OkapiError or ServerError that the handler throws, with
   * ChildFailure when the child ends before, with the signal's reason, or with server.stopping once the pool is closed.
   */
  async ask(
    request: Request,
    { timeoutMs = this.#options.timeoutMs, signal }: AskOptions = {},
  ): Promise<Answer> {
    signal?.throwIfAborted();
    if (this.#closed) throw stopping();
    let giveUp = () => {};
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const asked: Asked<Request, Answer> = { request, timeoutMs, resolve, reject };
        giveUp = () => {
          this.#waiting = this.#waiting.filter((other) => other !== asked);
          reject(signal!.reason);
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        this.#waiting.push(asked);
        this.#hand();
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends the children. What was asked and is not answered rejects with server.stopping. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const asked of this.#waiting.splice(0)) asked.reject(stopping());
    for (const worker of this.#workers) {
      for (const { asked } of worker.running.values()) asked.reject(stopping());
      this.#end(worker, { reason: 'crashed', message: 'the pool was closed' });
    }
    await Promise.all(this.#ending);
  }

  /** Gives waiting requests to children that have room, and starts children for those left over. */
  #hand(): void {
    const { size, concurrency = 1 } = this.#options;
    for (const worker of this.#byLoad()) {
      while (worker.ready && worker.running.size < concurrency && this.#waiting.length > 0)
        this.#give(worker, this.#waiting.shift()!);
    }
    const starting = [...this.#workers].filter((worker) => !worker.ready).length;
    const wanted = Math.ceil(this.#waiting.length / concurrency) - starting;
    for (let n = 0; n < wanted && this.#workers.size < size; n++) this.#start();
  }

  #byLoad(): Worker<Request, Answer>[] {
    return [...this.#workers].sort((a, b) => a.running.size - b.running.size);
  }

  #give(worker: Worker<Request, Answer>, asked: Asked<Request, Answer>): void {
    const id = ++this.#lastId;
    const { timeoutMs } = asked;
    const timer = setTimeout(
      () => this.#end(worker, { reason: 'timeout', message: `there was no answer within ${timeoutMs} ms` }),
      timeoutMs,
    );
    worker.running.set(id, { asked, timer });
    worker.child.send({ id, request: asked.request });
  }

  #start(): void {
    const { module, args = [], priority = 'low', memoryBytes, memory, commandPrefix = [] } = this.#options;
    const isWrapped = commandPrefix.length > 0;
    const child = forkModule<FromChild<Answer>, ToChild<Request>>(module, {
      args,
      priority,
      graceMs,
      ...(memory === null && { memory }),
      ...(isWrapped && { commandPrefix, ...(memoryBytes !== undefined && { limits: { memoryBytes } }) }),
      onMessage: (message) => this.#hear(worker, message),
    });
    const worker: Worker<Request, Answer> = { child, running: new Map(), ready: false, doom: null };
    this.#workers.add(worker);
    const late = setTimeout(
      () => worker.ready || this.#end(worker, { reason: 'timeout', message: 'the child did not start' }),
      startTimeoutMs,
    );
    const check =
      memoryBytes === undefined || isWrapped
        ? undefined
        : setInterval(() => this.#weigh(worker, memoryBytes), memoryCheckMs);
    void child.ended.then((end) => {
      clearTimeout(late);
      clearInterval(check);
      this.#ended(worker, end);
    });
  }

  #hear(worker: Worker<Request, Answer>, message: FromChild<Answer>): void {
    if (message.type === 'ready') worker.ready = true;
    else {
      const heard = worker.running.get(message.id);
      if (!heard) return;
      clearTimeout(heard.timer);
      worker.running.delete(message.id);
      if (message.type === 'answer') heard.asked.resolve(message.answer);
      else heard.asked.reject(refusal(message.code, message.message));
    }
    if (!worker.doom) this.#hand();
  }

  #weigh(worker: Worker<Request, Answer>, memoryBytes: number): void {
    const bytes = worker.child.memoryBytes();
    if (bytes <= memoryBytes) return;
    const message = `the child held ${megabytes(bytes)}, and ${megabytes(memoryBytes)} are allowed`;
    this.#end(worker, { reason: 'memory', message });
  }

  /** Its place is free at once; its requests are told when it is gone, with its last lines. */
  #end(worker: Worker<Request, Answer>, doom: NonNullable<Worker<Request, Answer>['doom']>): void {
    if (worker.doom) return;
    worker.doom = doom;
    this.#workers.delete(worker);
    for (const { timer } of worker.running.values()) clearTimeout(timer);
    this.#ending.add(worker.child.ended);
    void worker.child.ended.then(() => this.#ending.delete(worker.child.ended));
    worker.child.kill();
    this.#hand();
  }

  #ended(worker: Worker<Request, Answer>, end: ChildEnd): void {
    this.#workers.delete(worker);
    const failure = failureOf(worker.doom, end);
    for (const { asked, timer } of worker.running.values()) {
      clearTimeout(timer);
      asked.reject(failure);
    }
    // A module that cannot even start would be started for ever: each attempt uses up a request.
    if (!worker.ready) this.#waiting.shift()?.reject(failure);
    if (!this.#closed) this.#hand();
  }
}

/**
 * The child's side: answers each request with what the handler returns. An OkapiError or ServerError that it throws is
 * passed on; any other error is our bug and ends the child. Requests run side by side when the pool sends several.
 */
export function serveRequests<Request, Answer>(
  handler: (request: Request) => Answer | Promise<Answer>,
): void {
  const parent = parentChannel<ToChild<Request>, FromChild<Answer>>();
  // Ctrl-C reaches parent and child; the parent decides when its children end.
  process.on('SIGINT', () => {});
  parent.receive(({ id, request }) => {
    void (async () => {
      try {
        await parent.send({ type: 'answer', id, answer: await handler(request) });
      } catch (error) {
        if (!(error instanceof OkapiError || error instanceof ServerError)) throw error;
        await parent.send({ type: 'refused', id, code: error.code, message: error.message });
      }
    })();
  });
  void parent.send({ type: 'ready' });
}

function refusal(code: string, message: string): Error {
  return Object.hasOwn(visionTable, code)
    ? new OkapiError(code as VisionCode, message)
    : new ServerError(code as ErrorCode, message);
}

function failureOf(doom: Worker<unknown, unknown>['doom'], end: ChildEnd): ChildFailure {
  if (doom) return new ChildFailure(doom.reason, doom.message, end.lastLines);
  if (end.breach === 'memory')
    return new ChildFailure('memory', 'the child held more memory than it may', end.lastLines);
  const how = end.signal ? `was ended by ${end.signal}` : `ended with code ${end.code}`;
  const reason = end.lastLines.includes('heap out of memory') ? 'memory' : 'crashed';
  return new ChildFailure(reason, `the child ${how} before it had answered`, end.lastLines);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function stopping(): ServerError {
  return new ServerError('server.stopping', 'the server is stopping; send the request again later');
}
