// Checks a set of stored pictures: what the child does, in plain values.
import type { Runtime } from '../../autodiff/runtime.ts';
import { openEncoder } from '../../vision/encoders/table.ts';
import {
  checkPictures,
  type PictureCheck,
  type PictureToCheck,
} from '../../vision/hygiene/check-pictures.ts';
import type { PictureLimits } from '../../vision/image/decode.ts';

export interface SetToCheck {
  readonly pictures: readonly PictureToCheck[];
  readonly limits: PictureLimits;
}

export type CheckedSet = Omit<PictureCheck, 'quality'> & {
  /** Of each picture that was measured. */
  readonly brightness: readonly number[];
  readonly sharpness: readonly number[];
};

export async function checkSet({ pictures, limits }: SetToCheck, runtime: Runtime): Promise<CheckedSet> {
  const encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
  const { quality, ...rest } = await checkPictures(pictures, { runtime, encoder, limits });
  const all = [...quality.values()];
  return {
    ...rest,
    brightness: all.map(({ brightness }) => brightness),
    sharpness: all.map(({ sharpness }) => sharpness),
  };
}
