// Checks uploaded weights by doing what they are for, and writes them anew: nothing of the upload itself is kept.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toOnnx } from '../../autodiff/onnx/to-onnx.ts';
import type { Runtime } from '../../autodiff/runtime.ts';
import { manifestName, writeModelFolder } from '../../vision/checkpoint/model-folder.ts';
import { safetensorsPieces } from '../../vision/checkpoint/safetensors.ts';
import { originalInspectionGraph } from '../../vision/detectors/autoencoder/graphs.ts';
import { inspect } from '../../vision/detectors/autoencoder/inspect.ts';
import { type Network, stateDict } from '../../vision/detectors/autoencoder/network.ts';
import { readSavedNetwork } from '../../vision/detectors/autoencoder/saved-network.ts';
import { writeConfig } from '../../vision/detectors/model-config.ts';
import { OkapiError, type Picture } from '../../vision/index.ts';
import type { ModelRecord } from './model-record.ts';

export interface BaseModelToCheck {
  /** The uploaded file. */
  readonly path: string;
  /** How the user calls it. */
  readonly displayName: string;
  /** The model folder to write. */
  readonly folder: string;
}

export interface CheckedBaseModel {
  readonly encoder: string;
  /** What was done to read it, in sentences. */
  readonly notes: readonly string[];
  /** What the folder holds. */
  readonly files: ModelRecord['files'];
}

/**
 * The weights are read whole, must fit the autoencoder, be finite, and draw a plain picture. Throws the checkpoint.* errors,
 * about the file under the user's name.
 */
export async function checkBaseModel(
  { path, displayName, folder }: BaseModelToCheck,
  runtime: Runtime,
): Promise<CheckedBaseModel> {
  try {
    const { network, notes } = await readSavedNetwork(path);
    await smokeTest(network, runtime);
    await writeBaseModel(network, folder);
    return { encoder: network.encoder.name, notes, files: await filesIn(folder) };
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    throw new OkapiError(error.code, error.message.replaceAll(basename(path), displayName), { cause: error });
  }
}

/** Divisible by all strides. */
const SMOKE_SIZE = 64;

/** Throws checkpoint.smoke_failed when weights that are finite give a score, map or drawing that is not. */
async function smokeTest(network: Network, runtime: Runtime): Promise<void> {
  const session = await runtime.load(toOnnx(originalInspectionGraph(network, SMOKE_SIZE)));
  try {
    const { score, reconstruction } = await inspect(session, smokePicture(), SMOKE_SIZE);
    if (Number.isFinite(score) && reconstruction.every(Number.isFinite)) return;
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
  } finally {
    await session.close();
  }
  const text = 'expected weights that draw a plain picture, got values that are not finite';
  throw new OkapiError('checkpoint.smoke_failed', text);
}

/** A ramp of colours, the same each time. */
function smokePicture(): Picture {
  const data = Uint8Array.from({ length: 3 * SMOKE_SIZE ** 2 }, (_, i) => (i * 7) % 251);
  return { width: SMOKE_SIZE, height: SMOKE_SIZE, data };
}

/** No clock and no name goes in: the same weights give the same files. */
async function writeBaseModel(network: Network, folder: string): Promise<void> {
  const { encoder, normalization } = network;
  const config = writeConfig({
    detector: 'autoencoder',
    note: 'uploaded weights, to train from',
    encoder: { name: encoder.name, weights_sha256: encoder.weightsHash, licence: encoder.licence },
    preprocessing: { ...normalization },
  });
  const files = new Map([
    ['model.safetensors', safetensorsPieces(stateDict(network), { format: 'pt' })],
    ['config.yaml', [new TextEncoder().encode(config)]],
  ]);
  await writeModelFolder(folder, files);
}

/** The files of the manifest, and the manifest itself. */
async function filesIn(folder: string): Promise<ModelRecord['files']> {
  const bytes = await readFile(join(folder, manifestName));
  const { files } = JSON.parse(bytes.toString()) as Pick<ModelRecord, 'files'>;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...files, [manifestName]: { bytes: bytes.length, sha256 } };
}
