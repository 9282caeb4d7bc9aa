// The door to trained models, whatever their kind and origin.
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '../../autodiff/runtime.ts';
import { manifestName, openModelFolder } from '../checkpoint/model-folder.ts';
import { OkapiError } from '../errors.ts';
import { loadOriginal } from './autoencoder/load.ts';
import { anomalyDetector, type Detector } from './detector.ts';
import { checkGolden, goldenPicture, goldenRecord } from './golden.ts';
import { detectorKinds, kindOf } from './kinds.ts';
import { detectorIn, tilesIn } from './model-config.ts';
import { tiledDetector } from './tiles/tiled-detector.ts';

/**
 * Opens a model folder, ours or the original's. Every file of ours is checked against its manifest and the golden picture
 * is scored again before anything else is. Throws checkpoint.not_found, corrupt, malformed, key_mismatch, not_finite.
 */
export async function loadDetector(path: string, runtime: Runtime): Promise<Detector> {
  const { exists, own } = await lookAt(path);
  if (!exists) throw new OkapiError('checkpoint.not_found', `there is no model folder ${path}`);
  if (!own) return loadOriginal(path, runtime);
  const files = new Set([...Object.values(detectorKinds).flatMap(({ wanted }) => wanted), 'config.yaml']);
  const folder = await openModelFolder(path, [...files, goldenPicture, goldenRecord]);
  const config = new TextDecoder().decode(folder.file('config.yaml'));
  const cut = tilesIn(config);
  const square = await kindOf(detectorIn(config) ?? '', 'checkpoint.malformed').load(folder, runtime);
  const detector = cut ? tiledDetector(anomalyDetector(square), cut) : square;
  try {
    await checkGolden(detector, folder.file(goldenPicture), folder.file(goldenRecord));
    return detector;
  } catch (error) {
    await detector.close();
    throw error;
  }
}

/** A folder with any file that only we write is ours, so that one without its manifest is not taken for an original. */
async function lookAt(path: string): Promise<{ exists: boolean; own: boolean }> {
  const found = await stat(path).catch(() => null);
  const ours = [manifestName, 'model.onnx', goldenRecord].map((name) =>
    access(join(path, name)).then(
      () => true,
      () => false,
    ),
  );
  return { exists: found?.isDirectory() ?? false, own: (await Promise.all(ours)).includes(true) };
}
