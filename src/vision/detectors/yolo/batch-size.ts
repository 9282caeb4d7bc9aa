// How many pictures a step takes when nobody says: enough steps an epoch, within the memory of the machine.
import { totalmem } from 'node:os';
import { evenBatchSize } from '../../training/batches.ts';
import type { Variant } from '../../yolo/variants.ts';
import type { YoloSettings } from './settings.ts';

/** More pictures a step than this teach no better. */
const MOST = 16;
/** A step is worth little when an epoch has only a few of them. */
const FEWEST_STEPS = 8;
/** What a training may take of the machine. */
const MEMORY_SHARE = 0.5;

export interface BatchChoice {
  readonly batchSize: number;
  /** In a sentence; null when the size was asked for. */
  readonly why: string | null;
}

/** From the memory of the machine, not from what is free of it, so that a training that goes on finds the same. */
export function chooseBatch(
  { batch, imageSize }: Pick<YoloSettings, 'batch' | 'imageSize'>,
  variant: Variant,
  pictures: number,
  memoryBytes = totalmem(),
): BatchChoice {
  if (batch !== null) return { batchSize: evenBatchSize(pictures, batch), why: null };
  const fits = Math.floor((memoryBytes * MEMORY_SHARE) / bytesPerPicture(variant, imageSize));
  const taught = Math.ceil(pictures / FEWEST_STEPS);
  const batchSize = evenBatchSize(pictures, Math.max(1, Math.min(MOST, fits, Math.max(2, taught))));
  return { batchSize, why: `${batchSize} pictures a step, chosen for ${pictures} pictures and the memory` };
}

/**
 * What a step keeps of each picture until its gradients are known, with a third to spare. Measured as the peak
 * (process.resourceUsage().maxRSS) of one epoch of trainDetector at 640 px with 3 and with 6 pictures a step: okapi-n takes
 * 243 MiB for each more, yolov8n 200 MiB, and all the rest of the process 700 MiB.
 */
function bytesPerPicture({ width, depth }: Variant, size: number): number {
  return size ** 2 * 2500 * width * (1 + depth);
}
