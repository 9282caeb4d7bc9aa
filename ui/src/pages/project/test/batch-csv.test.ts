import { describe, expect, it } from 'vitest';
import { batchCsv } from './batch-csv.ts';
import { type TestedItem, verdictOf } from './result.ts';

const item = (filename: string) =>
  ({
    filename,
    score: 1.5,
    threshold: 2,
    is_anomaly: false,
    regions: [],
    detections: [],
    result_id: null,
  }) as unknown as TestedItem;

describe('the table of a test', () => {
  it('quotes names and takes formulas for text', () => {
    const lines = batchCsv([item('a,"b".png'), item('=cmd()'), item('plain.png')]).split('\r\n');
    expect(lines[1]).toBe('"a,""b"".png",1.5,2,false,0,,');
    expect(lines[2]).toMatch(/^'=cmd\(\),/);
    expect(lines).toHaveLength(5);
  });
});

describe('a verdict', () => {
  it.each([
    [1.7, false, 'ok'],
    [1.9, false, 'uncertain'],
    [2.1, true, 'uncertain'],
    [2.3, true, 'ng'],
  ] as const)('of the score %d at the threshold 2 (anomalous: %s) is %s', (score, is_anomaly, verdict) => {
    expect(verdictOf({ score, threshold: 2, is_anomaly }, 'anomaly')).toBe(verdict);
  });
});
