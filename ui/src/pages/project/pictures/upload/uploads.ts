// The uploads of a project: a few requests at a time, until each file has its verdict. They go on while one looks at other pages.
import { useSyncExternalStore } from 'react';
import { ApiError, type Limits } from '../../../../server/client.ts';
import { connection } from '../../../../server/connection.ts';
import { type SentAnswer, sendFiles } from '../../../../server/send-files.ts';
import { nextBatch, refusedHere, sharesSent, verdictsOf } from './batches.ts';
import type { FoundFile } from './found-files.ts';
import { type FileState, hasEnded, type Mark, type UploadingFile } from './uploading-file.ts';

export interface UploadState {
  readonly files: readonly UploadingFile[];
  /** The server asks to wait until then, in milliseconds of Date.now. */
  readonly waitUntilMs: number | null;
}

const requestsAtOnce = 2;
const triesAtMost = 3;
const drawEveryMs = 100;
const fallbackWaitSeconds = 5;
/** Statuses that pass: too many, busy or stopping. */
const passing: ReadonlySet<number> = new Set([429, 503]);

export class ProjectUploads {
  readonly #projectId: string;
  #state: UploadState = { files: [], waitUntilMs: null };
  readonly #readers = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  /** What is on its way, by the id of the file. */
  #states = new Map<number, FileState>();
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #limits: Limits | undefined;
  #underway = 0;
  #stop = new AbortController();
  readonly #tries = new Map<number, number>();

  constructor(projectId: string) {
    this.#projectId = projectId;
    connection.subscribe(() => this.#go());
  }

  readonly state = (): UploadState => this.#state;

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };

  /** Called whenever pictures were stored. */
  onStored(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(found: readonly FoundFile[], limits: Limits, mark: Mark | null = null): void {
    this.#limits = limits;
    const files = found.map(({ file, path }): UploadingFile => {
      const state = refusedHere({ file }, limits) ?? ({ kind: 'waiting' } as const);
      return { id: ++lastId, file, path, mark, state };
    });
    this.#become({ files: [...this.#state.files, ...files] });
    this.#go();
  }

  /** What is not yet sent stays here; what is on its way may still arrive. */
  cancel(): void {
    this.#stop.abort(new DOMException('canceled', 'AbortError'));
    this.#stop = new AbortController();
    this.#set(
      this.#state.files.filter((file) => !hasEnded(file)),
      () => ({ kind: 'canceled' }),
    );
    clearTimeout(this.#waiting);
    this.#become({ waitUntilMs: null });
  }

  /** Sends what failed or was canceled once more. */
  retry(): void {
    const again = this.#state.files.filter(
      ({ state }) => state.kind === 'failed' || state.kind === 'canceled',
    );
    this.#tries.clear();
    this.#set(again, () => ({ kind: 'waiting' }));
    this.#draw();
    this.#go();
  }

  /** Forgets those that have their verdict. */
  clear(): void {
    this.#become({ files: this.#state.files.filter((file) => !hasEnded(file)) });
  }

  #go(): void {
    if (this.#limits === undefined || this.#state.waitUntilMs !== null) return;
    const { kind } = connection.state();
    while (this.#underway < requestsAtOnce && kind !== 'away' && kind !== 'signed-out') {
      this.#draw();
      const batch = nextBatch(this.#state.files, this.#limits);
      if (batch.length === 0) return;
      this.#underway++;
      this.#set(batch, () => ({ kind: 'sending', share: 0 }));
      void this.#send(batch).finally(() => {
        this.#underway--;
        this.#draw();
        this.#go();
      });
    }
  }

  async #send(batch: readonly UploadingFile[]): Promise<void> {
    const { signal } = this.#stop;
    const sizes = batch.map(({ file }) => file.size);
    const onShare = (share: number) => {
      if (signal.aborted) return;
      const shares = sharesSent(sizes, share);
      this.#set(batch, (_, i) => ({ kind: 'sending', share: shares[i]! }));
    };
    const mark = batch[0]!.mark;
    const url = `/projects/${encodeURIComponent(this.#projectId)}/upload${mark === null ? '' : `?mark=${mark}`}`;
    try {
      const answer = await sendFiles(
        url,
        batch.map(({ file }) => file),
        { onShare, signal },
      );
      this.#take(batch, answer);
    } catch (error) {
      if (!signal.aborted) await this.#lost(batch, error);
    }
  }

  #take(batch: readonly UploadingFile[], { status, body, retryAfter }: SentAnswer): void {
    const verdicts = verdictsOf(body, batch.length);
    if (verdicts !== null) {
      this.#set(batch, (_, i) => verdicts[i]!);
      if (verdicts.some(({ kind }) => kind === 'stored')) for (const listener of this.#listeners) listener();
      return;
    }
    const error = new ApiError(status, body, retryAfter);
    connection.failed(error);
    if (passing.has(status) || status === 401) {
      this.#set(batch, () => ({ kind: 'waiting' }));
      if (status !== 401) this.#wait(error.retryAfterSeconds ?? fallbackWaitSeconds);
      return;
    }
    this.#set(batch, () => ({ kind: 'failed', code: error.code, detail: error.message }));
  }

  /** Without an answer: the server may be away, or a file was moved or changed while it was sent. */
  async #lost(batch: readonly UploadingFile[], error: unknown): Promise<void> {
    const readable = await Promise.all(batch.map(({ file }) => isReadable(file)));
    const there = batch.filter((_, i) => readable[i]);
    this.#set(
      batch.filter((_, i) => !readable[i]),
      () => ({ kind: 'failed', code: 'unreadable', detail: '' }),
    );
    const isBack = await fetch('/readyz', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!isBack) {
      this.#set(there, () => ({ kind: 'waiting' }));
      connection.failed(error);
      return;
    }
    this.#set(there, ({ id }) => {
      const tries = (this.#tries.get(id) ?? 0) + 1;
      this.#tries.set(id, tries);
      return tries < triesAtMost ? { kind: 'waiting' } : { kind: 'failed', code: 'cut_off', detail: '' };
    });
  }

  #wait(seconds: number): void {
    clearTimeout(this.#waiting);
    this.#become({ waitUntilMs: Date.now() + seconds * 1000 });
    this.#waiting = setTimeout(() => {
      this.#become({ waitUntilMs: null });
      this.#go();
    }, seconds * 1000);
  }

  /** Drawn a few times a second, however many files there are. */
  #set(files: readonly UploadingFile[], state: (file: UploadingFile, i: number) => FileState): void {
    for (const [i, file] of files.entries()) this.#states.set(file.id, state(file, i));
    this.#drawing ??= setTimeout(() => this.#draw(), drawEveryMs);
  }

  #draw(): void {
    this.#become({});
  }

  #become(change: Partial<UploadState>): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    const { files, ...rest } = { ...this.#state, ...change };
    const states = this.#states;
    const drawn =
      states.size === 0
        ? files
        : files.map((file) => {
            const state = states.get(file.id);
            return state === undefined ? file : { ...file, state };
          });
    this.#states = new Map();
    this.#state = { ...rest, files: drawn };
    for (const reader of this.#readers) reader();
  }
}

let lastId = 0;
const byProject = new Map<string, ProjectUploads>();

export function uploadsOf(projectId: string): ProjectUploads {
  const uploads = byProject.get(projectId) ?? new ProjectUploads(projectId);
  byProject.set(projectId, uploads);
  return uploads;
}

export function useUploads(projectId: string): UploadState {
  const uploads = uploadsOf(projectId);
  return useSyncExternalStore(uploads.subscribe, uploads.state);
}

async function isReadable(file: File): Promise<boolean> {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}
