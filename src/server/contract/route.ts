// What a route says about itself. From these rows come the handlers' types, the checks, the document and the tests.
import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from './errors.ts';
import type { ParametersOf } from './path-parameters.ts';

export const scopes = ['read', 'write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export type Answer =
  | {
      readonly kind: 'json';
      readonly schema: TSchema;
      readonly example: unknown;
      /** Further examples, by a name for each. */
      readonly others?: Readonly<Record<string, unknown>>;
    }
  /** Bytes under one of these content types. */
  | { readonly kind: 'file'; readonly types: readonly string[]; readonly example: string }
  | { readonly kind: 'events'; readonly schema: TSchema; readonly example: string }
  | { readonly kind: 'redirect'; readonly example: string };

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the names of path-parameters.ts in braces. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Which scope of an API key it needs. */
  readonly scope: Scope | 'public';
  /** Left out: no query is accepted. `any`: whatever comes is ignored. */
  readonly query?: TSchema | 'any';
  readonly body?: TSchema;
  /** The body may be left out. */
  readonly bodyOptional?: true;
  readonly bodyExample?: unknown;
  /** The field name of the files of a multipart body: `files` takes many, `file` one. */
  readonly multipart?: 'files' | 'file';
  /** The file is an archive, which may be larger than others. */
  readonly archive?: true;
  /** The file is a picture, and no larger than pictures may be. */
  readonly picture?: true;
  readonly answer: Answer;
  /** Besides those that every route may answer. */
  readonly errors: readonly ErrorCode[];
  readonly limit?: 'upload' | 'delete' | 'failed_download';
}

type QueryOf<R extends Route> = R extends { query: infer S extends TSchema } ? Static<S> : undefined;
type BodyOf<R extends Route> = R extends { body: infer S extends TSchema } ? Static<S> : undefined;

/** What a row's handler is given of the request. */
export interface RequestOf<R extends Route> {
  readonly params: ParametersOf<R['path']>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
}

/** A value as handlers may give it: nothing of it is changed any more. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** What a row answers as JSON. */
export type JsonOf<R extends Route> = R['answer'] extends { kind: 'json'; schema: infer S extends TSchema }
  ? Static<S>
  : never;
