// Label files of object detection: one box or polygon a line, as shares of the picture.
import type { Box, LabelledBox } from '../labelled.ts';

/** One mistake in a file. `line` counts from 1; 0 is the file as a whole. */
export interface Mistake {
  readonly line: number;
  readonly detail: string;
}

export interface ParsedLabels {
  /** [x1, y1, x2, y2] as shares 0..1, without duplicates. */
  readonly boxes: readonly LabelledBox[];
  /** Boxes that reached out of the picture by no more than the tolerance. */
  readonly clamped: number;
  readonly duplicates: number;
  /** Polygons of which the boxes around them were taken. */
  readonly polygons: number;
  /** The first of them. */
  readonly mistakes: readonly Mistake[];
  readonly mistakeCount: number;
}

export interface LabelRules {
  /** How many classes there are; null: not said. */
  readonly classes: number | null;
  /** The dataset says that its lines hold keypoints. */
  readonly keypoints?: boolean;
}

export const labelLimits = { bytes: 2 ** 20, boxes: 10_000, classes: 10_000 } as const;

/** How far outside 0..1 a value may lie, as rounding leaves it; it is then moved to the edge. */
const TOLERANCE = 1e-3;
const KEPT_MISTAKES = 20;

/**
 * The boxes in a label file; each line is `class x y width height` (the centre and the size) or `class x1 y1 x2 y2 x3 y3 ...`
 * (a polygon). Lines that are something else are mistakes; nothing is guessed. Never throws.
 */
export function parseLabels(bytes: Uint8Array, rules: LabelRules): ParsedLabels {
  const boxes = new Map<string, LabelledBox>();
  const counts = { clamped: 0, duplicates: 0, polygons: 0 };
  const mistakes: Mistake[] = [];
  let mistakeCount = 0;
  const mistake = (line: number, detail: string) => {
    if (mistakes.length < KEPT_MISTAKES) mistakes.push({ line, detail });
    mistakeCount++;
  };
  const text = textOf(bytes);
  const lines = text === null ? [] : text.split(/\r\n|\n|\r/);
  if (text === null) mistake(0, 'expected text in UTF-8, got another encoding, perhaps UTF-16');
  for (const [i, line] of lines.entries()) {
    const columns = line.split(/[ \t]+/).filter((column) => column !== '');
    if (columns.length === 0) continue;
    if (boxes.size >= labelLimits.boxes) {
      mistake(i + 1, `expected at most ${labelLimits.boxes} boxes in a file`);
      break;
    }
    const read = readLine(columns, rules);
    if (typeof read === 'string') {
      mistake(i + 1, read);
      continue;
    }
    if (read.clamped) counts.clamped++;
    if (read.polygon) counts.polygons++;
    const key = `${read.classId} ${read.box.join(' ')}`;
    if (boxes.has(key)) counts.duplicates++;
    else boxes.set(key, { classId: read.classId, box: read.box });
  }
  return { boxes: [...boxes.values()], ...counts, mistakes, mistakeCount };
}

/** Null for what is not UTF-8 text. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

interface ReadLine extends LabelledBox {
  readonly clamped: boolean;
  readonly polygon: boolean;
}

/** The box of a line, or what is wrong with it. */
function readLine(columns: readonly string[], { classes, keypoints }: LabelRules): ReadLine | string {
  const [first, ...rest] = columns as [string, ...string[]];
  const classId = /^\d{1,9}$/.test(first) ? Number(first) : null;
  if (classId === null) return `expected a whole number from 0 for the class, got ${shown(first)}`;
  if (classId >= (classes ?? labelLimits.classes))
    return `expected a class below ${classes ?? labelLimits.classes}, got ${classId}`;
  const values = rest.map(numberOf);
  const bad = values.indexOf(null);
  if (bad >= 0) return `expected a number, got ${shown(rest[bad]!)}${hintFor(rest[bad]!)}`;
  return boxOf(classId, values as number[], keypoints ?? false);
}

function boxOf(classId: number, values: readonly number[], keypoints: boolean): ReadLine | string {
  const columns = values.length + 1;
  if (columns === 5) return placed(classId, edgesOf(values), false, values);
  if (keypoints) return `expected 5 columns, got ${columns}: keypoints are not read`;
  if (columns < 7) return `expected 5 columns (class x y width height), got ${columns}`;
  if (columns % 2 === 0) return `expected pairs of x and y after the class, got ${columns - 1} numbers`;
  const xs = values.filter((_, i) => i % 2 === 0);
  const ys = values.filter((_, i) => i % 2 === 1);
  return placed(classId, [least(xs), least(ys), most(xs), most(ys)], true, values);
}

/** Corners of a box that is given by its centre and size. */
function edgesOf(values: readonly number[]): Box {
  const [x, y, width, height] = values as [number, number, number, number];
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

function placed(
  classId: number,
  corners: Box,
  polygon: boolean,
  values: readonly number[],
): ReadLine | string {
  const outside = values.find((value) => value < -TOLERANCE || value > 1 + TOLERANCE);
  if (outside !== undefined) return `expected shares of the picture from 0 to 1, got ${outside}`;
  const [x1, y1, x2, y2] = corners;
  if (!(x2 > x1 && y2 > y1)) return `expected a width and a height above 0, got ${x2 - x1} and ${y2 - y1}`;
  if (Math.min(x1, y1) < -TOLERANCE || Math.max(x2, y2) > 1 + TOLERANCE) {
    const edges = corners.map((edge) => Number(edge.toFixed(4))).join(' ');
    return `expected a box inside the picture, got one with the edges ${edges}`;
  }
  const box = corners.map((edge) => Math.min(Math.max(edge, 0), 1)) as unknown as Box;
  if (!(box[2] > box[0] && box[3] > box[1])) return 'expected a box inside the picture, got one at its edge';
  // Rounding of six decimals moves an edge by less than this; nobody wants to hear of it.
  const clamped = Math.min(x1, y1) < -2e-6 || Math.max(x2, y2) > 1 + 2e-6;
  return { classId, box, clamped, polygon };
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Null for what is no finite number. */
function numberOf(text: string): number | null {
  const value = text.length <= 40 && number.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

function hintFor(text: string): string {
  return /^[+-]?\d*,\d+$/.test(text) ? ' (a decimal comma? write 0.5, not 0,5)' : '';
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

const least = (values: readonly number[]) =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
