import { describe, expect, it } from 'vitest';
import type { DetectorEvaluation } from '../vision/evaluation/detector-evaluation.ts';
import { evaluationLines } from './evaluation-lines.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';

const missed = Array.from({ length: 7 }, (_, i) => ({
  file: `test/burn/${i}.png`,
  defect: 'burn',
  score: 0.01 + i / 1000,
  anomalous: true,
  calledAnomalous: false,
}));
const evaluation: DetectorEvaluation = {
  goodSide: 'pictures',
  leftOut: 0,
  threshold: 0.02,
  pictures: missed,
  untested: [],
  imageAuroc: { value: 0.98765 },
  imageAurocInterval: { low: 0.9, high: 1 },
  averagePrecision: { value: 0.9 },
  bestF1: { f1: 0.95, threshold: 0.0123 },
  pixelAuroc: { value: null, reason: 'there are no usable masks of the defects' },
  aupro: { value: null, reason: 'there are no usable masks of the defects' },
  confusion: { truePositives: 3, falsePositives: 1, trueNegatives: 9, falseNegatives: 7 },
  atBestF1: { truePositives: 9, falsePositives: 0, trueNegatives: 10, falseNegatives: 1 },
  falseAlarmRate: { value: 0.1 },
  falseAlarmInterval: { low: 0.0025, high: 0.445 },
  recallInterval: { low: 0.0667, high: 0.6525 },
  recall: { value: 0.3 },
  precision: { value: 0.75 },
  defects: [{ defect: 'burn', pictures: 10, found: 3, auroc: { value: 0.98765 }, meanScore: 0.0155 }],
  missed,
  falseAlarms: [],
  worst: missed,
  histogram: { edges: [], good: [], anomalous: [] },
  roc: [],
  precisionRecall: [],
  masks: { used: 0, missing: 10, refused: [] },
};

const text = (changes: Partial<DetectorEvaluation> = {}) =>
  evaluationLines({ ...evaluation, ...changes }, 0.02, capturedTerminal()).join('\n');

describe('an evaluation as text', () => {
  it('shows the measures, and why some are missing', () => {
    expect(text()).toMatch(/image AUROC +0\.9877 +95 % interval 0\.9000 to 1\.0000/);
    expect(text()).toMatch(/pixel AUROC +– +there are no usable masks/);
    expect(text()).toMatch(/best F1 +0\.9500 +at a threshold of 0\.01230/);
    expect(text({ bestF1: null })).toMatch(/best F1 +– +it needs good and defective pictures/);
  });

  it('shows what the threshold of the model does', () => {
    expect(text()).toContain("At the model's threshold of 0.02000");
    expect(text()).toMatch(/truly good +9 +1\n +truly defective +7 +3/);
    expect(text()).toContain('defects found 30 %, false alarms 10 % (95 % interval 0.3 % to 44.5 %)');
    expect(text()).toMatch(/burn +10 +3 +0\.9877 +0\.01550/);
  });

  it('names the worst misses, and counts the others', () => {
    expect(text()).toMatch(/Missed[^\n]*\n {2}0\.01000 {2}test\/burn\/0\.png/);
    expect(text()).toContain('and 2 more');
    expect(text()).not.toContain('False alarms, the most');
  });

  it('says when masks are missing or not usable', () => {
    const refused = [
      { file: 'm.png', picture: 'p.png', code: 'dataset.layout', message: 'expected a mask of 2x2' },
    ] as const;
    const lines = text({ masks: { used: 5, missing: 2, refused } });
    expect(lines).toContain('mask not used: m.png: expected a mask of 2x2 (dataset.layout)');
    expect(lines).toContain('2 defective pictures without a mask left out of the pixel measures');
  });
});
