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
    [false, false, 'ok'],
    [false, true, 'uncertain'],
    [true, true, 'uncertain'],
    [true, false, 'ng'],
  ] as const)(
    'of a score (anomalous: %s, in the band of the model: %s) is %s',
    (is_anomaly, is_uncertain, verdict) => {
      expect(verdictOf({ is_anomaly, is_uncertain }, 'anomaly')).toBe(verdict);
    },
  );

  it('of an object detector is never uncertain', () => {
    expect(verdictOf({ is_anomaly: true, is_uncertain: false }, 'detect')).toBe('objects');
  });
});
