// A training in a process of its own: started, listened to with suspicion, canceled, and never without an answer.
import { type ErrorCode, errorTable, OkapiError } from '../errors.ts';
import {
  type Breach,
  type ChildEnd,
  type ChildLimits,
  forkModule,
  parentChannel,
  safeEnvironment,
} from '../runtime/child.ts';
import { parseTrainingEvent, type TrainingEvent } from './events.ts';

export interface ChildTrainingOptions<Result> {
  /** Aborting it asks the child to save its state and stop; after the grace it is killed. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Default 5000. */
  readonly graceMs?: number;
  /** A command put before the child's own, such as ['nice', '-n', '10'] or a sandbox. */
  readonly commandPrefix?: readonly string[];
  /** Of memory, time and silence; see ChildLimits. */
  readonly limits?: ChildLimits;
  /** Told the process id once the child runs. */
  readonly onStart?: (pid: number) => void;
  /** The result in a message of the child, or null when it is none. */
  readonly parseResult: (value: unknown) => Result | null;
}

type FromChild<Result> =
  | { readonly type: 'event'; readonly event: TrainingEvent }
  | { readonly type: 'done'; readonly result: Result }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** A training process that ended without an answer, and which limit it was killed for, if any. */
export class TrainingCrash extends OkapiError {
  readonly breach: Breach | null;
  /** The last lines that it printed. */
  readonly lastLines: string;

  constructor(how: string, { breach, lastLines }: Pick<ChildEnd, 'breach' | 'lastLines'>) {
    const lines = lastLines === '' ? 'It printed nothing.' : `Its last lines:\n${lastLines}`;
    super(
      'train.crashed',
      `the training process ${how} without a result; it can be resumed from its last checkpoint. ${lines}`,
    );
    this.name = 'TrainingCrash';
    this.breach = breach;
    this.lastLines = lastLines;
  }
}

/** A child that sends more is out of its mind; a tiny network makes a few hundred steps a second. */
const MESSAGES_PER_SECOND = 5000;

/**
 * Runs the module, which calls `serveTraining`, with low priority, without the secrets of the environment, and gives it the
 * request. Throws what the training throws; train.canceled after an abort; a TrainingCrash (train.crashed) when the child
 * ends or talks nonsense instead of giving a result, or was killed for a limit.
 */
export async function runChildTraining<Request, Result>(
  module: URL,
  request: Request,
  options: ChildTrainingOptions<Result>,
): Promise<Result> {
  const { signal, onEvent = () => {}, onStart, parseResult, ...forkOptions } = options;
  let answer: Exclude<FromChild<Result>, { type: 'event' }> | null = null;
  let nonsense: string | null = null;
  const listen = listener(parseResult);
  const child = forkModule<unknown, Request>(module, {
    ...forkOptions,
    ...(signal && { signal }),
    env: trainingEnvironment(),
    onMessage: (message) => {
      if (nonsense !== null) return;
      const heard = listen(message);
      if (typeof heard === 'string') {
        nonsense = heard;
        child.kill('at once');
      } else if (heard.type === 'event') onEvent(heard.event);
      else answer ??= heard;
    },
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  child.send(request);
  const end = await child.ended;
  if (nonsense !== null) throw new TrainingCrash(`sent ${nonsense}`, { ...end, breach: 'nonsense' });
  // TypeScript does not see that the callback assigns.
  const given = answer as Exclude<FromChild<Result>, { type: 'event' }> | null;
  if (given?.type === 'done') return given.result;
  if (given?.type === 'failed') throw new OkapiError(given.code, given.message);
  if (signal?.aborted) throw new OkapiError('train.canceled', 'the training was canceled');
  throw new TrainingCrash(howItEnded(end), end);
}

const breaches: Record<Breach, string> = {
  memory: 'was ended, because it needed more memory than its limit,',
  time: 'was ended, because it took longer than its limit,',
  silence: 'was ended, because it gave no sign of life,',
  nonsense: 'was ended, because it sent what is no message,',
};

function howItEnded({ code, signal, breach }: ChildEnd): string {
  if (breach !== null) return breaches[breach];
  return signal ? `was ended by ${signal}` : `ended with code ${code}`;
}

/** What trainings run in. Huge pages make a training step 4 to 8 % quicker (glibc 2.35 and later; others ignore it). */
export function trainingEnvironment(): NodeJS.ProcessEnv {
  const tuned = process.platform === 'linux' ? { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } : {};
  return { ...safeEnvironment(), ...tuned };
}

/** Checks messages as they come: a sound one, or what is wrong with it. Progress that falls is held. */
function listener<Result>(parseResult: (value: unknown) => Result | null) {
  let [second, count, progress] = [0, 0, 0];
  return (message: unknown): FromChild<Result> | string => {
    const now = Math.floor(performance.now() / 1000);
    [second, count] = now === second ? [second, count + 1] : [now, 1];
    if (count > MESSAGES_PER_SECOND) return `more than ${MESSAGES_PER_SECOND} messages in a second`;
    const { type, ...fields } = (message ?? {}) as Record<string, unknown>;
    if (type === 'done') {
      const result = parseResult(fields.result);
      return result === null ? 'a result of another form' : { type, result };
    }
    if (type === 'failed' && typeof fields.message === 'string' && isCode(fields.code))
      return { type, code: fields.code, message: fields.message };
    const event = type === 'event' ? parseTrainingEvent(fields.event) : null;
    if (event === null) return 'a message of another form';
    if (event.type !== 'step' && event.type !== 'work') return { type: 'event', event };
    progress = Math.max(progress, event.progress);
    return { type: 'event', event: { ...event, progress } };
  };
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}

/** The child's side: trains what the parent asks for, tells of it, and ends. */
export function serveTraining<Request, Result>(
  train: (
    request: Request,
    context: { signal: AbortSignal; onEvent: (event: TrainingEvent) => void },
  ) => Promise<Result>,
): void {
  const channel = parentChannel<Request, FromChild<Result>>();
  const stop = new AbortController();
  // Ctrl-C reaches parent and child; what it means is for the parent to decide.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => stop.abort());
  channel.receive((request) => {
    const onEvent = (event: TrainingEvent) => void channel.send({ type: 'event', event });
    train(request, { signal: stop.signal, onEvent })
      .then(
        (result) => channel.send({ type: 'done', result }),
        (error: unknown) => {
          if (!(error instanceof OkapiError)) throw error;
          return channel.send({ type: 'failed', code: error.code, message: error.message });
        },
      )
      .then(
        () => channel.close(),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
  });
}
