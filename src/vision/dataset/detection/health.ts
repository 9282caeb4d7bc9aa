// How sound a dataset of boxes is: what there is, what is missing and what looks wrong, as plain values.
import type { ErrorCode } from '../../errors.ts';
import type { PictureType } from '../../image/format.ts';
import type { LabelledBox } from '../labelled.ts';
import { type Fingerprint, nearPairs } from './fingerprint.ts';

/** How many there are, with the first of them. */
export interface Found<T> {
  readonly count: number;
  readonly examples: readonly T[];
}

export interface SplitHealth {
  readonly images: number;
  readonly boxes: number;
  /** Images that have no box: what is to be left alone. */
  readonly imagesWithoutBoxes: number;
}

export interface ClassHealth {
  readonly name: string;
  readonly trainBoxes: number;
  readonly valBoxes: number;
  readonly trainImages: number;
  readonly valImages: number;
}

export interface SamePicture {
  readonly train: string;
  readonly val: string;
  /** By how many of 256 bits of their fingerprints they differ; null: the files have the same bytes. */
  readonly bits: number | null;
}

/** Plain values, so that it can be stored as JSON and sent to another process. */
export interface DetectionHealth {
  readonly train: SplitHealth;
  readonly val: SplitHealth;
  readonly classes: readonly ClassHealth[];
  /** Boxes of the commonest class for each one of the rarest that has any; null without boxes. */
  readonly balance: number | null;
  /** Names of classes without a box in train. */
  readonly unusedClasses: readonly string[];
  /** Who divided the pictures: the dataset itself, or a seeded choice. */
  readonly split:
    | { readonly by: 'dataset' }
    | { readonly by: 'seed'; readonly seed: number; readonly ratio: number };
  readonly imagesWithoutLabels: Found<string>;
  readonly labelsWithoutImages: Found<string>;
  /** Boxes that reached out of the picture by a rounding error and were cut at its edge. */
  readonly clampedBoxes: number;
  readonly duplicateBoxes: number;
  /** Polygons that became the boxes around them. */
  readonly polygons: number;
  /** Boxes with a side below `underPx` pixels when the longer side of the picture is `atPx`. */
  readonly tinyBoxes: { readonly underPx: number; readonly atPx: number } & Found<string>;
  readonly corruptImages: Found<{ readonly file: string; readonly code: ErrorCode; readonly detail: string }>;
  /** Pictures of val that train has too; the figures for val flatter then. */
  readonly sameInTrainAndVal: Found<SamePicture> & { readonly complete: boolean };
  /** Sides in pixels: the smallest and the largest picture by area, and the one in the middle. */
  readonly pictureSizes: {
    readonly smallest: PictureSize;
    readonly median: PictureSize;
    readonly largest: PictureSize;
    readonly distinct: number;
  };
  /** Files that are no part of a dataset and were passed over. */
  readonly ignoredFiles: number;
}

export type PictureSize = readonly [width: number, height: number];

/** What is known of one picture after it was read. */
export interface ReadPicture {
  readonly split: 'train' | 'val';
  /** Its path inside the dataset. */
  readonly name: string;
  /** Where it lies on this machine. */
  readonly file: string;
  readonly boxes: readonly LabelledBox[];
  /** By the bytes, whatever the name says. */
  readonly type: PictureType;
  readonly sizeBytes: number;
  readonly width: number;
  readonly height: number;
  /** BLAKE2b of the file's bytes, 32 hexadecimal digits. */
  readonly hash: string;
  readonly fingerprint: Fingerprint;
  readonly hasLabelFile: boolean;
}

/** What only the reading of the files knows. */
export type ReadingHealth = Pick<
  DetectionHealth,
  | 'split'
  | 'labelsWithoutImages'
  | 'clampedBoxes'
  | 'duplicateBoxes'
  | 'polygons'
  | 'corruptImages'
  | 'ignoredFiles'
>;

const KEPT_EXAMPLES = 20;
const TINY = { underPx: 4, atPx: 640 } as const;

export function found<T>(items: readonly T[]): Found<T> {
  return { count: items.length, examples: items.slice(0, KEPT_EXAMPLES) };
}

