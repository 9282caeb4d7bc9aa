// How well a detector finds objects, as lines of text.
import { basename } from 'node:path';
import type { JudgedObjects, ObjectsEvaluation } from '../vision/evaluation/object-evaluator.ts';
import { printable, type Terminal } from './terminal.ts';
import { count, table } from './wording.ts';

export function detectionLines({ report, pictures }: ObjectsEvaluation, terminal: Terminal): string[] {
  const heading = (text: string) => terminal.style('bold', text);
  const { counts, perClass, confusion, bestConfidence } = report;
  const rows = [
    ['class', 'boxes', 'AP50', 'AP50-95', 'precision', 'recall'],
    ...perClass.map((c) => [
      printable(c.name),
      String(c.truths),
      ...[c.ap50, c.ap50_95, c.precision, c.recall].map(digits),
    ]),
    [
      'all',
      String(counts.truths),
      ...[report.map50, report.map50_95, report.precision, report.recall].map(digits),
    ],
  ];
  const worst = worstLines(pictures);
  const where = bestConfidence === null ? '' : ` at confidence ${bestConfidence}, where F1 is best`;
  return [
    heading(`${count(counts.pictures, 'picture')}, ${count(counts.truths, 'box', 'boxes')}`),
    ...table(rows, [1, 2, 3, 4, 5]).map((line) => `  ${line}`),
    `  precision and recall${where}`,
    '',
    heading(`What was taken for what, at confidence ${confusion.confidence} and overlap ${confusion.iou}`),
    ...confusionLines(
      confusion.counts,
      perClass.map(({ name }) => printable(name)),
    ).map((line) => `  ${line}`),
    ...(worst.length === 0 ? [] : ['', heading('Pictures with the most mistakes')]),
    ...worst.map((line) => `  ${line}`),
  ];
}

const MOST_PICTURES = 5;

/** Nothing when there is no mistake. */
function worstLines(pictures: readonly JudgedObjects[]): string[] {
  const rows = pictures
    .filter(({ counts }) => counts.missed + counts.confused + counts.extra > 0)
    .slice(0, MOST_PICTURES)
    .map(({ file, counts }) => [
      printable(basename(file)),
      ...[counts.missed, counts.confused, counts.extra].map(String),
    ]);
  if (rows.length === 0) return [];
  const header = ['picture', 'missed', 'taken for another class', 'where nothing is'];
  return table([header, ...rows], [1, 2, 3]);
}

const MOST_CLASSES = 12;

/** A row a true class, a column a found one. */
function confusionLines(counts: readonly (readonly number[])[], classes: readonly string[]): string[] {
  if (classes.length > MOST_CLASSES)
    return [`${classes.length} classes are too many for a table; see --report`];
  const header = ['truly', ...classes, 'not found'];
  const rows = counts.map((row, i) => [classes[i] ?? 'nothing', ...row.map(String)]);
  return table([header, ...rows], header.map((_, i) => i).slice(1));
}

const digits = (value: number | null) => (value === null ? '–' : value.toFixed(4));
