// Opens trained autoencoders, ours and the original's, as detectors.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import type { Runtime } from '../../../autodiff/runtime.ts';
import type { ModelFolder } from '../../checkpoint/model-folder.ts';
import { OkapiError } from '../../errors.ts';
import { readThreshold } from '../../scoring/threshold-file.ts';
import type { AnomalyDetector } from '../detector.ts';
import { parseConfig } from '../model-config.ts';
import { originalInspectionGraph } from './graphs.ts';
import { autoencoderDetector } from './inspect.ts';
import type { Network } from './network.ts';
import { readOriginal } from './saved-network.ts';

/** The older net halves the picture three times. */
const LEGACY_STRIDE = 8;

export const wantedFiles = ['model.onnx', 'config.yaml', 'threshold.json'];

export async function loadAutoencoder(folder: ModelFolder, runtime: Runtime): Promise<AnomalyDetector> {
  const text = (name: string) => new TextDecoder().decode(folder.file(name));
  const config = parseConfig(text('config.yaml'));
  const threshold = readThreshold(text('threshold.json'));
  const session = await runtime.load(folder.file('model.onnx'));
  return autoencoderDetector(session, {
    task: 'anomaly',
    kind: 'autoencoder',
    encoder: config.encoder ?? 'none',
    imageSize: config.imageSize,
    threshold,
    imported: false,
    notes: [],
  });
}

/**
 * A model folder of the original, scored as the original does. Throws the checkpoint.* errors of its files, and
 * checkpoint.not_finite when its weights give no finite score.
 */
export async function loadOriginal(path: string, runtime: Runtime): Promise<AnomalyDetector> {
  const threshold = readThreshold(await readThresholdFile(path));
  const { network, config, notes } = await readOriginal(path);
  const imageSize = checkedSize(config?.imageSize ?? 256, network);
  const session = await runtime.load(toOnnx(originalInspectionGraph(network, imageSize)));
  const encoder = network.encoder.name;
  const detector = autoencoderDetector(session, {
    task: 'anomaly',
    kind: 'autoencoder',
    encoder,
    imageSize,
    threshold,
    imported: true,
    notes,
  });
  await checkSound(detector, path);
  return detector;
}

function checkedSize(imageSize: number, { encoder }: Network): number {
  const unit = encoder.name === 'none' ? LEGACY_STRIDE : encoder.levels.at(-1)!.stride;
  if (imageSize % unit === 0) return imageSize;
  throw new OkapiError(
    'checkpoint.malformed',
    `config.yaml: expected img_size to be a multiple of ${unit}, got ${imageSize}`,
  );
}

async function readThresholdFile(path: string): Promise<string> {
  try {
    return await readFile(join(path, 'threshold.json'), 'utf8');
  } catch (cause) {
    throw new OkapiError(
      'checkpoint.not_found',
      `expected threshold.json in ${path}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** Runs a grey picture through, since weights that are finite may still give scores that are not. */
async function checkSound(detector: AnomalyDetector, path: string): Promise<void> {
  const { imageSize: size } = detector.model;
  const grey = { width: size, height: size, data: new Uint8Array(3 * size * size).fill(128) };
  try {
    await detector.predict([grey]);
  } catch (cause) {
    await detector.close();
    throw new OkapiError(
      'checkpoint.not_finite',
      `the weights in ${basename(path)} give a grey picture no finite score`,
      { cause },
    );
  }
}
