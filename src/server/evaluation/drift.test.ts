// Whether the newest results of a model still look like its calibration.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { calibrateThreshold } from '../../vision/scoring/threshold.ts';
import { writeThreshold } from '../../vision/scoring/threshold-file.ts';
import type { PictureChecks } from '../hygiene/picture-checks.ts';
import { addResults, type TestResult } from '../inference/results.ts';
import { putModel, readModel } from '../models/model-documents.ts';
import { storeFake } from '../models/testing/fake-model.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { type TestContext, testContext } from '../testing/context.ts';
import { putSnapshot } from '../training/training-order.ts';
import { driftOf, figure } from './drift.ts';

const owner: Owner = { kind: 'project', id: 'p-1' };
let opened: TestContext;
let asked: number;
beforeEach(async () => {
  opened = await testContext();
  asked = 0;
});
afterEach(() => opened.close());

const random = new Random(5);
const around = (middle: number, spread: number, count: number) =>
  Array.from({ length: count }, () => random.normal(middle, spread));

/** Finds that the pictures are 0.5 bright and 100 sharp, give or take. */
const checks: PictureChecks = {
  async check({ pictures }) {
    asked++;
    return {
      ...{ checked: pictures.length, leftOut: 0, unread: [], flags: [], notes: [] },
      brightness: around(0.5, 0.02, 30),
      sharpness: around(100, 10, 30),
    };
  },
  async close() {},
};

async function putCalibrated(): Promise<void> {
  const scores = around(2, 0.2, 40);
  const calibration = { scores, peaks: scores, source: 'held-out' } as const;
  const text = writeThreshold(calibrateThreshold(calibration), {
    scoreType: 'test',
    bestValidationLoss: null,
    calibration,
  });
  await storeFake(opened.context, opened.folder, 'm-1', { owner }, { 'threshold.json': text });
  const sha256 = 'a'.repeat(64);
  await opened.context.blobs.put(blobKeys.image(owner, 'x.png'), Buffer.from('x'));
  await putSnapshot(opened.context, { images: [{ filename: 'x.png' }] as never, sha256 });
  const { value, revision } = (await readModel(opened.context, 'm-1'))!;
  await putModel(opened.context, { ...value, dataset_sha256: sha256 }, { ifRevision: revision });
}

let numbered = 0;
async function tested(
  count: number,
  changes: (i: number) => Partial<TestResult> = () => ({}),
): Promise<void> {
  await addResults(
    opened.context,
    owner,
    Array.from({ length: count }, (_, i) => ({
      result_id: `r${numbered++}`,
      model_id: 'm-1',
      filename: 'a.png',
      score: random.normal(2, 0.2),
      threshold: 3,
      is_anomaly: false,
      is_uncertain: false,
      regions: 0,
      detections: [],
      at: '2026-01-02T03:04:05.000Z',
      by: 'x',
      image_url: '/a',
      heatmap_url: null,
      overlay_url: '/b',
      brightness: random.normal(0.5, 0.02),
      sharpness: random.normal(100, 10),
      ...changes(i),
    })),
  );
}
const drift = (query = {}) => driftOf({ context: opened.context, checks }, 'm-1', query);

describe('the drift of a model', () => {
  it('is stable while results are as at the calibration, and the pictures are measured once', async () => {
    await putCalibrated();
    await tested(60);
    const { verdict, score, brightness, sharpness, results } = await drift();
    expect([results, verdict]).toEqual([60, 'stable']);
    for (const figure of [score, brightness, sharpness]) {
      expect(Math.abs(figure.shift!)).toBeLessThan(1);
      expect(figure).toMatchObject({ recent: { count: 60 }, verdict: 'stable' });
    }
    expect(sharpness.calibration!.median).toBeGreaterThan(90);
    expect(sharpness.calibration!.median).toBeLessThan(110);
    await drift();
    expect(asked).toBe(1);
  });

  it.each([
    ['brightness', () => ({ brightness: 0.4 + random.normal(0, 0.01) }), -5],
    ['sharpness', () => ({ sharpness: 50 + random.normal(0, 3) }), -7],
    ['score', () => ({ score: 2.8 + random.normal(0, 0.1) }), 4],
  ] as const)('tells that the %s has moved, and that the others have not', async (name, changes, about) => {
    await putCalibrated();
    await tested(60, changes);
    const found = await drift();
    expect(found.verdict).toBe('drifted');
    expect(found[name].verdict).toBe('drifted');
    expect(Math.sign(found[name].shift!)).toBe(Math.sign(about));
    expect(found[name].sentence).toMatch(about < 0 ? /deviations below the calibration/ : /deviations above/);
    const others = (['score', 'brightness', 'sharpness'] as const).filter((other) => other !== name);
    for (const other of others) expect(found[other].verdict, other).not.toBe('drifted');
  });

  it('is that of the newest results alone, and of this model', async () => {
    await putCalibrated();
    await tested(40, () => ({ brightness: 0.1 }));
    await tested(30);
    await tested(30, () => ({ brightness: 0.9, model_id: 'other' }));
    expect(await drift({ last: 30 })).toMatchObject({ results: 30, brightness: { verdict: 'stable' } });
    expect((await drift()).results).toBe(70);
  });

  it('is not moved by a few bad parts', async () => {
    await putCalibrated();
    await tested(60, (i) => (i % 5 === 0 ? { score: 50 } : {}));
    expect((await drift()).score.verdict).not.toBe('drifted');
  });

  it('is unknown with too few results, old ones without measures, and without calibration', async () => {
    await putCalibrated();
    await tested(19);
    expect(await drift()).toMatchObject({
      verdict: 'unknown',
      score: {
        verdict: 'unknown',
        shift: null,
        sentence: '19 results are too few for the score: 20 are needed.',
      },
    });
    await tested(30, () => ({ brightness: null, sharpness: null }));
    expect(await drift()).toMatchObject({
      score: { verdict: 'stable' },
      brightness: { verdict: 'unknown', recent: { count: 19 } },
    });
    await storeFake(opened.context, opened.folder, 'm-2', { owner });
    expect(await driftOf({ context: opened.context, checks }, 'm-2', {})).toMatchObject({
      verdict: 'unknown',
      score: { calibration: { count: 10 }, recent: null },
      brightness: { calibration: null, sentence: expect.stringContaining('not known, or gone') },
    });
  });

  it('does not divide by a spread of nothing', () => {
    const calibration = { median: 1, deviation: 0, count: 9 };
    expect(figure('score', { recent: Array(30).fill(2), calibration, missing: '' })).toMatchObject({
      shift: null,
      verdict: 'unknown',
      sentence: 'The score did not vary at all when the model was calibrated.',
    });
  });
});
