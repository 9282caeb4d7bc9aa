// The settings of the detectors that compare patches of frozen features: what each means, its default, what it may be.
import { type EncoderName, encoderNames } from '../../encoders/encoder.ts';
import { completeFrom, numberBetween, type SettingRows, sideBetween, wholeBetween } from '../setting-rows.ts';

export interface PatchSettings {
  /** The frozen network whose features are compared. */
  readonly encoder: EncoderName;
  /** Side of the square that pictures are resized to. */
  readonly imageSize: number;
  /** Decides the movements, the folds and the patches that are kept. */
  readonly seed: number;
  /**
   * Views of each picture that are learnt: the plain one and slightly moved ones, fewer where there are many pictures, up to three
   * times as many where there are fewer than 12.
   * They teach what a part looks like that lies a little otherwise.
   */
  readonly views: number;
  /** The most bytes that the remembered patches may take in the model. */
  readonly bankBytes: number;
  /**
   * How much the place of a patch in the picture counts where the bank is searched; for fixed cameras. 0: not at all; 1: half a
   * picture apart is as far as features that differ by a deviation in every channel.
   */
  readonly placeWeight: number;
  /** Remembered patches around the nearest one that its distance is weighed by (Roth et al. 2022, equation 7); 0: none. */
  readonly reweightNeighbours: number;
  /** The share of good pictures that may be called anomalous. */
  readonly falseAlarmRate: number;
}

const usable = encoderNames.filter((name) => name !== 'none');

export const patchSettings: SettingRows<PatchSettings> = {
  encoder: {
    default: 'mobilenetv3-coco',
    valid: (v) => (usable as readonly unknown[]).includes(v),
    expected: `one of ${usable.join(', ')}`,
    code: 'encoder.unknown',
  },
  imageSize: sideBetween(64, 1024, 256),
  seed: wholeBetween(0, 2 ** 32 - 1, 42),
  views: wholeBetween(1, 100, 8),
  bankBytes: wholeBetween(1, 2 ** 31, 3_480_000),
  placeWeight: numberBetween(0, 10, 0),
  reweightNeighbours: wholeBetween(0, 50, 0),
  falseAlarmRate: {
    default: 0.01,
    valid: (v) => typeof v === 'number' && v > 0 && v < 1,
    expected: 'a number above 0 and below 1',
  },
};

/** The given settings, the others at their default. Throws option.invalid naming the setting, its range and what came. */
export function completePatchSettings(given: Partial<Record<keyof PatchSettings, unknown>>): PatchSettings {
  return completeFrom(patchSettings, given);
}
