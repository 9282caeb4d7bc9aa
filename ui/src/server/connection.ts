// Whether the server can be reached. One watcher for all pages: it asks while the server is away, and only then.
import { useSyncExternalStore } from 'react';
import { ApiError } from './client.ts';

export type ConnectionState =
  | { readonly kind: 'fine' }
  | { readonly kind: 'away' }
  | { readonly kind: 'busy'; readonly untilMs: number }
  | { readonly kind: 'signed-out' };

const askEveryMs = 1500;

class Connection {
  #state: ConnectionState = { kind: 'fine' };
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #readers = new Set<() => void>();
  readonly #returns = new Set<() => void>();

  readonly state = (): ConnectionState => this.#state;

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };

  /** Called each time the server is back after it was away, and after a sign-in. */
  onBack(listener: () => void): void {
    this.#returns.add(listener);
  }

  /** To be told of every failed request; only those of the connection itself change anything. */
  failed(error: unknown): void {
    if (error instanceof ApiError) {
      if (error.status === 401) this.#become({ kind: 'signed-out' });
      else if (error.status === 429) this.#wait((error.retryAfterSeconds ?? 5) * 1000);
      else if (error.status === 503 && error.code === 'server.stopping') this.#goAway();
    } else if (error instanceof TypeError) this.#goAway();
  }

  /** After a sign-in, or when a request went through. */
  back(): void {
    clearTimeout(this.#timer);
    this.#become({ kind: 'fine' });
    for (const listener of this.#returns) listener();
  }

  #goAway(): void {
    if (this.#state.kind === 'away') return;
    this.#become({ kind: 'away' });
    const ask = async () => {
      const ready = await fetch('/readyz', { cache: 'no-store' }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) this.back();
      else this.#timer = setTimeout(ask, askEveryMs);
    };
    this.#timer = setTimeout(ask, askEveryMs);
  }

  #wait(ms: number): void {
    if (this.#state.kind === 'away') return;
    this.#become({ kind: 'busy', untilMs: Date.now() + ms });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.back(), ms);
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    for (const reader of this.#readers) reader();
  }
}

export const connection = new Connection();

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.state);
}
