// Networks that were saved: in our model folders, in those of the original, or as a bare file of weights.
import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestName, openModelFolder } from '../../checkpoint/model-folder.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import type { Tensors } from '../../checkpoint/tensors.ts';
import type { EncoderName } from '../../encoders/encoder.ts';
import { isLegacyNet, legacyTensors } from '../../encoders/legacy-net.ts';
import { encoderTable } from '../../encoders/table.ts';
import { OkapiError } from '../../errors.ts';
import { type Normalization, unitRange } from '../../image/planes.ts';
import { type ModelConfig, parseConfig } from '../model-config.ts';
import { encoderTensors, type Network, restoreAutoencoder } from './network.ts';

export interface SavedNetwork {
  readonly network: Network;
  /** What config.yaml says; null for a bare file. */
  readonly config: ModelConfig | null;
  readonly notes: readonly string[];
}

/**
 * Reads a model folder or a file of weights, with its encoder: no other file is needed. Throws the checkpoint.* errors,
 * each naming the file.
 */
export async function readSavedNetwork(path: string): Promise<SavedNetwork> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new OkapiError('checkpoint.not_found', `there is no model ${path}`);
  if (!found.isDirectory()) {
    const { tensors, notes } = await readTensors(path);
    return { network: restore(tensors, null), config: null, notes };
  }
  return (await exists(join(path, manifestName))) ? readOwn(path) : readOriginal(path);
}

async function readOwn(path: string): Promise<SavedNetwork> {
  const folder = await openModelFolder(path, ['model.safetensors', 'config.yaml']);
  const config = parseConfig(new TextDecoder().decode(folder.file('config.yaml')));
  const { tensors, notes } = await readTensors(folder.file('model.safetensors'));
  return { network: restore(tensors, config.normalization), config, notes };
}

/** A folder of the original: its networks are fed 0..1, whatever their encoder was trained on. */
export async function readOriginal(path: string): Promise<SavedNetwork> {
  const names = ['model.safetensors', 'model.pt', 'model.pth'].map((name) => join(path, name));
  const present = await Promise.all(names.map(exists));
  const file = names.find((_, i) => present[i]);
  if (file === undefined)
    throw new OkapiError(
      'checkpoint.not_found',
      `expected model.safetensors or model.pt in ${path}, found neither`,
    );
  const { tensors, notes } = await readTensors(file);
  const text = await readFile(join(path, 'config.yaml'), 'utf8').catch(() => '');
  return { network: restore(tensors, unitRange), config: parseConfig(text), notes };
}

/** The network of a state dict; the names tell which. `normalization` null means that of the encoder. */
function restore(state: Tensors, normalization: Normalization | null): Network {
  const encoder = encoderTable[encoderOf(state)].create(encoderTensors(state));
  const trained = encoder.name === 'none' ? legacyTensors(state) : state;
  return restoreAutoencoder(encoder, trained, normalization ?? encoder.normalization);
}

function encoderOf(state: Tensors): EncoderName {
  if (isLegacyNet(state)) return 'none';
  const frozen = encoderTensors(state);
  if (frozen.size === 0)
    throw new OkapiError(
      'checkpoint.key_mismatch',
      `expected the weights of an autoencoder (names under "encoder." or "down1."), got ${[...state.keys()].slice(0, 5).join(', ')}`,
    );
  return frozen.has('downsample_layers.0.0.weight') ? 'dinov3-convnext-tiny' : 'mobilenetv3-coco';
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
