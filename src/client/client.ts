// A typed client of the API: one method for each route, and streams that survive a lost connection. No dependencies.
import type { JobEventData, JobInfo } from '../server/contract/jobs.ts';
import type { JsonOf, RequestOf, Route } from '../server/contract/route.ts';
import type { RouteId, Routes } from '../server/contract/routes.ts';
import { ApiError, apiError } from './api-error.ts';
import { operations } from './operations.ts';
import { readEvents } from './server-events.ts';

export interface ClientOptions {
  /** Such as "http://localhost:8000". */
  readonly baseUrl: string;
  readonly apiKey?: string;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
  /** How long to wait before a lost stream is taken up again. Default 1000. */
  readonly reconnectMs?: number;
}

/** A file to send. */
export interface Upload {
  readonly name: string;
  readonly data: Blob;
}

/** Besides what the route itself takes. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Such as If-Match, Idempotency-Key, Range. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Is given those of the answer, such as the ETag for a later If-Match. */
  readonly onHeaders?: (headers: Headers) => void;
}

type QueryArgument<R extends Route> = RequestOf<R>['query'] extends infer Query
  ? [Query] extends [undefined]
    ? unknown
    : Record<never, never> extends Query
      ? { readonly query?: Query }
      : { readonly query: Query }
  : never;
type BodyArgument<R extends Route> = [RequestOf<R>['body']] extends [undefined]
  ? unknown
  : R extends { readonly bodyOptional: true }
    ? { readonly body?: RequestOf<R>['body'] }
    : { readonly body: RequestOf<R>['body'] };
type FileArgument<R extends Route> = R extends { readonly multipart: 'files' }
  ? { readonly files: readonly Upload[] }
  : R extends { readonly multipart: 'file' }
    ? { readonly file: Upload }
    : unknown;

/** The parts of the path by name, and `query`, `body`, `files` or `file` where the route has them. */
export type ArgumentsOf<Id extends RouteId> = RequestOf<Routes[Id]>['params'] &
  QueryArgument<Routes[Id]> &
  BodyArgument<Routes[Id]> &
  FileArgument<Routes[Id]> &
  RequestOptions;

/** What the route answers as JSON; the Response itself where it answers a file, a page or a stream. */
export type ResultOf<Id extends RouteId> = Routes[Id]['answer']['kind'] extends 'json'
  ? JsonOf<Routes[Id]>
  : Response;

type Method<Id extends RouteId> = (
  ...given: Record<never, never> extends ArgumentsOf<Id>
    ? [request?: ArgumentsOf<Id>]
    : [request: ArgumentsOf<Id>]
) => Promise<ResultOf<Id>>;

/** Every method throws ApiError for what the server refuses, and TypeError when it cannot be reached. */
export type OkapiClient = { readonly [Id in RouteId]: Method<Id> } & Streams;

export interface Streams {
  /** Events of a job from its start to its end, whatever happens to the connection. */
  watchJob(jobId: string, options?: WatchOptions): AsyncGenerator<JobEventData>;
  /** Events of all jobs of a project, without end. */
  watchProject(projectId: string, options?: WatchOptions): AsyncGenerator<JobEventData>;
  /** The job once it has ended, however it ended. */
  untilJobEnds(jobId: string, options?: WatchOptions): Promise<JobInfo>;
  /** The whole address of a path that an answer gave, such as `overlay_url`. */
  addressOf(path: string): string;
}

export interface WatchOptions {
  readonly signal?: AbortSignal;
}

/** What a request may be made of, whatever its route. */
interface AnyRequest extends RequestOptions {
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly files?: readonly Upload[];
  readonly file?: Upload;
}

export function okapiClient(options: ClientOptions): OkapiClient {
  const connection = new Connection(options);
  const methods = Object.entries(operations).map(([id, operation]) => [
    id,
    (request: AnyRequest & Readonly<Record<string, unknown>> = {}) => connection.ask(operation, request),
  ]);
  const streams: Streams = {
    watchJob: (jobId, { signal } = {}) =>
      connection.watch(`/jobs/${encodeURIComponent(jobId)}/events`, signal, isEnd),
    watchProject: (projectId, { signal } = {}) =>
      connection.watch(`/projects/${encodeURIComponent(projectId)}/events`, signal, () => false),
    async untilJobEnds(jobId, { signal } = {}) {
      for await (const _ of streams.watchJob(jobId, signal === undefined ? {} : { signal }));
      const request = signal === undefined ? { job_id: jobId } : { job_id: jobId, signal };
      return (await connection.ask(operations.getJob, request)) as JobInfo;
    },
    addressOf: (path) => connection.addressOf(path),
  };
  return { ...(Object.fromEntries(methods) as { readonly [Id in RouteId]: Method<Id> }), ...streams };
}

function isEnd(event: JobEventData): boolean {
  return event.type === 'state' && ['finished', 'failed', 'canceled'].includes(event.state);
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly json: boolean;
}

class Connection {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #reconnectMs: number;

  constructor({ baseUrl, apiKey, fetch: given, reconnectMs = 1000 }: ClientOptions) {
    this.#base = baseUrl.replace(/\/+$/, '');
    // Browsers want their fetch to be called as their own.
    this.#fetch = given ?? ((...request) => fetch(...request));
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    this.#reconnectMs = reconnectMs;
  }

  addressOf(path: string): string {
    return `${this.#base}${path}`;
  }

  async ask(
    { method, path, json }: Operation,
    request: AnyRequest & Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const { body, type } = bodyOf(request);
    const response = await this.#send(filled(path, request) + queryOf(request.query), {
      method,
      headers: { ...type, ...request.headers },
      ...(body === undefined ? {} : { body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    request.onHeaders?.(response.headers);
    return json ? response.json() : response;
  }

  async *watch(
    path: string,
    signal: AbortSignal | undefined,
    isLast: (event: JobEventData) => boolean,
  ): AsyncGenerator<JobEventData> {
    let lastId: string | null = null;
    for (;;) {
      try {
        const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId };
        const response = await this.#send(path, { headers, ...(signal === undefined ? {} : { signal }) });
        // Nothing can follow any more.
        if (response.status === 204 || response.body === null) return;
        for await (const { id, data } of readEvents(chunksOf(response.body))) {
          lastId = id ?? lastId;
          const event = JSON.parse(data) as JobEventData;
          yield event;
          if (isLast(event)) return;
        }
      } catch (error) {
        signal?.throwIfAborted();
        // A server that restarts comes back; what it refuses it will refuse again.
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      }
      await pause(this.#reconnectMs, signal);
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string>) };
    const response = await this.#fetch(this.addressOf(path), { ...init, headers });
    if (!response.ok && response.status !== 304) throw await apiError(response);
    return response;
  }
}

function filled(path: string, values: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values[name])));
}

function queryOf(query: AnyRequest['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    given.map(([name, value]) => [name, String(value)] as [string, string]),
  ).toString();
  return text === '' ? '' : `?${text}`;
}

function bodyOf({ body, files, file }: AnyRequest): {
  body?: string | FormData;
  type: Readonly<Record<string, string>>;
} {
  if (body !== undefined) return { body: JSON.stringify(body), type: { 'content-type': 'application/json' } };
  if (files === undefined && file === undefined) return { type: {} };
  const form = new FormData();
  for (const { name, data } of files ?? []) form.append('files', data, name);
  if (file !== undefined) form.append('file', file.data, file.name);
  return { body: form, type: {} };
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
