// The detectors by patches: the heads of each, and the fewest pictures that it works from.
import type { HeadName } from './graphs.ts';

export interface PatchKind {
  readonly heads: readonly HeadName[];
  readonly fewest: number;
}

export const patchKinds = {
  auto: { heads: ['memory-bank', 'subspace', 'autoencoder'], fewest: 1 },
  'memory-bank': { heads: ['memory-bank'], fewest: 2 },
  subspace: { heads: ['subspace'], fewest: 1 },
} as const satisfies Record<string, PatchKind>;

export type PatchKindName = keyof typeof patchKinds;
