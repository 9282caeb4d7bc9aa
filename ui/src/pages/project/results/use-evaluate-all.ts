// Evaluates several models on pictures that none of them has learnt from, one after the other, as the server lets them run.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../../server/client.ts';

export interface EvaluateAll {
  /** 1 for the first; null: not under way. */
  readonly at: number | null;
  readonly error: { readonly modelId: string; readonly why: unknown } | null;
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
        const why = await evaluated(modelId, modelIds, signal);
        if (signal.aborted) return;
        if (why !== null) {
          setError({ modelId, why });
          break;
        }
      }
      setAt(null);
      await client.invalidateQueries();
    },
  };
}

/** null: done. Otherwise what was said. */
async function evaluated(modelId: string, all: readonly string[], signal: AbortSignal): Promise<unknown> {
  try {
    const body = { unseen_by: all.filter((id) => id !== modelId) };
    const { job_id } = await api.evaluateModel({ model_id: modelId, body, signal });
    const { status, code, detail = status } = await api.untilJobEnds(job_id, { signal });
    return status === 'finished' ? null : { code, detail };
  } catch (error) {
    return error;
  }
}
