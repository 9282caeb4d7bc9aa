// A training in a process of its own: started, listened to with suspicion, canceled, and never without an answer.
import { type ErrorCode, errorTable, OkapiError } from '../errors.ts';
import { forkModule, parentChannel } from '../runtime/child.ts';
import { parseTrainingEvent, type TrainingEvent } from './events.ts';

export interface ChildTrainingOptions<Result> {
  /** Aborting it asks the child to save its state and stop; after the grace it is killed. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Default 5000. */
  readonly graceMs?: number;
  /** The result in a message of the child, or null when it is none. */
  readonly parseResult: (value: unknown) => Result | null;
}

type FromChild<Result> =
  | { readonly type: 'event'; readonly event: TrainingEvent }
  | { readonly type: 'done'; readonly result: Result }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** A child that sends more is out of its mind; a tiny network makes a few hundred steps a second. */
const MESSAGES_PER_SECOND = 5000;

/**
 * Runs the module, which calls `serveTraining`, with low priority and gives it the request. Throws what the training
 * throws; train.canceled after an abort; train.crashed when the child ends or talks nonsense instead of giving a result.
 */
export async function runChildTraining<Request, Result>(
  module: URL,
  request: Request,
  { signal, onEvent = () => {}, graceMs = 5000, parseResult }: ChildTrainingOptions<Result>,
): Promise<Result> {
  let answer: Exclude<FromChild<Result>, { type: 'event' }> | null = null;
  let nonsense: string | null = null;
  const stop = new AbortController();
  const listen = listener(parseResult);
  const child = forkModule<unknown, Request>(module, {
    graceMs,
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    onMessage: (message) => {
      const heard = listen(message);
      if (typeof heard === 'string') {
        nonsense ??= heard;
        stop.abort();
      } else if (heard.type === 'event') onEvent(heard.event);
      else answer ??= heard;
    },
  });
  child.send(request);
  const end = await child.ended;
  if (nonsense !== null) throw crashed(`sent ${nonsense}`, end.lastLines);
  // TypeScript does not see that the callback assigns.
  const given = answer as Exclude<FromChild<Result>, { type: 'event' }> | null;
  if (given?.type === 'done') return given.result;
  if (given?.type === 'failed') throw new OkapiError(given.code, given.message);
  if (signal?.aborted) throw new OkapiError('train.canceled', 'the training was canceled');
  throw crashed(end.signal ? `was ended by ${end.signal}` : `ended with code ${end.code}`, end.lastLines);
}

function crashed(how: string, lastLines: string): OkapiError {
  const lines = lastLines === '' ? 'It printed nothing.' : `Its last lines:\n${lastLines}`;
  return new OkapiError(
    'train.crashed',
    `the training process ${how} without a result; it can be resumed from its last checkpoint. ${lines}`,
  );
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
    if (event.type !== 'step') return { type: 'event', event };
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
