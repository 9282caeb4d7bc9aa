// Draws one picture of a made-up part, good or with a defect and its mask.

import { Random } from '../../../autodiff/random.ts';
import type { Picture } from '../../image/picture.ts';
import { boards } from './boards.ts';
import { develop, expose, someShot } from './camera.ts';
import { damage } from './damage.ts';
import { fabric } from './fabric.ts';
import { boxBlur, light } from './lighting.ts';
import type { Defect, PartKind } from './part.ts';
import { screws } from './screws.ts';
import { unitsAcross } from './surface.ts';

export type { Defect } from './part.ts';

const kinds = { screws, boards, textures: fabric } as const satisfies Record<string, PartKind>;

export type SampleKind = keyof typeof kinds;
export const sampleKinds = Object.keys(kinds) as readonly SampleKind[];

/** The defects that parts of a kind can have. */
export function defectsOf(kind: SampleKind): readonly Defect[] {
  return kinds[kind].defects;
}

/** A picture, and for a defective part its mask: width x height, 255 where the defect shows, else 0. */
export interface SamplePart {
  readonly picture: Picture;
  readonly mask: Uint8Array | null;
}

/**
 * Draws a part of `kind`, `size` pixels square. All parts of a kind are the same product; the seed decides
 * how it lies, how it is lit and where its defect is. Outside the mask a defective part equals the good part
 * of the same seed byte for byte.
 */
export function samplePart(kind: SampleKind, seed: number, defect?: Defect, size = 256): SamplePart {
  const random = new Random(seed).fork(kind);
  const part = kinds[kind].build(random.fork('part'), size);
  const shot = someShot(random.fork('shot'));
  const good = expose(light(part.surface, part.lamp), size, shot);
  const grain = random.fork('grain');
  if (!defect) return { picture: develop(good, size, shot, grain), mask: null };

  const harm = damage(part, kinds[kind], defect, random.fork(defect));
  const bad = expose(light(harm.surface, part.lamp), size, shot);
  const influence = spread(harm.touched, size);
  const mask = new Uint8Array(size * size);
  for (let i = 0; i < mask.length; i++) {
    if (influence[i]! === 0) continue;
    mask[i] = 255;
    for (let c = 3 * i; c < 3 * i + 3; c++) good[c] = good[c]! + (bad[c]! - good[c]!) * influence[i]!;
  }
  return { picture: develop(good, size, shot, grain), mask };
}

/** The touched pixels and a soft border of about a unit, so that blur and shading end without a seam. */
function spread(touched: Float32Array, size: number): Float32Array {
  const wide = boxBlur(touched, size, Math.max(1, Math.round(size / unitsAcross)));
  return wide.map((x, i) => (Math.max(x, touched[i]!) < 0.15 ? 0 : Math.min(1, 2.2 * x)));
}
