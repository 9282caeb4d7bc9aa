// The history of tested pictures: pages, search, verdicts, feedback and exports.
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Owner } from '../platform/queue/job.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { addResults, exportResults, listResults, markResult, type TestResult } from './results.ts';

const owner: Owner = { kind: 'project', id: 'p-1' };
let test: TestContext;
beforeEach(async () => {
  test = await testContext();
});
afterEach(() => test.close());

const result = (n: number, changes: Partial<TestResult> = {}): TestResult => ({
  result_id: `r${n}`,
  model_id: 'm-1',
  filename: `Part ${n}.jpg`,
  score: n / 10,
  threshold: 0.45,
  is_anomaly: n > 4,
  is_uncertain: false,
  regions: n,
  detections: [],
  at: '2026-01-02T03:04:05.000Z',
  by: 'tester',
  image_url: `/static/preview/m-1/${n}a.jpg`,
  heatmap_url: `/static/preview/m-1/${n}b.jpg`,
  overlay_url: `/static/preview/m-1/${n}c.jpg`,
  brightness: 0.5,
  sharpness: 120,
  ...changes,
});
const add = (...numbers: number[]) =>
  addResults(
    test.context,
    owner,
    numbers.map((n) => result(n)),
  );
const ids = async (query = {}) =>
  (await listResults(test.context, owner, query)).items.map(({ result_id }) => result_id);
const ten = () => add(...Array.from({ length: 10 }, (_, i) => i));

