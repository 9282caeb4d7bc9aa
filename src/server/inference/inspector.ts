// The children that inspect pictures, seen from the server: one for all, and one for what brought the first one down.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { ServerError } from '../contract/errors.ts';
import { acceptedTypes } from '../datasets/accepted-types.ts';
import { pictureLimits } from '../datasets/probes.ts';
import { ChildFailure, ChildPool } from '../platform/child-pool.ts';
import type { Context } from '../platform/context.ts';
import type {
  ChildSettings,
  InferenceAnswer,
  InferenceOutcome,
  InferenceRequest,
  LoadedDetectors,
} from './inspect-request.ts';

export type InspectRequest = Extract<InferenceRequest, { do: 'inspect' }>;
export type InspectAnswer = Exclude<InferenceOutcome, { kind: 'loaded' }>;

type Pool = ChildPool<InferenceRequest, InferenceAnswer>;

/** Over the decoder's own limit: loading a large model on a busy machine takes its time. */
const PATIENCE_MS = 60_000;
/** For pictures and the program itself, besides the models. */
const WORKING_BYTES = 3 * 2 ** 30;

const none: LoadedDetectors = { loaded: 0, bytes: 0 };

export class Inspector {
  readonly #context: Context;
  readonly #pool: Pool;
  /** There while pictures are in line for it. */
  #alone: Pool | null = null;
  #line: Promise<unknown> = Promise.resolve();
  #inLine = 0;
  #closed = false;
  #loads = 0;
  #retries = 0;
  #detectors: LoadedDetectors = none;

  /** Pictures given to the child at a time: while one is computed, others are decoded, drawn and encoded. */
  constructor(context: Context, sideBySide: number) {
    this.#context = context;
    this.#pool = openPool(context, sideBySide);
  }

  /** Models read into memory, and pictures tried again because the child had ended. */
  get counts(): { readonly loads: number; readonly retries: number } {
    return { loads: this.#loads, retries: this.#retries };
  }

  /** What the child held when it last answered; nothing when there is none. */
  get detectors(): LoadedDetectors {
    return this.#pool.children === 0 ? none : this.#detectors;
  }

  /**
   * Throws model.corrupt, server.stopping, and server.busy when the model cannot be loaded. A picture that ends the child
   * takes others with it that are worked on at the same time: each is tried once more, one by one, in a child of its own,
   * where only the one at fault fails again. So is one that took too long, since others may have held it up.
   */
  async inspect(request: InspectRequest): Promise<InspectAnswer> {
    try {
      const told = await this.#pool.ask(request);
      this.#detectors = told.detectors;
      const answer = this.#counted(told);
      if (answer.kind !== 'refused' || answer.code !== 'image.decode_timeout') return answer;
    } catch (error) {
      if (this.#closed || !(error instanceof ChildFailure)) throw error;
      this.#note(error);
    }
    this.#retries++;
    return this.#inspectAlone(request);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pool.close(), this.#endAlone()]);
  }

  /** One after the other, so that nothing can be hurt by its neighbour any more. */
  #inspectAlone(request: InspectRequest): Promise<InspectAnswer> {
    this.#inLine++;
    const answer = this.#line.then(async () => {
      try {
        return await this.#inspectNow(request);
      } finally {
        if (--this.#inLine === 0) await this.#endAlone();
      }
    });
    this.#line = answer.catch(() => {});
    return answer;
  }

  async #inspectNow(request: InspectRequest): Promise<InspectAnswer> {
    this.#alone ??= openPool(this.#context, 1);
    const pool = this.#alone;
    await this.#loadAlone(pool, request);
    try {
      const answer = this.#counted(await pool.ask(request));
      if (answer.kind === 'refused' && answer.code === 'image.decode_timeout') await this.#endAlone();
      return answer;
    } catch (error) {
      if (this.#closed || !(error instanceof ChildFailure)) throw error;
      this.#note(error);
      return blamed[error.reason];
    }
  }

  async #endAlone(): Promise<void> {
    const pool = this.#alone;
    this.#alone = null;
    await pool?.close();
  }

  /** First the model by itself, so that it is not the picture that is blamed. */
  async #loadAlone(pool: Pool, { model }: InspectRequest): Promise<void> {
    try {
      const answer = await pool.ask({ do: 'load', model });
      if (answer.kind === 'loaded' && answer.wasLoaded) this.#loads++;
    } catch (error) {
      if (!(error instanceof ChildFailure)) throw error;
      this.#note(error);
      const text = `the model ${model.id} could not be loaded with the memory and time that there are`;
      throw new ServerError('server.busy', text, { cause: error, retryAfterSeconds: 30 });
    }
  }

  #counted(answer: InferenceAnswer): InspectAnswer {
    if (answer.kind !== 'refused' && answer.wasLoaded) this.#loads++;
    if (answer.kind === 'loaded') throw new Error('internal: the child answered another question');
    return answer;
  }

  #note({ reason, message, lastLines }: ChildFailure): void {
    this.#context.log.warn({ reason, lastLines }, `inference child: ${message}`);
  }
}

/** What is said of a picture on which a child of its own ended. */
const blamed: Record<ChildFailure['reason'], InspectAnswer> = {
  timeout: refused('image.decode_timeout', 'the picture took too long'),
  memory: refused('image.too_many_pixels', 'the picture needed more memory than there is for one'),
  crashed: refused('image.corrupt', 'the program that decodes pictures ended over this one'),
};

function refused(code: 'image.decode_timeout' | 'image.too_many_pixels' | 'image.corrupt', detail: string) {
  return { kind: 'refused', code, detail } as const;
}

function openPool({ config }: Context, concurrency: number): Pool {
  const { inference, uploads } = config;
  const memoryBytes = inference.max_memory_mb * 2 ** 20;
  const decodeTimeoutMs = uploads.decode_timeout_seconds * 1000;
  const settings: ChildSettings = {
    device: inference.device,
    threads: inference.threads,
    memoryBytes,
    decodeTimeoutMs,
    limits: pictureLimits(config),
    accepted: acceptedTypes(config.uploads.allowed_extensions),
  };
  return new ChildPool({
    module: moduleBeside(import.meta.url, './inference-child'),
    size: 1,
    concurrency,
    timeoutMs: PATIENCE_MS + decodeTimeoutMs,
    priority: 'normal',
    args: [JSON.stringify(settings)],
    memoryBytes: memoryBytes + WORKING_BYTES,
  });
}
