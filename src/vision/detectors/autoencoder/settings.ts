// The settings of an autoencoder training: what each means, its default, and what it may be.
import { type EncoderName, encoderNames } from '../../encoders/encoder.ts';
import { completeFrom, type SettingRows, sideBetween, wholeBetween } from '../setting-rows.ts';

export interface AutoencoderSettings {
  /** The frozen network whose features are decoded; 'none' trains the older net from scratch. */
  readonly encoder: EncoderName;
  /** Side of the square that pictures are resized to. */
  readonly imageSize: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** At most this many pictures a step; see evenBatchSize. */
  readonly batchSize: number;
  /** Share of the pictures that is held out. */
  readonly validationRatio: number;
  /** Training stops after max(patience, minEpochs) epochs without improvement. */
  readonly patience: number;
  readonly minEpochs: number;
  /** Decides the split, the first weights, the views and their order. */
  readonly seed: number;
  /**
   * Views of each picture that training cycles through: the plain one, then seeded variations of it, every second one
   * mirrored. Each is encoded once and kept, so the encoder runs `views` times a picture and not once an epoch.
   */
  readonly views: number;
  /** Bounds of the cache of encoded views. What does not fit is encoded again each epoch: slower, with the same result. */
  readonly cacheMemoryBytes: number;
  readonly cacheDiskBytes: number;
  /** With fewer than 50 good pictures the threshold is cross-fitted by this many short trainings; 0 or 1 leaves it out. */
  readonly folds: number;
  /** The share of good pictures that may be called anomalous; null for the rule of the original. */
  readonly falseAlarmRate: number | null;
}

const GIB = 2 ** 30;

export const autoencoderSettings: SettingRows<AutoencoderSettings> = {
  encoder: {
    default: 'mobilenetv3-coco',
    valid: (v) => encoderNames.includes(v as EncoderName),
    expected: `one of ${encoderNames.join(', ')}`,
    code: 'encoder.unknown',
  },
  imageSize: sideBetween(64, 1024, 256),
  epochs: wholeBetween(1, 10_000, 30),
  learningRate: {
    default: 1e-3,
    valid: (v) => typeof v === 'number' && v > 0 && v <= 1,
    expected: 'a number above 0 and at most 1',
  },
  batchSize: wholeBetween(1, 1024, 4),
  validationRatio: {
    default: 0.2,
    valid: (v) => typeof v === 'number' && v > 0 && v < 1,
    expected: 'a number above 0 and below 1',
  },
  patience: wholeBetween(1, 10_000, 10),
  minEpochs: wholeBetween(1, 10_000, 5),
  seed: wholeBetween(0, 2 ** 32 - 1, 42),
  views: wholeBetween(1, 1000, 2),
  cacheMemoryBytes: wholeBetween(0, 2 ** 50, GIB),
  cacheDiskBytes: wholeBetween(0, 2 ** 50, 4 * GIB),
  folds: wholeBetween(0, 10, 3),
  falseAlarmRate: {
    default: null,
    valid: (v) => v === null || (typeof v === 'number' && v > 0 && v < 1),
    expected: 'a number above 0 and below 1, or null',
  },
};

/** The given settings, the others at their default. Throws option.invalid naming the setting, its range and what came. */
export function completeSettings(
  given: Partial<Record<keyof AutoencoderSettings, unknown>>,
): AutoencoderSettings {
  return completeFrom(autoencoderSettings, given);
}
