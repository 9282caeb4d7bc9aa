// Thresholds of one request are for models that find objects; for others they are refused before anything is loaded.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeFake } from '../models/testing/fake-model.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { type Inference, openInference } from './open-inference.ts';
import { uploads } from './testing/stored-models.ts';

let test: TestContext;
let inference: Inference;
beforeEach(async () => {
  test = await testContext();
  inference = openInference(test.context);
});
afterEach(async () => {
  await inference.close();
  await test.close();
});

describe('a model that finds anomalies', () => {
  it.each([{ conf: 0.5 }, { iou: 0.5 }, { conf: 0, iou: 0 }])('is not tested with %j', async (thresholds) => {
    await storeFake(test.context, test.folder, 'm-1');
    const asked = inference.test('m-1', uploads([]), { store: false, ...thresholds }, testActor);
    await expect(asked).rejects.toMatchObject({ code: 'model.wrong_task' });
    expect(inference.stats().loads).toBe(0);
  });
});
