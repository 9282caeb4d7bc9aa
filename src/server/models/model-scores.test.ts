import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrateThreshold, uncertainBand } from '../../vision/scoring/threshold.ts';
import { writeThreshold } from '../../vision/scoring/threshold-file.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { imageRecord } from '../testing/sample-records.ts';
import { modelScores } from './model-scores.ts';
import { patchThreshold } from './patch-threshold.ts';
import { storeFake } from './testing/fake-model.ts';
import { uncertainOf } from './uncertain-band.ts';

const owner: Owner = { kind: 'project', id: 'p-1' };
const [first, second] = [imageRecord('one'), imageRecord('two')];
const calibration = {
  scores: [1, 3, 2],
  peaks: [1.5, 3.5, 2.5],
  source: 'cross-fitted',
  targetFalseAlarmRate: 0.01,
  names: [first.filename, second.filename, 'gone.png'],
} as const;

let test: TestContext;
beforeAll(async () => {
  test = await testContext();
  const files = { [first.filename]: first, [second.filename]: second };
  await test.context.docs.put(docKeys.images(owner), { files });
  const text = writeThreshold(calibrateThreshold(calibration), {
    scoreType: 'fused-patch-distance',
    bestValidationLoss: null,
    calibration,
  });
  await storeFake(test.context, test.folder, 'm-1', {}, { 'threshold.json': text, 'manifest.json': '{}' });
});
afterAll(() => test.close());

describe('the scores of a model', () => {
  it('are those of its good pictures by name, the highest first', async () => {
    const { source, items } = await modelScores(test.context, 'm-1');
    expect(source).toBe('cross-fitted');
    expect(items).toEqual([
      {
        filename: second.filename,
        display_name: second.display_name,
        url: `/static/projects/p-1/raw/${second.filename}`,
        thumbnail_url: `/projects/p-1/images/${second.filename}/thumbnail`,
        score: 3,
        peak: 3.5,
      },
      { filename: 'gone.png', display_name: null, url: null, thumbnail_url: null, score: 2, peak: 2.5 },
      expect.objectContaining({ filename: first.filename, score: 1, peak: 1.5 }),
    ]);
  });

  it('say what the threshold of the day means, and what others would be', async () => {
    await patchThreshold(test.context, 'm-1', { value: 2.5, note: 'line 2 is strict' }, testActor);
    const { threshold, false_alarms, trust, by_rate } = await modelScores(test.context, 'm-1');
    expect(threshold).toMatchObject({ value: 2.5, by: testActor.name, reason: 'line 2 is strict' });
    // Clopper-Pearson of 1 in 3 by R's binom.test: 0.008403759, 0.905700676.
    expect(false_alarms).toEqual({
      above: 1,
      pictures: 3,
      low: expect.closeTo(0.008403759, 6),
      high: expect.closeTo(0.905700676, 6),
    });
    expect(trust).toContain('1 of 3 good pictures is above the threshold');
    expect(by_rate.every(({ is_promised }) => !is_promised)).toBe(true);
    expect(by_rate[1]).toMatchObject({
      target_false_alarm_rate: 0.01,
      value: calibrateThreshold(calibration).value,
    });
  });

  it('of a model that keeps none are none, and it says so', async () => {
    await storeFake(test.context, test.folder, 'm-2', {}, { 'threshold.json': '{"threshold_mse": 0.5}' });
    expect(await modelScores(test.context, 'm-2')).toMatchObject({
      source: null,
      false_alarms: null,
      trust: expect.stringContaining('not known'),
      by_rate: [],
      items: [],
    });
  });

  it('are not those of an object detector, nor of weights to train from', async () => {
    const objects = { variant: 'okapi-n', classes: ['a'], metrics: {} as never, started_from: null };
    await storeFake(test.context, test.folder, 'm-3', { objects });
    await expect(modelScores(test.context, 'm-3')).rejects.toMatchObject({ code: 'model.wrong_task' });
    await storeFake(test.context, test.folder, 'm-4', { thresholds: [] });
    await expect(modelScores(test.context, 'm-4')).rejects.toMatchObject({ code: 'model.base_only' });
    await expect(modelScores(test.context, 'm-5')).rejects.toMatchObject({ code: 'model.not_found' });
  });
});

describe('the band of uncertain scores', () => {
  it('is kept with each threshold, and found again where a record of before has none', async () => {
    const model = await storeFake(test.context, test.folder, 'm-7');
    const scores = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const before = await modelScores(test.context, 'm-7');
    expect(before.threshold.uncertain).toEqual(uncertainBand(scores, 10.5, null));
    expect(await uncertainOf(test.context, model)).toEqual(before.threshold.uncertain);
    const byHand = await patchThreshold(test.context, 'm-7', { value: 8 }, testActor);
    expect(byHand.thresholds.at(-1)!.uncertain).toEqual(uncertainBand(scores, 8, null));
    const rate = { target_false_alarm_rate: 0.2 };
    const held = (await patchThreshold(test.context, 'm-7', rate, testActor)).thresholds.at(-1)!;
    expect(held.uncertain).toEqual(uncertainBand(scores, held.value, 0.2));
  });

  it('is none of a model that keeps no scores', async () => {
    const model = await storeFake(test.context, test.folder, 'm-6', {}, { 'model.pt': 'weights' });
    expect(await uncertainOf(test.context, model)).toBeNull();
  });
});
