// The kinds of detectors, a row each.
import { OkapiError } from '../errors.ts';
import { loadAutoencoder, wantedFiles } from './autoencoder/load.ts';
import { recalibrateAutoencoder } from './autoencoder/recalibrate.ts';
import { trainAutoencoder } from './autoencoder/train.ts';
import type { DetectorKind } from './detector.ts';
import { loadPatches, wantedPatchFiles } from './patches/load.ts';
import type { PatchKindName } from './patches/patch-kinds.ts';
import { trainPatches } from './patches/train.ts';
import { updatePatches } from './patches/update-patches.ts';
import { loadYolo, wantedYoloFiles } from './yolo/load.ts';
import { trainYolo } from './yolo/train.ts';

const patches = (kind: PatchKindName) =>
  ({
    train: (request, context) => trainPatches(kind, request, context),
    update: (request, context) => updatePatches(kind, request, context),
    load: loadPatches,
    wanted: wantedPatchFiles,
    takesRegions: true,
    takesTiles: true,
  }) satisfies DetectorKind;

export const detectorKinds = {
  auto: patches('auto'),
  'memory-bank': patches('memory-bank'),
  subspace: patches('subspace'),
  autoencoder: {
    train: trainAutoencoder,
    update: recalibrateAutoencoder,
    load: loadAutoencoder,
    wanted: wantedFiles,
    takesRegions: true,
    takesTiles: true,
  },
  yolo: { train: trainYolo, load: loadYolo, wanted: wantedYoloFiles },
} as const satisfies Record<string, DetectorKind>;

export type DetectorKindName = keyof typeof detectorKinds;

/** The kind of this name. Throws an OkapiError of the given code that names the kinds there are. */
export function kindOf(name: string, code: 'option.invalid' | 'checkpoint.malformed'): DetectorKind {
  if (Object.hasOwn(detectorKinds, name)) return detectorKinds[name as DetectorKindName];
  const known = Object.keys(detectorKinds).join(', ');
  throw new OkapiError(code, `expected the kind of detector to be one of ${known}, got "${name}"`);
}
