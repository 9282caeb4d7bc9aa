import { describe, expect, it } from 'vitest';
import type { Box } from '../dataset/labelled.ts';
import { decodePicture } from '../image/decode.ts';
import { svgToPng } from '../image/svg.ts';
import { evaluateDetections } from '../scoring/detection-metrics.ts';
import { confusionChart } from './confusion-chart.ts';
import {
  confidenceChart,
  epochChart,
  labelChart,
  MAX_NAMED_CURVES,
  precisionRecallChart,
} from './detection-charts.ts';
import type { Html } from './html.ts';
import { standaloneChart } from './standalone-chart.ts';

const here: Box = [10, 10, 20, 20];
const reportOf = (names: readonly string[]) =>
  evaluateDetections(
    names.map((_, classId) => ({
      truths: [{ classId, box: here }],
      detections: [{ classId, confidence: 0.8, box: here }],
    })),
    names,
  );
const many = Array.from({ length: 90 }, (_, i) => `class ${i}`);
const hostile = ['<script>alert(1)</script>', '"><svg onload=x>', 'แตก & "b"', ''];
const epochs = [1, 2, 3];
const all = (names: readonly string[]): Record<string, Html> => ({
  pr: precisionRecallChart(reportOf(names)),
  f1: confidenceChart(reportOf(names), 'f1'),
  precision: confidenceChart(reportOf(names), 'precision'),
  recall: confidenceChart(reportOf(names), 'recall'),
  confusion: confusionChart(reportOf(names).confusion, names),
  labels: labelChart(names, [{ name: names[0] ?? 'train', counts: names.map((_, i) => i) }]),
  epochs: epochChart(
    'Losses',
    epochs,
    names.slice(0, 3).map((name) => ({ name, values: [3, null, 1] })),
  ),
});
const pointsOf = ({ markup }: Html) =>
  [...markup.matchAll(/points="([^"]*)"/g)].map((m) => m[1]!.split(' ').map((p) => p.split(',').map(Number)));

describe('the charts of a detector', () => {
  for (const [size, names] of Object.entries({ none: [], two: ['a', 'b'], many, hostile }))
    it(`stay inside their frame and hold no broken numbers: ${size}`, () => {
      for (const [name, chart] of Object.entries(all(names))) {
        expect(chart.markup, name).not.toMatch(/NaN|Infinity|null|undefined|<script|<svg onload/);
        const [, height] = /viewBox="0 0 640 (\d+)"/.exec(chart.markup)!;
        const outside = pointsOf(chart)
          .flat()
          .filter(([x, y]) => !(x! >= 0 && x! <= 640 && y! >= 0 && y! <= Number(height)));
        expect(outside, name).toEqual([]);
      }
    });

  it('draw the curves that the report holds, with figures by the names', () => {
    const report = evaluateDetections(
      [
        { truths: [{ classId: 0, box: here }], detections: [{ classId: 0, confidence: 0.5, box: here }] },
        { truths: [{ classId: 0, box: here }], detections: [] },
      ],
      ['cell', 'nothing'],
    );
    const chart = precisionRecallChart(report);
    expect(chart.markup).toContain('>cell<');
    expect(chart.markup).not.toContain('>nothing<');
    expect(chart.markup).toContain(report.map50!.toFixed(3));
    const [curve] = pointsOf(chart);
    expect(curve).toHaveLength(101);
    expect(curve!.filter(([, y]) => y === curve![0]![1])).toHaveLength(51);
    expect(confidenceChart(report, 'f1').markup).toContain('best F1 at 0.25');
  });

  it('name a few classes and show only the mean of many', () => {
    const few = precisionRecallChart(reportOf(many.slice(0, MAX_NAMED_CURVES))).markup;
    expect(few).toContain('class 13');
    const lots = precisionRecallChart(reportOf(many.slice(0, MAX_NAMED_CURVES + 1))).markup;
    expect(lots.match(/line faint/g)).toHaveLength(MAX_NAMED_CURVES + 1);
    expect(lots).toContain('15 classes in grey');
    expect(labelChart(many, [{ name: 'train', counts: [] }]).markup).toContain('and 30 classes more');
  });

  it('put the counts of the confusion matrix in their cells', () => {
    const counts = [
      [7, 0, 2],
      [1, 5, 0],
      [3, 0, 0],
    ];
    const { markup } = confusionChart({ confidence: 0.25, iou: 0.45, counts }, ['a', 'b']);
    expect(markup).toContain('a taken for background: 2');
    expect(markup).toContain('background taken for a: 3');
    expect([...markup.matchAll(/text-anchor="middle">(\d+)</g)].map((m) => Number(m[1]))).toEqual([
      7, 2, 1, 5, 3,
    ]);
    expect(markup).toMatch(/fill-opacity="1"><title>background taken for a/);
  });

  it('bear an epoch without values and refuse one that is not finite', () => {
    expect(pointsOf(epochChart('mAP', [1], [{ name: 'a', values: [0.5] }]))[0]).toHaveLength(2);
    expect(() => epochChart('mAP', [1], [{ name: 'a', values: [Number.NaN] }])).toThrow('internal');
    expect(epochChart('mAP', [], []).markup).toContain('<svg');
  });
});

describe('standaloneChart', () => {
  it('needs no style sheet and no font', () => {
    for (const names of [['a', 'b'], hostile, many])
      for (const chart of Object.values(all(names))) {
        const svg = standaloneChart(chart);
        expect(svg).not.toMatch(/<text|var\(|<script|<title/);
        expect(svg.match(/<svg/g)).toHaveLength(1);
      }
  });

  it('has a colour for each kind of word and shape', () => {
    const svg = standaloneChart(confusionChart(reportOf(['a', 'b']).confusion, ['a', 'b']));
    for (const kind of ['tick', 'name-label', 'strong', 'on-light', 'on-dark', 'cut-label'])
      expect(svg, kind).toMatch(new RegExp(`\\.chart \\.words\\.${kind}\\{stroke:#`));
    expect(svg).toMatch(/\.chart \.cell-frame\s*\{ *fill: none/);
    expect(svg).toMatch(/\.line\.mean\s*\{ *stroke: #161a20/);
  });

  it('becomes a PNG with lines and words in it', async () => {
    const png = await svgToPng(standaloneChart(precisionRecallChart(reportOf(['a', 'b']))), 1);
    const picture = await decodePicture(png);
    expect([picture.width, picture.height]).toEqual([668, 358]);
    const levels = new Set(picture.data);
    expect(levels.size).toBeGreaterThan(20);
    expect([...picture.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    const dark = picture.data.filter((v) => v < 60).length;
    expect(dark).toBeGreaterThan(500);
  });
});
