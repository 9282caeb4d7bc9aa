// Pictures on their way through the model: a few at a time, in order, tried again once a lost server is back.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, api } from '../../../server/client.ts';
import { connection, useConnection } from '../../../server/connection.ts';
import { isPassing } from '../../../server/queries.ts';
import { refusalOf } from '../../../server/refusal.ts';
import type { TestedItem } from './result.ts';

export interface Entry {
  readonly id: number;
  readonly file: File;
  readonly modelId: string;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed';
  /** Of done ones. */
  readonly item: TestedItem | null;
  /** Of failed ones: what was thrown or said. */
  readonly why: unknown;
}

export interface Batch {
  readonly entries: readonly Entry[];
  add(files: readonly File[], modelId: string): readonly Entry[];
  again(id: number): void;
  clear(): void;
}

const sideBySide = 3;
/** Maps of more pictures than this would fill the disk of the server for little. */
const maxWithMaps = 100;
let lastId = 0;

export function useBatch(projectId: string): Batch {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const latest = useRef(entries);
  latest.current = entries;
  const stop = useRef(new AbortController());
  const { kind } = useConnection();
  const client = useQueryClient();

  const change = useCallback(
    (id: number, to: Partial<Entry>) =>
      setEntries((all) => all.map((entry) => (entry.id === id ? { ...entry, ...to } : entry))),
    [],
  );

  const send = useCallback(
    async ({ id, file, modelId }: Entry) => {
      const { signal } = stop.current;
      const map = latest.current.length <= maxWithMaps;
      try {
        const { items } = await api.testModel({
          model_id: modelId,
          query: { map },
          files: [{ name: file.name, data: file }],
          signal,
        });
        const item = items[0]!;
        if ('error' in item) change(id, { state: 'failed', why: refusalOf(item) });
        else change(id, { state: 'done', item });
        void client.invalidateQueries({ queryKey: ['results', projectId] });
      } catch (error) {
        if (signal.aborted) return;
        connection.failed(error);
        // What passes is tried again after a while, once the connection is fine.
        const pauseMs = error instanceof ApiError ? 1000 * (error.retryAfterSeconds ?? 2) : 1000;
        if (isPassing(error)) setTimeout(() => change(id, { state: 'waiting' }), pauseMs);
        else change(id, { state: 'failed', why: error });
      }
    },
    [change, client, projectId],
  );

  useEffect(() => {
    if (kind !== 'fine') return;
    const room = sideBySide - entries.filter(({ state }) => state === 'sending').length;
    const next = entries.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, room));
    if (next.length === 0) return;
    const ids = new Set(next.map(({ id }) => id));
    setEntries((all) => all.map((entry) => (ids.has(entry.id) ? { ...entry, state: 'sending' } : entry)));
    for (const entry of next) void send(entry);
  }, [entries, kind, send]);

  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current.abort();
  }, []);

  return {
    entries,
    add: useCallback((files, modelId) => {
      const added = files.map((file): Entry => {
        lastId++;
        return { id: lastId, file, modelId, state: 'waiting', item: null, why: null };
      });
      setEntries((all) => [...all, ...added]);
      return added;
    }, []),
    again: useCallback((id) => change(id, { state: 'waiting', why: null }), [change]),
    clear: useCallback(() => {
      stop.current.abort();
      stop.current = new AbortController();
      setEntries([]);
    }, []),
  };
}
