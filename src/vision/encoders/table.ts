// The encoders by name: where the weights of each come from, and how they are opened.
import { access } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTensors } from '../checkpoint/read-tensors.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { OkapiError } from '../errors.ts';
import { dinov3ConvNextTiny } from './dinov3-convnext.ts';
import { type Encoder, type EncoderName, encoderNames, shallow } from './encoder.ts';
import { mobilenetV3Coco } from './mobilenetv3-coco.ts';
import { noEncoder } from './none.ts';

export interface EncoderRow {
  /** One line for `--help`. */
  readonly about: string;
  /** Finds the file of the weights; null when the encoder has none. Throws encoder.missing_weights. */
  readonly weights: ((folders: readonly string[]) => Promise<string>) | null;
  /** The encoder with these weights. Throws checkpoint.key_mismatch. */
  readonly create: (tensors: Tensors) => Encoder;
}

export const dinov3File = 'dinov3_convnext_tiny_pretrain_lvd1689m-21b726bb.pth';
const dinov3Files = [dinov3File, dinov3File.replace(/pth$/, 'safetensors')];
// The same three folders up from src/vision/encoders and from dist/vision/encoders.
const mobilenetFile = fileURLToPath(new URL('../../../assets/mobilenetv3-coco.safetensors', import.meta.url));

export const encoderTable: Readonly<Record<EncoderName, EncoderRow>> = {
  'dinov3-convnext-tiny': {
    about: 'DINOv3 ConvNeXt-Tiny; the best features, the weights are a separate download from Meta',
    weights: locateDinov3,
    create: dinov3ConvNextTiny,
  },
  'mobilenetv3-coco': {
    about: 'MobileNetV3 trained on COCO; small and quick, comes with this package',
    weights: async () => mobilenetFile,
    // Without the map at stride 32 the decoder has 2.2 instead of 13.2 million weights and its step takes half the time,
    // at the same AUROC (seed 1, 128 pixels, 30 epochs: hazelnut_toy 1.00 and 1.00, aliens 0.63 and 0.63).
    create: (tensors) => shallow(mobilenetV3Coco(tensors), 3),
  },
  none: {
    about: 'no pretrained encoder: the older net, trained from scratch',
    weights: null,
    create: noEncoder,
  },
};

export interface EncoderSource {
  /** Where to look for weights that do not come with the package, in this order. */
  readonly folders: readonly string[];
  /** The weights themselves (.pth, .pt or .safetensors), instead of looking. */
  readonly weightsFile?: string;
}

/**
 * Opens an encoder. Throws encoder.unknown, encoder.missing_weights, option.invalid for a weights file where none is
 * needed, and the checkpoint.* errors of a file that does not fit.
 */
export async function openEncoder(name: string, source: EncoderSource): Promise<Encoder> {
  const row = rowOf(name);
  if (row.weights === null) return row.create(noTensors(name, source));
  const file = source.weightsFile ?? (await row.weights(source.folders));
  if (!(await exists(file)))
    throw new OkapiError('encoder.missing_weights', `expected weights in ${file}, there is no such file`);
  const { tensors } = await readTensors(file);
  return naming(file, () => row.create(tensors));
}

/** Puts the file's name before the message of a mismatch. */
function naming<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof OkapiError)) throw cause;
    throw new OkapiError(cause.code, `${basename(file)}: ${cause.message}`, { cause });
  }
}

function noTensors(name: string, { weightsFile }: EncoderSource): Tensors {
  if (weightsFile === undefined) return new Map();
  throw new OkapiError('option.invalid', `expected no weights for the encoder ${name}, got ${weightsFile}`);
}

/** dinov3-convnext-tiny where its weights lie in one of the folders, else mobilenetv3-coco. */
export async function defaultEncoder(folders: readonly string[]): Promise<EncoderName> {
  return (await firstFile(candidates(folders))) === null ? 'mobilenetv3-coco' : 'dinov3-convnext-tiny';
}

/** Where weights are looked for: the folder itself, `weights` in it, and the folder of the product's files. */
export function weightsFolders(root: string, dataFolder: string): string[] {
  return [resolve(root), resolve(root, 'weights'), resolve(root, dataFolder)];
}

function rowOf(name: string): EncoderRow {
  const known = encoderNames.find((row) => row === name);
  if (known !== undefined) return encoderTable[known];
  throw new OkapiError('encoder.unknown', `expected one of ${encoderNames.join(', ')}; got "${name}"`);
}

async function locateDinov3(folders: readonly string[]): Promise<string> {
  const found = await firstFile(candidates(folders));
  if (found !== null) return found;
  throw new OkapiError(
    'encoder.missing_weights',
    [
      `expected the DINOv3 weights ${dinov3File}, found none in ${folders.join(', ')}.`,
      "Accept Meta's DINOv3 licence, download the file from the official release (github.com/facebookresearch/dinov3)",
      `and put it in one of these folders, or name it with --encoder-weights FILE.`,
      'Or use --encoder mobilenetv3-coco, which needs no download.',
    ].join('\n'),
  );
}

function candidates(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => dinov3Files.map((file) => join(folder, file)));
}

async function firstFile(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await exists(path)) return path;
  return null;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
