// The settings of an object detector's training: what each means, its default, and what it may be.
import { type DetectionAugmentation, defaultDetectionAugmentation } from '../../yolo/augment-settings.ts';
import { parseVariant, variantNames } from '../../yolo/variants.ts';
import {
  completeFrom,
  oneOf,
  orNull,
  type SettingRow,
  type SettingRows,
  sideBetween,
  wholeBetween,
} from '../setting-rows.ts';

export const optimizerNames = ['adamw', 'sgd'] as const;
export type OptimizerName = (typeof optimizerNames)[number];

export interface YoloSettings {
  /** A name of the family, with or without `.pt`. */
  readonly variant: string;
  /** Side of the square that pictures are letterboxed into. */
  readonly imageSize: number;
  readonly epochs: number;
  /** Pictures a step, at most; null to choose by memory and by the size of the data set. */
  readonly batch: number | null;
  /** Learning rate at the start; null for that of the optimizer. */
  readonly lr0: number | null;
  readonly optimizer: OptimizerName;
  /** Factor of the learning rate of the pretrained trunk. */
  readonly trunkRate: number;
  /** Epochs in which the learning rate rises to its start. */
  readonly warmupEpochs: number;
  /** The last epochs show single pictures, as serving does, and no mosaics. */
  readonly closeMosaic: number;
  /** How far samples may differ from the pictures; what is left out is at its default. */
  readonly augmentation: Partial<DetectionAugmentation>;
  /** Training stops after so many epochs without a better one. */
  readonly patience: number;
  /** Decides the first weights, the samples and their order. */
  readonly seed: number;
  /** What serving uses where a request names none: the least confidence and the overlap of two boxes of one object. */
  readonly conf: number;
  readonly iou: number;
  /**
   * A file of weights to start from, of a detector of the family or one of ours, by its path or its name in a weights folder;
   * 'none' for none. Null: a file there that is called as the variant, if there is one.
   */
  readonly weights: string | null;
  /** Bounds of the cache of pictures. What does not fit is decoded again each epoch: slower, with the same result. */
  readonly cacheMemoryBytes: number;
  readonly cacheDiskBytes: number;
}

const GIB = 2 ** 30;

const share = (standard: number): SettingRow<number> => ({
  default: standard,
  valid: isShare,
  expected: 'a number from 0 to 1',
});

export const yoloSettings: SettingRows<YoloSettings> = {
  variant: {
    default: 'okapi-n',
    valid: (v) =>
      typeof v === 'string' && (variantNames as readonly string[]).includes(v.replace(/\.pt$/, '')),
    expected: `one of ${variantNames.join(', ')} (with or without .pt)`,
  },
  imageSize: sideBetween(64, 1536, 320),
  epochs: wholeBetween(1, 10_000, 50),
  batch: orNull(wholeBetween(1, 1024, 16)),
  lr0: orNull({
    default: 1e-3,
    valid: (v) => typeof v === 'number' && v > 0 && v <= 1,
    expected: 'a number above 0 and at most 1',
  }),
  optimizer: oneOf(optimizerNames, 'adamw'),
  trunkRate: share(0.5),
  warmupEpochs: {
    default: 3,
    valid: (v) => typeof v === 'number' && v >= 0 && v <= 1000,
    expected: 'a number from 0 to 1000',
  },
  closeMosaic: wholeBetween(0, 10_000, 10),
  augmentation: {
    default: {},
    valid: isAugmentation,
    expected: `numbers from 0 to 1 by the names ${Object.keys(defaultDetectionAugmentation).join(', ')} (leastSide in pixels)`,
  },
  patience: wholeBetween(1, 10_000, 30),
  seed: wholeBetween(0, 2 ** 32 - 1, 42),
  conf: share(0.25),
  iou: share(0.45),
  weights: {
    default: null,
    valid: (v) => v === null || (typeof v === 'string' && v !== ''),
    expected: 'the path of a file of weights, or null',
  },
  cacheMemoryBytes: wholeBetween(0, 2 ** 50, GIB),
  cacheDiskBytes: wholeBetween(0, 2 ** 50, 4 * GIB),
};

/** The given settings, the others at their default. Throws option.invalid naming the setting, its range and what came. */
export function completeYoloSettings(given: Partial<Record<keyof YoloSettings, unknown>>): YoloSettings {
  const settings = completeFrom(yoloSettings, given);
  parseVariant(settings.variant);
  return settings;
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isAugmentation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([name, strength]) =>
      Object.hasOwn(defaultDetectionAugmentation, name) &&
      (name === 'leastSide' ? Number.isFinite(strength) && strength >= 0 : isShare(strength)),
  );
}
