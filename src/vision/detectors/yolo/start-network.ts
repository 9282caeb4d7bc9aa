// The network that a training starts with: fresh, on the pretrained trunk, or from weights that the user has.
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openModelFolder } from '../../checkpoint/model-folder.ts';
import { type ReadTensors, readTensors } from '../../checkpoint/read-tensors.ts';
import { encoderTable } from '../../encoders/table.ts';
import { OkapiError } from '../../errors.ts';
import { type YoloNetwork, yoloNetwork } from '../../yolo/network.ts';
import { loadPretrained, readPretrained } from '../../yolo/pretrained.ts';
import { parseVariant, type Variant } from '../../yolo/variants.ts';
import type { TrainRequest } from '../detector.ts';
import type { YoloSettings } from './settings.ts';

export interface StartNetwork {
  readonly network: YoloNetwork;
  /** The name of the file or model that it starts from; null when there is none. */
  readonly startedFrom: string | null;
  /** What fitted, in a sentence; null likewise. */
  readonly report: string | null;
}

/** The setting that keeps a file in the weights folders from being used. */
const NO_WEIGHTS = 'none';
const extensions = ['.pt', '.pth', '.safetensors'];

/**
 * The weights are those of `base` (a model folder or a file), of the setting `weights` (a file, or its name in a weights
 * folder), or of a file there that is called as the variant. Throws checkpoint.not_found naming what was looked for, and the
 * checkpoint.* errors of the file.
 */
export async function startNetwork(
  { variant: name, seed, weights }: YoloSettings,
  classes: number,
  { base, encoderSource }: Pick<TrainRequest, 'base' | 'encoderSource'>,
): Promise<StartNetwork> {
  const variant = parseVariant(name);
  const folders = encoderSource?.folders ?? [];
  const network = await freshNetwork(variant, classes, seed);
  const path = base ?? (await weightsFile(weights, variant, folders));
  if (path === null) return { network, startedFrom: null, report: null };
  const { tensors, module } = await readWeights(path);
  return { network, startedFrom: basename(path), report: loadNamed(network, { path, tensors, module }) };
}

/**
 * The report of startNetwork for a file, before there is a training. Throws checkpoint.key_mismatch for a file that is no
 * detector of the variant, and the checkpoint.* errors of the file.
 */
export async function checkStartWeights(path: string, variant: string, classes: number): Promise<string> {
  const { tensors, module } = await readWeights(path);
  // Names and shapes are compared, so the trunk need not be read.
  const network = yoloNetwork({ variant: parseVariant(variant), classes, seed: 0 });
  return loadNamed(network, { path, tensors, module });
}

/** Throws as loadPretrained, naming the file. */
function loadNamed(
  network: YoloNetwork,
  { path, tensors, module }: { readonly path: string } & Pick<ReadTensors, 'tensors' | 'module'>,
): string {
  const name = basename(path);
  try {
    return `starting from ${name}: ${loadPretrained(network, tensors, module).report}`;
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    throw new OkapiError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

async function freshNetwork(variant: Variant, classes: number, seed: number): Promise<YoloNetwork> {
  if (variant.backbone === 'yolov8') return yoloNetwork({ variant, classes, seed });
  const file = await encoderTable[variant.backbone].weights!([]);
  const { tensors: trunk } = await readTensors(file);
  return yoloNetwork({ variant, classes, seed, trunk });
}

async function weightsFile(
  wanted: string | null,
  variant: Variant,
  folders: readonly string[],
): Promise<string | null> {
  if (wanted === NO_WEIGHTS) return null;
  const names = wanted === null ? extensions.map((extension) => variant.name + extension) : [wanted];
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of wanted === null ? places : [wanted, ...places])
    if ((await stat(path).catch(() => null)) !== null) return path;
  if (wanted === null) return null;
  const looked = folders.length > 0 ? `, nor in ${folders.join(' or ')}` : '';
  throw new OkapiError('checkpoint.not_found', `there is no file of weights ${wanted}${looked}`);
}

/** Of a model folder of ours, or a file. */
async function readWeights(path: string): ReturnType<typeof readPretrained> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new OkapiError('checkpoint.not_found', `there is no model ${path}`);
  if (!found.isDirectory()) return readPretrained(path);
  const folder = await openModelFolder(path, ['model.safetensors']);
  return readPretrained(folder.file('model.safetensors'));
}
