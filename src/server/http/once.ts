// Idempotency-Key: a request that is sent again is not done again, and answers what it answered, also after a restart.
//
// Before the work begins a record says so, and after it another one holds the answer. A server that dies in between
// cannot know whether the work was done: the key is then refused, rather than the work done twice.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { Json } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';

const KEEP_MS = 24 * 3600_000;

type Stores = Pick<Context, 'docs' | 'clock' | 'log'>;

/** The document of a key. */
interface Kept {
  /** SHA-256 of the request. */
  readonly fingerprint: string;
  readonly at: string;
  /** Left out until the work is done. */
  readonly answer?: Json;
}

interface Running {
  readonly fingerprint: string;
  readonly answer: Promise<unknown>;
}

export class Once {
  readonly #stores: Stores;
  readonly #running = new Map<string, Running>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /**
   * Does `work`, which answers JSON, unless the same request with this key was done or is being done. What failed may be
   * tried again. A key is kept for a day. Throws request.key_reused when it came with another request, and
   * request.outcome_unknown when the server ended during that work.
   */
  async run<T>(key: string, request: readonly unknown[], work: () => Promise<T>): Promise<T> {
    const id = sha256(key);
    const fingerprint = sha256(JSON.stringify(request));
    const running = this.#running.get(id);
    if (running !== undefined) {
      expectSame(running, fingerprint);
      return running.answer as Promise<T>;
    }
    // Noted before the first wait, so that of two at once one works.
    const answer = this.#runNew(id, fingerprint, work);
    this.#running.set(id, { fingerprint, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(id);
    }
  }

  async #runNew<T>(id: string, fingerprint: string, work: () => Promise<T>): Promise<T> {
    const { docs, clock, log } = this.#stores;
    const known = await this.#known(id);
    if (known !== null) {
      expectSame(known, fingerprint);
      if (known.answer !== undefined) return known.answer as T;
      throw unknownOutcome();
    }
    const begun: Kept = { fingerprint, at: clock.date().toISOString() };
    await docs.put(docKeys.request(id), begun);
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      await docs.delete(docKeys.request(id)).catch((err: unknown) => log.warn({ err }, 'a key stays taken'));
      throw error;
    }
    // The work is done, whether its answer can be kept or not.
    await docs
      .put(docKeys.request(id), { ...begun, answer })
      .catch((err: unknown) => log.warn({ err }, 'the answer of a request with a key could not be kept'));
    return answer;
  }

  async #known(id: string): Promise<Kept | null> {
    try {
      const kept = (await this.#stores.docs.get<Kept>(docKeys.request(id)))?.value ?? null;
      return kept === null || isOver(kept, this.#stores.clock.date()) ? null : kept;
    } catch (error) {
      if (error instanceof ServerError && error.code === 'doc.corrupt') throw unknownOutcome();
      throw error;
    }
  }
}

/** Forgets the keys whose day is over; how many. Damaged records stay for fsck to name. */
export async function sweepRequests({ docs, clock }: Pick<Context, 'docs' | 'clock'>): Promise<number> {
  let removed = 0;
  for (const id of (await docs.list(docKeys.requests)).docs) {
    const kept = await docs.get<Kept>(docKeys.request(id)).catch(() => null);
    if (kept === null || !isOver(kept.value, clock.date())) continue;
    // One that was taken anew meanwhile has another revision, and stays.
    if (await docs.delete(docKeys.request(id), { ifRevision: kept.revision }).catch(() => false)) removed++;
  }
  return removed;
}

function isOver({ at }: Kept, now: Date): boolean {
  return !(now.getTime() - Date.parse(at) < KEEP_MS);
}

function expectSame(known: { readonly fingerprint: string }, fingerprint: string): void {
  if (known.fingerprint !== fingerprint)
    throw new ServerError('request.key_reused', 'this Idempotency-Key came with another request before');
}

function unknownOutcome(): ServerError {
  return new ServerError(
    'request.outcome_unknown',
    'the server ended while it worked on the request with this Idempotency-Key: look whether it was done, and send it with a new key if not',
  );
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
