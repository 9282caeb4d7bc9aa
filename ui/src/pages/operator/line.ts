// The state of the line as the operator sees it: one verdict at most, never an old one as if it were of now. Pure.
import type { TestAnswer } from '../../server/client.ts';

type Item = Extract<TestAnswer['items'][number], { readonly score: number }>;

export interface Judged {
  readonly isNg: boolean;
  readonly atMs: number;
  readonly filename: string;
  readonly item: Item;
}

export type Sign =
  | { readonly kind: 'ready' | 'checking' | 'paused' | 'away' | 'busy' }
  | { readonly kind: 'verdict'; readonly judged: Judged }
  | { readonly kind: 'failed'; readonly why: unknown; readonly atMs: number };

export interface Line {
  readonly sign: Sign;
  /** The last verdict there was; shown as the past alone. */
  readonly last: Judged | null;
  readonly counts: { readonly ok: number; readonly ng: number; readonly failed: number };
  /** The newest first. */
  readonly rejects: readonly Judged[];
}

export type LineEvent =
  | { readonly type: 'begun' }
  | { readonly type: 'judged'; readonly judged: Judged }
  | { readonly type: 'failed'; readonly why: unknown; readonly atMs: number }
  /** The server cannot be reached, or asks to wait: there is no verdict. */
  | { readonly type: 'away' | 'busy' | 'paused' | 'back' }
  | { readonly type: 'time'; readonly nowMs: number; readonly freshMs: number }
  | { readonly type: 'reset' };

const maxRejects = 8;

export const startOfLine: Line = {
  sign: { kind: 'ready' },
  last: null,
  counts: { ok: 0, ng: 0, failed: 0 },
  rejects: [],
};

export function after(line: Line, event: LineEvent): Line {
  switch (event.type) {
    case 'begun':
      // The part before is gone: so is its verdict.
      return { ...line, sign: { kind: 'checking' } };
    case 'judged': {
      const { judged } = event;
      const { ok, ng, failed } = line.counts;
      return {
        sign: { kind: 'verdict', judged },
        last: judged,
        counts: { ok: ok + (judged.isNg ? 0 : 1), ng: ng + (judged.isNg ? 1 : 0), failed },
        rejects: judged.isNg ? [judged, ...line.rejects].slice(0, maxRejects) : line.rejects,
      };
    }
    case 'failed': {
      const { why, atMs } = event;
      const counts = { ...line.counts, failed: line.counts.failed + 1 };
      return { ...line, counts, sign: { kind: 'failed', why, atMs } };
    }
    case 'away':
    case 'busy':
    case 'paused':
      return { ...line, sign: { kind: event.type } };
    case 'back':
      return { ...line, sign: { kind: 'ready' } };
    case 'time':
      return isOver(line.sign, event) ? { ...line, sign: { kind: 'ready' } } : line;
    case 'reset':
      return { ...line, counts: startOfLine.counts, rejects: [] };
  }
}

/** Whether what is shown is of a part that has passed. */
function isOver(
  sign: Sign,
  { nowMs, freshMs }: { readonly nowMs: number; readonly freshMs: number },
): boolean {
  const atMs = sign.kind === 'verdict' ? sign.judged.atMs : sign.kind === 'failed' ? sign.atMs : nowMs;
  return nowMs - atMs > freshMs;
}
