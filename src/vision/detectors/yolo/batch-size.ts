// How many pictures a step takes: within the memory of the machine and, when nobody says, enough steps an epoch.
import { totalmem } from 'node:os';
import { OkapiError } from '../../errors.ts';
import { evenBatchSize } from '../../training/batches.ts';
import { type Backbone, parseVariant, type Variant, type VariantName } from '../../yolo/variants.ts';
import type { YoloSettings } from './settings.ts';

/** More pictures a step than this teach no better. */
const MOST = 16;
/** A step is worth little when an epoch has only a few of them. */
const FEWEST_STEPS = 8;
/** What a training may take of the machine when nobody says how many pictures a step. */
const MEMORY_SHARE = 0.4;

export interface BatchChoice {
  readonly batchSize: number;
  /** In a sentence; null when the size was asked for. */
  readonly why: string | null;
}

type Sizes = Pick<YoloSettings, 'batch' | 'imageSize'>;

/** From the memory of the machine, not from what is free of it, so that a training that goes on finds the same. */
export function chooseBatch(
  { batch, imageSize }: Sizes,
  variant: Variant,
  pictures: number,
  memoryBytes = totalmem(),
): BatchChoice {
  if (batch !== null) return { batchSize: evenBatchSize(pictures, batch), why: null };
  const fits = mostFitting(variant, imageSize, memoryBytes * MEMORY_SHARE);
  const taught = Math.ceil(pictures / FEWEST_STEPS);
  const batchSize = evenBatchSize(pictures, Math.max(1, Math.min(MOST, fits, Math.max(2, taught))));
  return { batchSize, why: `${batchSize} pictures a step, chosen for ${pictures} pictures and the memory` };
}

/**
 * Why a training cannot run within so much memory, in a sentence that says what would fit; null when it can. Of a batch that
 * is left open, a single picture must fit.
 */
export function batchRefusal(
  { batch, imageSize }: Sizes,
  variant: Variant,
  pictures: number,
  memoryBytes = totalmem(),
): string | null {
  const batchSize = evenBatchSize(pictures, batch ?? 1);
  const needed = trainingBytes(variant, imageSize, batchSize);
  if (needed <= memoryBytes) return null;
  const fits = mostFitting(variant, imageSize, memoryBytes);
  const asked = batchSize === 1 ? '1 picture' : `${batchSize} pictures`;
  const advice = fits > 0 ? `at most ${fits} would fit` : 'choose smaller pictures or a smaller variant';
  return `${asked} a step of ${imageSize} pixels by ${variant.name} need about ${gigabytes(needed)}, there are ${gigabytes(memoryBytes)}; ${advice}`;
}

/** Throws option.invalid for a batch that the machine cannot hold, with batchRefusal's sentence. */
export function checkMemory(settings: YoloSettings, pictures: number, memoryBytes = totalmem()): void {
  const refusal = batchRefusal(settings, parseVariant(settings.variant), pictures, memoryBytes);
  if (refusal !== null)
    throw new OkapiError('option.invalid', `expected batch to fit the memory: ${refusal}`);
}

/** The largest batch, 0 when not even one picture fits. */
function mostFitting(variant: Variant, size: number, memoryBytes: number): number {
  const left = memoryBytes - trainingBytes(variant, size, 0);
  return Math.max(0, Math.floor(left / bytesPerPicture(variant, size)));
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const MIB = 2 ** 20;

/**
 * The largest resident set of a training, in bytes. Measured over one epoch of two steps, estimates behind it, in MiB
 * (bench/yolo-memory.ts). With 4 pictures a step: okapi-n at 320 px 731, 734; at 640 px 1429, 1376; yolov8n 712, 714 and 1358,
 * 1377; yolov8s 1453, 1469 and 2731, 2794; okapi-s at 640 px 2125, 2143. With 2: okapi-n at 1280 px 2583, 2231; yolov8n 2313,
 * 2260; at 320 px yolov8m 2432, 2425; yolov8l 3880, 3861; yolov8x 5624, 5670.
 */
export function trainingBytes(variant: Variant, size: number, batch: number): number {
  return 280 * MIB + 70e6 * millionWeights[variant.name] + batch * bytesPerPicture(variant, size);
}

/** With 80 classes. A step holds each with its gradient, what the optimizer keeps of it and its mean, old and new. */
export const millionWeights: Readonly<Record<VariantName, number>> = {
  yolov8n: 3.2,
  yolov8s: 11.2,
  yolov8m: 25.9,
  yolov8l: 43.7,
  yolov8x: 68.3,
  'okapi-n': 3.6,
  'okapi-s': 8.6,
};

/** What a step keeps of each pixel until its gradients are known, in bytes. */
const bytesPerPixel: Readonly<Record<Backbone, (variant: Variant) => number>> = {
  yolov8: ({ width, depth }) => 1700 * width * (1 + depth),
  // The trunk is the same in all, and its first blocks are not trained.
  'mobilenetv3-coco': ({ width }) => 270 + 1110 * width,
};

function bytesPerPicture(variant: Variant, size: number): number {
  return size ** 2 * bytesPerPixel[variant.backbone](variant);
}
