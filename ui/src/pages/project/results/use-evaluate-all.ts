// Evaluates several models on pictures that none of them has learnt from, one after the other, as the server lets them run.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../../server/client.ts';

export interface EvaluateAll {
  /** 1 for the first; null: not under way. */
  readonly at: number | null;
  readonly error: { readonly modelId: string; readonly message: string } | null;
  run(modelIds: readonly string[]): Promise<void>;
}

export function useEvaluateAll(): EvaluateAll {
  const client = useQueryClient();
  const [at, setAt] = useState<number | null>(null);
  const [error, setError] = useState<EvaluateAll['error']>(null);
  const left = useRef<AbortController | null>(null);
  // What runs on the server goes on there; the rest is not begun.
  useEffect(() => () => left.current?.abort(), []);
  return {
    at,
    error,
    async run(modelIds) {
      left.current = new AbortController();
      const { signal } = left.current;
      setError(null);
      for (const [i, modelId] of modelIds.entries()) {
        setAt(i + 1);
        const message = await evaluated(modelId, modelIds, signal);
        if (signal.aborted) return;
        if (message !== null) {
          setError({ modelId, message });
          break;
        }
      }
      setAt(null);
      await client.invalidateQueries();
    },
  };
}

/** null: done. Otherwise why not. */
async function evaluated(
  modelId: string,
  all: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const body = { unseen_by: all.filter((id) => id !== modelId) };
    const { job_id } = await api.evaluateModel({ model_id: modelId, body, signal });
    const { status, detail } = await api.untilJobEnds(job_id, { signal });
    return status === 'finished' ? null : (detail ?? status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
