// How the pages ask: answers are kept and shared, a lost server is asked again until it is back, a refusal is final.
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';
import { connection } from './connection.ts';

/** 429, 503 and a server that cannot be reached are worth another try. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError
    ? error.status === 429 || error.status === 503
    : error instanceof TypeError;
}

export function queries(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => connection.failed(error) }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (times, error) => isPassing(error) && times < 2,
        retryDelay: (times, error) =>
          error instanceof ApiError && error.retryAfterSeconds !== null
            ? error.retryAfterSeconds * 1000
            : 500 * 2 ** times,
        // The server is on this machine or in this hall, whatever the browser thinks of the network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always', onError: (error) => connection.failed(error) },
    },
  });
  connection.onBack(() => client.invalidateQueries());
  return client;
}
