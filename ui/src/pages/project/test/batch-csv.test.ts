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
    [false, 'anomaly', 'ok'],
    [true, 'anomaly', 'ng'],
    [false, 'detect', 'nothing'],
    [true, 'detect', 'objects'],
  ] as const)(
    'of an answer (anomalous: %s, by a model of the task %s) is %s',
    (is_anomaly, task, verdict) => {
      expect(verdictOf({ is_anomaly }, task)).toBe(verdict);
    },
  );
});
