import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { calibrateThreshold } from '../scoring/threshold.ts';
import { readThreshold } from '../scoring/threshold-file.ts';
import { renderReport } from './report.ts';
import type { Report, ReportResult } from './report-content.ts';

const threshold = calibrateThreshold({
  scores: [0.1, 0.11, 0.12, 0.13],
  peaks: [0.5, 0.5, 0.5, 0.5],
  source: 'held-out',
});
const picture = (byte: number) => ({
  bytes: Uint8Array.of(byte, 2, 3),
  mime: 'image/png' as const,
  width: 8,
  height: 6,
});

function result(name: string, score: number, more: Partial<ReportResult> = {}): ReportResult {
  const anomalous = score > threshold.value;
  const pictures = { input: picture(1), overlay: picture(9) };
  return { name, score, anomalous, truth: null, regions: [], pictures, ...more };
}
function report(results: ReportResult[], more: Partial<Report> = {}): Report {
  return { title: 'Parts', createdAt: '2026-01-02T03:04:05Z', version: '1.2.3', threshold, results, ...more };
}
const is = (anomalous: boolean) => ({ truth: { anomalous, kind: anomalous ? 'scratch' : 'good' } });

/** The words of the page in reading order, without markup. */
const words = (page: string) =>
  page
    .slice(page.indexOf('<main>'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('renderReport', () => {
  const page = renderReport(
    report([
      result('a.jpg', 0.05, is(false)),
      result('c.jpg', 0.9, {
        ...is(true),
        regions: [{ box: [3, 4, 20, 10], polygon: [], area: 150, peak: 0.812, meanScore: 0.7 }],
      }),
      result('b.jpg', 0.3, is(false)),
      result('d.jpg', 0.06, is(true)),
    ]),
  );

  it('is one page that runs nothing and fetches nothing', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).not.toMatch(/<script|<iframe|<object|javascript:| on\w+=|@import/i);
    expect(page).not.toMatch(/(https?:)?\/\/\w/);
    for (const [, target] of page.matchAll(/ (?:src|href)="([^"]*)"/g)) expect(target).toMatch(/^data:/);
  });

  it('has a policy that allows its own style and data pictures only', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
    const style = /<style>([\s\S]*)<\/style>/.exec(page)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toBe(
      `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/ style="/);
  });

  it('shows results worst first', () => {
    const names = [...page.matchAll(/<span class="name" title="([^"]*)"/g)].map((m) => m[1]);
    expect(names).toEqual(['c.jpg', 'b.jpg', 'd.jpg', 'a.jpg']);
  });

  it('counts verdicts, defects found and false alarms', () => {
    const text = words(page);
    expect(text).toContain('Pictures 4 all tested OK 2 50 % NG 2 50 %');
    expect(text).toContain('Defects found 50 % 1 of 2');
    expect(text).toContain('False alarms 50 % 1 of 2 good parts');
    expect(text).toContain('truly good 1 1 truly defective 1 1');
    expect(text).toContain('All 4 NG 2 OK 2 Wrong 2');
    expect(text).toContain('missed: scratch');
    expect(text).toContain('false alarm: good');
  });

  it('gives score, relation to the threshold and regions of a result', () => {
    const text = words(page);
    expect(text).toContain('score 0.900');
    expect(text).toContain(`${(0.9 / threshold.value).toFixed(2)} × threshold`);
    expect(text).toContain('20×10 px at (3, 4), area 150 px, peak 0.812');
  });

  it('holds the pictures as they were given', () => {
    expect(page.split(`data:image/png;base64,${Buffer.from([1, 2, 3]).toString('base64')}`)).toHaveLength(5);
    expect(page).not.toContain('reconstruction of');
    const pictures = { input: picture(1), overlay: picture(2), reconstruction: picture(3) };
    expect(renderReport(report([result('a', 1, { pictures })]))).toContain('alt="reconstruction of a"');
  });

  it('says how far the threshold may be trusted', () => {
    expect(words(page)).toContain('4 good pictures: a false-alarm rate under 20 % cannot be promised.');
    expect(words(page)).toContain('all of them kept out of training.');
  });

  it('shows no numbers of the truth when it is not known', () => {
    const plain = words(renderReport(report([result('a', 0.2), result('b', 0.01)])));
    for (const word of ['Defects found', 'called OK', 'Wrong', 'AUROC', 'truth 0'])
      expect(plain).not.toContain(word);
    expect(plain).toContain('truth not known');
  });

  it('shows measures, or why there are none', () => {
    const evaluation = {
      imageAuroc: { value: 0.9876 },
      imageAurocInterval: { low: 0.95, high: 1 },
      bestF1: { f1: 0.91, threshold: 0.123 },
      pixelAuroc: { value: 0.97 },
      aupro: { value: null, reason: 'no picture has a true region marked' },
    };
    const text = words(renderReport(report([result('a', 0.2)], { evaluation })));
    expect(text).toContain('Image AUROC 0.988 95 % interval 0.950 to 1.000');
    expect(text).toContain('Best F1 0.910 at a threshold of 0.123');
    expect(text).toContain('AUPRO – no picture has a true region marked');
  });

  it('draws the curves of an evaluation, and the interval of false alarms', () => {
    const truth = { anomalous: false, kind: 'good' };
    const evaluation = {
      imageAuroc: { value: 1 },
      imageAurocInterval: { low: 1, high: 1 },
      bestF1: null,
      pixelAuroc: { value: 1 },
      aupro: { value: 1 },
      falseAlarmInterval: { low: 0.01, high: 0.3 },
      roc: [
        { score: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 },
        { score: 1, falsePositiveRate: 0, truePositiveRate: 1 },
        { score: 0, falsePositiveRate: 1, truePositiveRate: 1 },
      ],
      precisionRecall: [
        { score: 1, precision: 1, recall: 1 },
        { score: 0, precision: 0.5, recall: 1 },
      ],
    };
    const html = renderReport(report([result('a', 0.2, { truth })], { evaluation }));
    expect(html).toContain('aria-label="ROC curve"');
    expect(html).toContain('aria-label="Precision against recall"');
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(words(html)).toContain('95 % interval 1 % to 30 %');
    const none = renderReport(report([result('a', 0.2)], { evaluation: { ...evaluation, roc: [] } }));
    expect(none).not.toContain('ROC curve');
  });

  it('lists wrong verdicts, the farthest from the threshold first', () => {
    const truth = (anomalous: boolean) => ({ anomalous, kind: anomalous ? 'burn' : 'good' });
    const results = [
      result('near miss', 0.09, { anomalous: false, truth: truth(true) }),
      result('far miss', 0.01, { anomalous: false, truth: truth(true) }),
      result('right', 0.9, { anomalous: true, truth: truth(true) }),
    ];
    const [, section = ''] = /Wrong verdicts([\s\S]*?)<\/section>/.exec(renderReport(report(results))) ?? [];
    expect(section.indexOf('far miss')).toBeGreaterThan(0);
    expect(section.indexOf('far miss')).toBeLessThan(section.indexOf('near miss'));
    expect(section).not.toContain('right');
    expect(renderReport(report([results[2]!]))).not.toContain('Wrong verdicts');
  });

  it('shows losses, settings and pictures that were refused when given', () => {
    const text = words(
      renderReport(
        report([result('a', 0.2)], {
          losses: [{ epoch: 1, train: 0.5, validation: 0.6 }],
          settings: [['seed', '42']],
          refused: [{ name: 'torn.jpg', reason: 'the picture ends too early' }],
        }),
      ),
    );
    expect(text).toContain('Loss by epoch');
    expect(text).toContain('seed 42');
    expect(text).toContain('Not tested torn.jpg the picture ends too early');
    expect(text).toContain('and 1 not tested');
    expect(words(page)).not.toMatch(/Loss by epoch|Settings|Not tested/);
  });

  it('counts results without pictures and lists them in the table only', () => {
    const text = renderReport(report([result('seen', 0.2), result('unseen', 0.1, { pictures: null })]));
    expect(words(text)).toContain('Pictures 2');
    expect(text.split('<article')).toHaveLength(2);
    expect(text).toContain('<td>unseen</td>');
  });

  it('says that the heat of an imported model does not compare', () => {
    const imported = readThreshold('{"threshold_score": 0.15, "val_size": 6}');
    const text = words(renderReport(report([result('a', 0.2)], { threshold: imported })));
    expect(text).toContain('scaled to each picture by itself');
    expect(text).toContain('it rests on 6 validation pictures');
  });

  it('bears no results, zero thresholds and scores of any size', () => {
    expect(renderReport(report([]))).not.toMatch(/NaN|Infinity/);
    const zero = calibrateThreshold({ scores: [0, 0], peaks: [0, 0], source: 'held-out' });
    const scores = [0, 1e-12, 5, 1e12].map((s, i) => result(`${i}`, s));
    expect(renderReport(report(scores, { threshold: zero }))).not.toMatch(/NaN|Infinity/);
  });

  it('refuses scores that are not finite and a time that is none', () => {
    expect(() => renderReport(report([result('x.jpg', Number.NaN)]))).toThrow(
      'internal: the score of x.jpg is NaN',
    );
    expect(() => renderReport(report([], { createdAt: 'yesterday' }))).toThrow('internal');
  });

  it('is the same text for the same report', () => {
    const again = report([result('a', 0.2), result('b', 0.3)]);
    expect(renderReport(again)).toBe(renderReport(again));
  });

  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</title></style><svg onload=alert(1)>',
    '&lt;b&gt; &amp;',
    '<!-- -->]]>',
  ])('shows %s as plain text wherever it comes from', (text) => {
    const evil = renderReport(
      report([result(text, 0.2, { truth: { anomalous: true, kind: text } })], {
        title: text,
        version: text,
        threshold: { ...threshold, trust: text },
        refused: [{ name: text, reason: text }],
        settings: [[text, text]],
      }),
    );
    const harmless = renderReport(
      report([result('T', 0.2, { truth: { anomalous: true, kind: 'T' } })], {
        title: 'T',
        version: 'T',
        threshold: { ...threshold, trust: 'T' },
        refused: [{ name: 'T', reason: 'T' }],
        settings: [['T', 'T']],
      }),
    );
    const tags = (markup: string) => [...markup.matchAll(/<[!/a-z]+/gi)].map((m) => m[0]);
    expect(tags(evil)).toEqual(tags(harmless));
    expect(evil).not.toContain(text);
  });
});
