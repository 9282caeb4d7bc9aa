import { describe, expect, it } from 'vitest';
import { after, type Judged, type Line, type LineEvent, startOfLine } from './line.ts';

const judged = (isNg: boolean, atMs: number): Judged => ({
  isNg,
  atMs,
  filename: 'part.png',
  item: {} as Judged['item'],
});
const told = (events: readonly LineEvent[], line: Line = startOfLine) => events.reduce(after, line);
const ok: LineEvent = { type: 'judged', judged: judged(false, 1000) };
const ng: LineEvent = { type: 'judged', judged: judged(true, 2000) };

describe('the line', () => {
  it('counts what was judged and keeps the last rejects, the newest first', () => {
    const many = Array.from(
      { length: 12 },
      (_, i): LineEvent => ({ type: 'judged', judged: judged(true, i) }),
    );
    const line = told([ok, ng, { type: 'failed', why: 'torn', atMs: 3000 }, ...many]);
    expect(line.counts).toEqual({ ok: 1, ng: 13, failed: 1 });
    expect(line.rejects.map(({ atMs }) => atMs)).toEqual([11, 10, 9, 8, 7, 6, 5, 4]);
    expect(told([{ type: 'reset' }], line)).toMatchObject({
      counts: { ok: 0, ng: 0, failed: 0 },
      rejects: [],
    });
  });

  it.each(['begun', 'away', 'busy', 'paused', 'back'] as const)(
    'takes the verdict down when told %s',
    (type) => {
      const line = told([ng, { type } as LineEvent]);
      expect(line.sign.kind).not.toBe('verdict');
      expect(line.last).toMatchObject({ isNg: true }); // as the past
    },
  );

  it('lets no verdict stand longer than it is fresh', () => {
    const line = told([ok, { type: 'time', nowMs: 3000, freshMs: 2000 }]);
    expect(line.sign.kind).toBe('verdict');
    expect(told([{ type: 'time', nowMs: 3001, freshMs: 2000 }], line).sign).toEqual({ kind: 'ready' });
  });

  it('keeps saying that the server is away, however long', () => {
    expect(told([{ type: 'away' }, { type: 'time', nowMs: 1e9, freshMs: 1 }]).sign).toEqual({ kind: 'away' });
  });
});
