import { describe, expect, it } from 'vitest';
import { epochBatches, evenBatchSize } from './batches.ts';

describe('evenBatchSize', () => {
  it('makes the batches of an epoch equally full', () => {
    expect(evenBatchSize(17, 8)).toBe(6);
    expect(evenBatchSize(16, 8)).toBe(8);
    expect(evenBatchSize(9, 8)).toBe(5);
    expect(evenBatchSize(4, 8)).toBe(4);
    expect(evenBatchSize(1, 1)).toBe(1);
  });
});

describe('epochBatches', () => {
  it('is the same for the same seed and epoch, and another one otherwise', () => {
    expect(epochBatches(20, 4, 1, 2)).toEqual(epochBatches(20, 4, 1, 2));
    expect(epochBatches(20, 4, 1, 2)).not.toEqual(epochBatches(20, 4, 1, 3));
    expect(epochBatches(20, 4, 1, 2)).not.toEqual(epochBatches(20, 4, 2, 2));
  });
});
