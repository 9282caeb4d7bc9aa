import { describe, expect, it } from 'vitest';
import { compareModels, type ModelToCompare } from './compare-models.ts';

const truths: readonly (string | null)[] = [null, null, null, 'burn', 'burn', 'stain'];
const model = (name: string, threshold: number, scores: readonly number[]): ModelToCompare => ({
  name,
  threshold,
  pictures: scores.map((score, i) => ({
    file: `${i}.png`,
    defect: truths[i]!,
    anomalous: truths[i] !== null,
    score,
  })),
});
const weak = model('weak', 1, [0.2, 0.4, 1.1, 0.9, 1.2, 0.3]);
const good = model('good', 10, [1, 2, 3, 12, 15, 11]);

describe('compareModels', () => {
  it('puts the models side by side, whatever the scales of their scores', () => {
    const { models, againstFirst, pictures } = compareModels([weak, good]);
    expect(models).toMatchObject([
      { name: 'weak', falseAlarmRate: { value: 1 / 3 }, recall: { value: 1 / 3 } },
      { name: 'good', falseAlarmRate: { value: 0 }, recall: { value: 1 } },
    ]);
    expect(againstFirst).toMatchObject([{ name: 'good', onlyThisRight: 3, onlyFirstRight: 0 }]);
    expect(againstFirst[0]!.aurocDifference.value).toBeCloseTo(1 - 6 / 9, 12);
    expect(againstFirst[0]!.interval!.low).toBeLessThanOrEqual(1 - 6 / 9);
    expect(pictures.map(({ file, differs }) => [file, differs])).toEqual([
      ['2.png', true],
      ['3.png', true],
      ['5.png', true],
      ['0.png', false],
      ['1.png', false],
      ['4.png', false],
    ]);
    expect(pictures[0]!.verdicts).toEqual([
      { score: 1.1, calledAnomalous: true, ratio: 1.1 },
      { score: 3, calledAnomalous: false, ratio: 0.3 },
    ]);
  });

  it('leaves out pictures that one of them has not tested', () => {
    const fewer = { ...good, pictures: good.pictures.slice(1) };
    expect(compareModels([weak, fewer]).pictures.map(({ file }) => file)).not.toContain('0.png');
  });

  it('gives no ratio to a threshold that is not above 0, and says why there is no area', () => {
    const onlyGood = { ...weak, pictures: weak.pictures.slice(0, 3) };
    const { pictures, againstFirst } = compareModels([onlyGood, { ...onlyGood, threshold: 0 }]);
    expect(pictures[0]!.verdicts[1]!.ratio).toBeNull();
    expect(againstFirst[0]).toMatchObject({
      aurocDifference: { value: null, reason: 'there is no anomalous picture among them' },
      interval: null,
    });
  });

  it('is the same each time', () => {
    expect(compareModels([weak, good])).toEqual(compareModels([weak, good]));
    expect(() => compareModels([weak])).toThrow('internal');
  });
});
