import { describe, expect, it } from 'vitest';
import { yoloNetwork } from '../../yolo/network.ts';
import { parseVariant } from '../../yolo/variants.ts';
import { batchRefusal, checkMemory, chooseBatch, millionWeights, trainingBytes } from './batch-size.ts';
import { completeYoloSettings } from './settings.ts';

const GIB = 2 ** 30;
const nano = parseVariant('okapi-n');
const open = { batch: null, imageSize: 320 };

describe('chooseBatch', () => {
  it('takes sixteen pictures where there is room, in equally full batches, and says so', () => {
    expect(chooseBatch(open, nano, 292, 24 * GIB)).toEqual({
      batchSize: 16,
      why: '16 pictures a step, chosen for 292 pictures and the memory',
    });
    expect(chooseBatch(open, nano, 129, 24 * GIB).batchSize).toBe(15);
  });

  it('takes fewer of few pictures, of large ones, of large networks and on small machines', () => {
    expect(chooseBatch(open, nano, 40, 24 * GIB).batchSize).toBe(5);
    expect(chooseBatch(open, nano, 1, 24 * GIB).batchSize).toBe(1);
    const large = { ...open, imageSize: 1280 };
    expect(chooseBatch(large, nano, 292, 4 * GIB).batchSize).toBeLessThan(4);
    expect(chooseBatch(large, parseVariant('yolov8x'), 292, 2 * GIB).batchSize).toBe(1);
  });

  it('takes at most what was asked for, whatever the memory', () => {
    expect(chooseBatch({ ...open, batch: 64 }, nano, 292, GIB)).toEqual({ batchSize: 59, why: null });
  });
});

describe('batchRefusal', () => {
  const asked = (batch: number | null, imageSize = 640) => ({ batch, imageSize });

  it('refuses a batch that does not fit, and names the largest that does', () => {
    const refusal = batchRefusal(asked(64), nano, 640, 4 * GIB);
    expect(refusal).toMatch(
      /^64 pictures a step of 640 pixels by okapi-n need about 13\.\d GiB, there are 4\.0 GiB; at most (\d+) would fit$/,
    );
    const most = Number(/at most (\d+)/.exec(refusal!)![1]);
    expect(batchRefusal(asked(most), nano, 640, 4 * GIB)).toBeNull();
    expect(batchRefusal(asked(most + 1), nano, 10 * (most + 1), 4 * GIB)).not.toBeNull();
  });

  it('looks at the pictures that there are, and at a single one where the batch is left open', () => {
    expect(batchRefusal(asked(1024), nano, 8, 4 * GIB)).toBeNull();
    expect(batchRefusal(asked(null), nano, 1000, GIB)).toBeNull();
    expect(batchRefusal(asked(null, 1536), parseVariant('yolov8x'), 1000, 4 * GIB)).toMatch(
      /^1 picture a step of .* by yolov8x .*; choose smaller pictures or a smaller variant$/,
    );
  });

  it('is an error about the setting where the machine itself is too small', () => {
    const settings = completeYoloSettings({ batch: 64, imageSize: 640 });
    expect(() => checkMemory(settings, 640, 4 * GIB)).toThrow(
      expect.objectContaining({
        code: 'option.invalid',
        message: expect.stringMatching(/^expected batch to fit the memory: 64 pictures .* would fit$/),
      }),
    );
    expect(() => checkMemory(settings, 640, 64 * GIB)).not.toThrow();
  });

  it('never refuses what is chosen', () => {
    for (const gib of [1, 2, 4, 8, 16])
      for (const imageSize of [320, 640, 1280]) {
        const { batchSize } = chooseBatch(asked(null, imageSize), nano, 1000, gib * GIB);
        if (batchRefusal(asked(null, imageSize), nano, 1000, gib * GIB) === null)
          expect(batchRefusal(asked(batchSize, imageSize), nano, 1000, gib * GIB)).toBeNull();
      }
  });
});

describe('trainingBytes', () => {
  it('knows how many weights the variants have', () => {
    for (const name of ['yolov8n', 'yolov8s', 'okapi-n', 'okapi-s'] as const) {
      const { parameters } = yoloNetwork({ variant: parseVariant(name), classes: 80, seed: 1 });
      const count = parameters.all().reduce((sum, { data }) => sum + data.length, 0);
      expect(millionWeights[name]).toBeCloseTo(count / 1e6, 1);
    }
  });

  it('grows evenly with the pictures of a step, and with the pixels', () => {
    const bytes = (size: number, batch: number) => trainingBytes(nano, size, batch);
    expect(bytes(640, 3) - bytes(640, 2)).toBe(bytes(640, 2) - bytes(640, 1));
    expect(bytes(640, 1) - bytes(640, 0)).toBe(4 * (bytes(320, 1) - bytes(320, 0)));
  });
});
