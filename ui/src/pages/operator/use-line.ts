// Runs the line: takes the next picture, has it judged, shows the verdict; a lost server ends every verdict and is waited for.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useReducer, useRef, useState } from 'react';
import { ApiError, api } from '../../server/client.ts';
import { connection, useConnection } from '../../server/connection.ts';
import { isPassing } from '../../server/queries.ts';
import { refusalOf } from '../../server/refusal.ts';
import { after, type Judged, type Line, type LineEvent, startOfLine } from './line.ts';
import { type PictureSource, pause } from './picture-source.ts';

interface LineOptions {
  readonly modelId: string;
  /** null: not started. */
  readonly source: PictureSource | null;
  readonly isPaused: boolean;
  /** A verdict older than this is of a part that has passed. */
  readonly freshMs: number;
  /** Of detectors: finding nothing is what is bad. */
  readonly isNgWithout: boolean;
  readonly onNg: () => void;
}

/** Longer than a model takes to load on a busy machine. */
const patienceMs = 30_000;
const askEveryMs = 4000;

export function useLine(options: LineOptions): {
  readonly line: Line;
  /** What ends the line: the model is gone, or may not be used. */
  readonly error: unknown;
  readonly waiting: number;
  reset(): void;
} {
  const { source, isPaused, freshMs } = options;
  const [line, tell] = useReducer(after, startOfLine);
  const [error, setError] = useState<unknown>(null);
  const [waiting, setWaiting] = useState(0);
  const latest = useRef(options);
  latest.current = options;
  const { kind } = useConnection();
  const isRunning = source !== null && !isPaused;

  // A server that is lost while no part comes is noticed too.
  useQuery({
    queryKey: ['readyz'],
    queryFn: () => api.readyz(),
    enabled: source !== null,
    refetchInterval: askEveryMs,
    retry: false,
  });

  const wasAway = useRef(false);
  useEffect(() => {
    if (source === null) return;
    if (kind === 'away' || kind === 'busy') tell({ type: kind });
    else if (wasAway.current) tell({ type: isPaused ? 'paused' : 'back' });
    wasAway.current = kind === 'away' || kind === 'busy';
  }, [kind, source, isPaused]);

  useEffect(() => {
    if (source === null) return;
    if (isPaused) return tell({ type: 'paused' });
    const stop = new AbortController();
    tell({ type: 'back' });
    run(source, stop.signal, latest, tell, setWaiting).catch((failure: unknown) => {
      if (!stop.signal.aborted) setError(failure);
    });
    return () => stop.abort();
  }, [source, isPaused]);

  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => tell({ type: 'time', nowMs: Date.now(), freshMs }), 500);
    return () => clearInterval(timer);
  }, [isRunning, freshMs]);

  return { line, error, waiting, reset: () => tell({ type: 'reset' }) };
}

/** Until the signal is aborted. Throws what cannot get better by waiting. */
async function run(
  source: PictureSource,
  signal: AbortSignal,
  latest: { readonly current: LineOptions },
  tell: (event: LineEvent) => void,
  setWaiting: (waiting: number) => void,
): Promise<void> {
  let kept: File | null = null;
  for (;;) {
    await untilFine(signal);
    let file: File;
    try {
      file = kept ?? (await source.next(signal));
    } catch (failure) {
      signal.throwIfAborted();
      tell({ type: 'failed', why: failure, atMs: Date.now() });
      await pause(2000, signal);
      continue;
    }
    kept = null;
    setWaiting(source.waiting());
    tell({ type: 'begun' });
    try {
      const judged = await judge(file, signal, latest.current);
      signal.throwIfAborted();
      tell(judged);
      if (judged.type === 'judged' && judged.judged.isNg) latest.current.onNg();
    } catch (failure) {
      signal.throwIfAborted();
      const lost = failure instanceof DOMException ? new TypeError('no answer in time') : failure;
      connection.failed(lost);
      if (!isPassing(lost)) throw failure;
      if (source.keeps) kept = file;
      tell({ type: lost instanceof ApiError ? 'busy' : 'away' });
      await pause(lost instanceof ApiError ? 1000 * (lost.retryAfterSeconds ?? 2) : 500, signal);
      if (connection.state().kind === 'fine') tell({ type: 'back' });
    }
  }
}

type Outcome = Extract<LineEvent, { readonly type: 'judged' | 'failed' }>;

async function judge(
  file: File,
  signal: AbortSignal,
  { modelId, isNgWithout }: LineOptions,
): Promise<Outcome> {
  const { items } = await api.testModel({
    model_id: modelId,
    files: [{ name: file.name, data: file }],
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  });
  const item = items[0]!;
  const atMs = Date.now();
  if ('error' in item) {
    const why = refusalOf({ ...item, error_detail: `${item.filename}: ${item.error_detail}` });
    return { type: 'failed', why, atMs };
  }
  const isNg = item.is_anomaly !== isNgWithout;
  const judged: Judged = { isNg, atMs, filename: item.filename, item };
  return { type: 'judged', judged };
}

/** Until the server is there. */
async function untilFine(signal: AbortSignal): Promise<void> {
  while (connection.state().kind !== 'fine') await pause(200, signal);
}
