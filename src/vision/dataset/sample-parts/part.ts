// What each kind of sample part must provide to be photographed and damaged.

import type { Random } from '../../../autodiff/random.ts';
import type { Lamp } from './lighting.ts';
import type { Material, Pose, Surface } from './surface.ts';

export const defects = ['scratch', 'hole', 'stain', 'missing', 'crack', 'contamination'] as const;
export type Defect = (typeof defects)[number];

/** One part in one place, before it is photographed. */
export interface Part {
  readonly surface: Surface;
  readonly pose: Pose;
  readonly lamp: Lamp;
  /** A place on the part where damage shows, in part units, and the part's direction there (radians). */
  spot(random: Random): { readonly u: number; readonly v: number; readonly angle: number };
  /** Whether a pixel shows the part; scratches, cracks and stains end with it. */
  holds(i: number): boolean;
  /** The same part with a piece left out, and how far (0..1) each pixel is touched by its absence. */
  withoutPiece(random: Random): { readonly surface: Surface; readonly touched: Float32Array };
}

export interface PartKind {
  /** The defects that such a part can have. */
  readonly defects: readonly Defect[];
  /** What a scratch lays bare, and how wide it opens (1 is a fine line). */
  readonly bare: Material;
  readonly opening: number;
  /** Scale of stains. */
  readonly soaking: number;
  build(random: Random, size: number): Part;
}
