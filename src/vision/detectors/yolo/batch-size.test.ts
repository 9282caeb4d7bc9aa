import { describe, expect, it } from 'vitest';
import { parseVariant } from '../../yolo/variants.ts';
import { chooseBatch } from './batch-size.ts';

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
