import { describe, expect, it } from 'vitest';
import { type ComparisonReport, renderComparison, sentenceOf } from './comparison-report.ts';

const figure = { value: 0.9 };
const model = (name: string): ComparisonReport['models'][number] => ({
  name,
  threshold: 2,
  imageAuroc: figure,
  imageAurocInterval: { low: 0.8, high: 0.95 },
  averagePrecision: figure,
  bestF1: null,
  pixelAuroc: { value: null, reason: 'there are no masks' },
  aupro: figure,
  falseAlarmRate: { value: 0.05 },
  falseAlarmInterval: { low: 0.01, high: 0.2 },
  recall: figure,
});
const verdict = (score: number) => ({ score, calledAnomalous: score > 2, ratio: score / 2 });
const against = {
  name: '<b>new</b>',
  aurocDifference: { value: 0.05 },
  interval: { low: 0.01, high: 0.09 },
  onlyThisRight: 3,
  onlyFirstRight: 1,
};
const report = (changes: Partial<ComparisonReport> = {}): string =>
  renderComparison({
    title: 'old, new on parts',
    createdAt: '2026-01-02T03:04:05.000Z',
    version: '1.2.3',
    models: [model('old'), model('<b>new</b>')],
    againstFirst: [against],
    pictures: [
      { name: 'a.png', truth: 'burn', differs: true, verdicts: [verdict(1), verdict(3)] },
      { name: 'b.png', truth: 'good', differs: false, verdicts: [verdict(1), verdict(1)] },
    ],
    ...changes,
  });

describe('a comparison as a page', () => {
  it('shows the figures side by side, escapes names and needs nothing from outside', () => {
    const html = report();
    expect(html).toContain('0.9000 (0.8000 to 0.9500)');
    expect(html).toContain('5 % (1 % to 20 %)');
    expect(html).toContain('&lt;b&gt;new&lt;/b&gt;');
    expect(html).not.toContain('<b>new</b>');
    expect(html).not.toMatch(/(src|href)="(?!data:)|<script/);
  });

  it('names the pictures that they judge differently', () => {
    const [, differing = ''] = /Where they do not agree([\s\S]*?)<details/.exec(report()) ?? [];
    expect(differing).toContain('a.png');
    expect(differing).not.toContain('b.png');
    expect(report({ pictures: [] })).toContain('They judge every picture alike.');
  });
});

describe('the sentence on two models', () => {
  it.each([
    [{ low: 0.01, high: 0.09 }, 'these pictures tell them apart'],
    [{ low: -0.01, high: 0.09 }, 'these pictures cannot tell them apart'],
    [{ low: -0.09, high: -0.01 }, 'these pictures tell them apart'],
  ])('with the interval %j says: %s', (interval, words) => {
    expect(sentenceOf('old', { ...against, interval })).toContain(words);
  });

  it('says why there is no difference of areas', () => {
    const none = { value: null, reason: 'there is no good picture among them' } as const;
    expect(sentenceOf('old', { ...against, aurocDifference: none, interval: null })).toBe(
      '3 pictures are judged rightly by <b>new</b> alone, 1 by old alone; there is no good picture among them.',
    );
  });
});