/** `pictures`: at least one. */
export function healthOf(
  classes: readonly string[],
  pictures: readonly ReadPicture[],
  reading: ReadingHealth,
): DetectionHealth {
  const train = pictures.filter(({ split }) => split === 'train');
  const val = pictures.filter(({ split }) => split === 'val');
  const counts = classCounts(classes, pictures);
  const used = counts.map(({ trainBoxes }) => trainBoxes).filter((boxes) => boxes > 0);
  const largest = used.reduce((a, b) => Math.max(a, b), 0);
  const smallest = used.reduce((a, b) => Math.min(a, b), largest);
  return {
    train: splitHealth(train),
    val: splitHealth(val),
    classes: counts,
    balance: smallest === 0 ? null : largest / smallest,
    unusedClasses: counts.filter(({ trainBoxes }) => trainBoxes === 0).map(({ name }) => name),
    imagesWithoutLabels: found(pictures.filter(({ hasLabelFile }) => !hasLabelFile).map(({ name }) => name)),
    tinyBoxes: { ...TINY, ...found(pictures.flatMap(tinyBoxes)) },
    sameInTrainAndVal: sameInBoth(train, val),
    pictureSizes: sizesOf(pictures),
    ...reading,
  };
}

function splitHealth(pictures: readonly ReadPicture[]): SplitHealth {
  return {
    images: pictures.length,
    boxes: pictures.reduce((sum, { boxes }) => sum + boxes.length, 0),
    imagesWithoutBoxes: pictures.filter(({ boxes }) => boxes.length === 0).length,
  };
}

function classCounts(classes: readonly string[], pictures: readonly ReadPicture[]): ClassHealth[] {
  const counts = classes.map((name) => ({ name, trainBoxes: 0, valBoxes: 0, trainImages: 0, valImages: 0 }));
  for (const { split, boxes } of pictures) {
    const [ofBoxes, ofImages] =
      split === 'train' ? (['trainBoxes', 'trainImages'] as const) : (['valBoxes', 'valImages'] as const);
    for (const { classId } of boxes) counts[classId]![ofBoxes]++;
    for (const classId of new Set(boxes.map((box) => box.classId))) counts[classId]![ofImages]++;
  }
  return counts;
}

/** The name of the picture, once for each tiny box. */
function tinyBoxes({ name, boxes, width, height }: ReadPicture): string[] {
  const scale = TINY.atPx / Math.max(width, height);
  const isTiny = ({ box: [x1, y1, x2, y2] }: LabelledBox) =>
    Math.min((x2 - x1) * width, (y2 - y1) * height) * scale < TINY.underPx;
  return boxes.filter(isTiny).map(() => name);
}

function sameInBoth(
  train: readonly ReadPicture[],
  val: readonly ReadPicture[],
): DetectionHealth['sameInTrainAndVal'] {
  const byHash = new Map(train.map(({ hash, name }) => [hash, name]));
  const same = val.filter(({ hash }) => byHash.has(hash));
  const rest = val.filter(({ hash }) => !byHash.has(hash));
  const prints = (pictures: readonly ReadPicture[]) => pictures.map(({ fingerprint }) => fingerprint);
  const near = nearPairs(prints(train), prints(rest));
  const pairs: SamePicture[] = [
    ...same.map(({ hash, name }) => ({ train: byHash.get(hash)!, val: name, bits: null })),
    ...near.pairs.map(({ a, b, bits }) => ({ train: train[a]!.name, val: rest[b]!.name, bits })),
  ];
  return { ...found(pairs), complete: near.complete };
}

function sizesOf(pictures: readonly ReadPicture[]): DetectionHealth['pictureSizes'] {
  const sorted = [...pictures].sort((a, b) => a.width * a.height - b.width * b.height);
  const at = (index: number): PictureSize => [sorted[index]!.width, sorted[index]!.height];
  return {
    smallest: at(0),
    median: at(Math.floor(sorted.length / 2)),
    largest: at(sorted.length - 1),
    distinct: new Set(pictures.map(({ width, height }) => `${width}x${height}`)).size,
  };
}