describe('the history', () => {
  it('lists results newest first, each as it was added, and other owners have none of them', async () => {
    await add(1);
    await add(2, 3);
    const { items, next } = await listResults(test.context, owner);
    expect(items).toEqual([3, 2, 1].map((n) => ({ ...result(n), feedback: null })));
    expect(next).toBeNull();
    expect(await listResults(test.context, { kind: 'scene', id: 'p-1' })).toEqual({ items: [], next: null });
  });

  it('gives pages that together are all, though results are added in between', async () => {
    await ten();
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await listResults(test.context, owner, { limit: 3, ...(after !== null && { after }) });
      seen.push(...page.items.map(({ result_id }) => result_id));
      after = page.next;
      await addResults(test.context, owner, [result(100)]);
    } while (after !== null);
    expect(seen).toEqual(['r9', 'r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
  });

  it('ends exactly with a page that is just full', async () => {
    await add(1, 2, 3, 4);
    const first = await listResults(test.context, owner, { limit: 2 });
    const second = await listResults(test.context, owner, { limit: 2, after: first.next! });
    expect(second.items.map(({ result_id }) => result_id)).toEqual(['r2', 'r1']);
    expect(second.next).toBeNull();
  });

  it('finds parts of file names in any case, and verdicts', async () => {
    await ten();
    expect(await ids({ search: 'pART 7' })).toEqual(['r7']);
    expect(await ids({ search: '.*' })).toEqual([]);
    expect(await ids({ verdict: 'anomaly' })).toEqual(['r9', 'r8', 'r7', 'r6', 'r5']);
    expect(await ids({ verdict: 'good', search: 'part' })).toEqual(['r4', 'r3', 'r2', 'r1', 'r0']);
  });

  it('reads long journals in pieces', async () => {
    const many = Array.from({ length: 4500 }, (_, i) => result(i));
    await addResults(test.context, owner, many);
    expect(await ids({ search: 'part 3.jpg' })).toEqual(['r3']);
    expect(await ids({ limit: 500 })).toHaveLength(500);
    expect(JSON.parse(await text(exportResults(test.context, owner, 'json')))).toHaveLength(4500);
  });

  it.each(['', 'x', '3', '3.', '0.AAAAAAAAAAAAAAAA', '../..', '3.AAAAAAAAAAAAAAAA', `${'9'.repeat(400)}.A`])(
    'refuses the forged cursor %j',
    async (after) => {
      await ten();
      await expect(ids({ after })).rejects.toMatchObject({ code: 'request.malformed' });
    },
  );

  it('refuses a cursor of another owner or query', async () => {
    await ten();
    const { next } = await listResults(test.context, owner, { limit: 3, verdict: 'good' });
    expect(next).not.toBeNull();
    for (const query of [{}, { verdict: 'anomaly' as const }, { verdict: 'good' as const, search: 'a' }])
      await expect(ids({ ...query, after: next! })).rejects.toMatchObject({ code: 'request.malformed' });
    const other: Owner = { kind: 'project', id: 'p-2' };
    const query = { after: next!, verdict: 'good' } as const;
    await expect(listResults(test.context, other, query)).rejects.toMatchObject({
      code: 'request.malformed',
    });
  });

  it.each([0, -1, 501, 1.5, Number.NaN, 1e9])('refuses the limit %d', async (limit) => {
    await expect(ids({ limit })).rejects.toMatchObject({ code: 'request.invalid' });
  });
});

describe('feedback', () => {
  it('is kept, can be changed and taken back, and the result stays as it was', async () => {
    await ten();
    const mark = (feedback: 'false_alarm' | 'missed' | null) =>
      markResult(test.context, owner, 'r7', feedback, testActor);
    expect(await mark('missed')).toEqual({ ...result(7), feedback: 'missed' });
    await mark('false_alarm');
    const marked = async () => (await listResults(test.context, owner, { search: 'part 7' })).items;
    expect(await marked()).toEqual([{ ...result(7), feedback: 'false_alarm' }]);
    expect(await ids()).toHaveLength(10);
    await mark(null);
    expect(await marked()).toEqual([{ ...result(7), feedback: null }]);
    expect((test.context.audit as TestAudit).entries.map(({ action }) => action)).toEqual(
      Array(3).fill('result.mark'),
    );
  });

  it('is what results can be filtered by, also over pages', async () => {
    await ten();
    for (const id of ['r2', 'r7', 'r8']) await markResult(test.context, owner, id, 'false_alarm', testActor);
    await markResult(test.context, owner, 'r3', 'missed', testActor);
    await markResult(test.context, owner, 'r8', null, testActor);
    expect(await ids({ feedback: 'false_alarm' })).toEqual(['r7', 'r2']);
    expect(await ids({ feedback: 'missed', verdict: 'good' })).toEqual(['r3']);
    const { next } = await listResults(test.context, owner, { feedback: 'false_alarm', limit: 1 });
    expect(await ids({ feedback: 'false_alarm', after: next! })).toEqual(['r2']);
    await expect(ids({ feedback: 'missed', after: next! })).rejects.toMatchObject({
      code: 'request.malformed',
    });
  });

  it.each(['r10', '', '__proto__'])('is refused for the result %j, which there is not', async (id) => {
    await ten();
    await expect(markResult(test.context, owner, id, 'missed', testActor)).rejects.toMatchObject({
      code: 'result.not_found',
    });
  });
});

describe('an export', () => {
  it('is a table for spreadsheets in which nothing is a formula', async () => {
    const names = ['=cmd()', '+1', '-1', '@sum', '\tx', '\rx', 'a,"b"', 'plain.jpg'];
    await addResults(
      test.context,
      owner,
      names.map((filename, n) => result(n, { filename, score: -1.5 })),
    );
    await markResult(test.context, owner, 'r7', 'missed', testActor);
    const [head, ...rows] = (await text(exportResults(test.context, owner, 'csv'))).split('\r\n');
    expect(head).toBe(
      'result_id,at,by,model_id,filename,score,threshold,is_anomaly,regions,feedback,image_url,heatmap_url,overlay_url,detections,brightness,sharpness,is_uncertain',
    );
    expect(rows[0]).toBe(
      'r7,2026-01-02T03:04:05.000Z,tester,m-1,plain.jpg,-1.5,0.45,true,7,missed,/static/preview/m-1/7a.jpg,/static/preview/m-1/7b.jpg,/static/preview/m-1/7c.jpg,,0.5,120,false',
    );
    const cells = rows.slice(1, 8).map((row) => row.slice(row.indexOf('m-1,') + 4, row.indexOf(',-1.5')));
    expect(cells).toEqual(['"a,""b"""', `"'\rx"`, `'\tx`, `'@sum`, `'-1`, `'+1`, `'=cmd()`]);
    expect(rows.at(-1)).toBe('');
  });

  it('as JSON is all that is known', async () => {
    await add(1, 2);
    expect(JSON.parse(await text(exportResults(test.context, owner, 'json')))).toEqual(
      [2, 1].map((n) => ({ ...result(n), feedback: null })),
    );
  });

  it('tells what was found, and of results from before there were detections that there are none', async () => {
    const found = [
      { label: 'scratch', confidence: 0.91234, bbox: [10, 20.04, 30, 40], box_format: 'xyxy' },
      { label: 'dent, deep', confidence: 0.5, bbox: [1, 2, 3, 4], box_format: 'xyxy' },
    ] as const;
    const { detections: _, brightness: __, sharpness: ___, is_uncertain: ____, ...old } = result(2);
    await addResults(test.context, owner, [
      result(1, { detections: found, heatmap_url: null }),
      old as TestResult,
    ]);
    const rows = (await text(exportResults(test.context, owner, 'csv'))).split('\r\n');
    expect(rows[1]).toMatch(/2c\.jpg,,,,false$/);
    expect(rows[2]).toMatch(
      /,,\/static.*1c\.jpg,"scratch 0\.9123 \[10 20 30 40\]; dent, deep 0\.5 \[1 2 3 4\]",0\.5,120,false$/,
    );
    const all = JSON.parse(await text(exportResults(test.context, owner, 'json')));
    expect(all.map(({ detections }: TestResult) => detections)).toEqual([[], found]);
    expect(all.map(({ brightness }: TestResult) => brightness)).toEqual([null, 0.5]);
    expect(await ids({ search: 'SCRATCH' })).toEqual(['r1']);
    expect(await ids({ search: 'part' })).toEqual(['r2', 'r1']);
  });

  it('of nothing is empty', async () => {
    expect(JSON.parse(await text(exportResults(test.context, owner, 'json')))).toEqual([]);
    expect((await text(exportResults(test.context, owner, 'csv'))).split('\r\n')).toHaveLength(2);
  });
});
