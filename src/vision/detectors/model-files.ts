// What the model folders of all kinds share: their files of weights and settings, and the words for their preprocessing.
import type { FilePieces } from '../checkpoint/model-folder.ts';
import { safetensorsPieces } from '../checkpoint/safetensors.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { torchPieces } from '../checkpoint/torch-writer.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import type { Normalization } from '../image/planes.ts';
import type { TileCut } from '../scoring/tile-pixels.ts';
import { goldenPicture, goldenRecord } from './golden.ts';
import { writeConfig } from './model-config.ts';

export interface ModelContent {
  readonly onnx: Uint8Array;
  readonly state: Tensors;
  readonly config: Readonly<Record<string, unknown>>;
  readonly golden: { readonly picture: Picture; readonly record: string };
  /** The kind's own files. */
  readonly texts: readonly (readonly [name: string, content: string])[];
}

/** The files of a model folder, to be written in one go. */
export async function modelFiles(content: ModelContent): Promise<Map<string, FilePieces>> {
  const { onnx, state, config, golden, texts } = content;
  return new Map<string, FilePieces>([
    ['model.onnx', [onnx]],
    ['model.safetensors', safetensorsPieces(state, { format: 'pt' })],
    ['model.pt', torchPieces(state)],
    ['config.yaml', [bytesOf(writeConfig(config))]],
    ...texts.map(([name, text]) => [name, [bytesOf(text)]] as const),
    [goldenPicture, [await encodePicture(golden.picture, 'png')]],
    [goldenRecord, [bytesOf(golden.record)]],
  ]);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** How `pixels` lie in memory; also in words, for whoever runs model.onnx without this program. */
export function pixelsInWords(imageSize: number) {
  return {
    input: 'pixels',
    shape: [1, imageSize, imageSize, 3],
    layout: 'NHWC, RGB, uint8 levels 0..255; normalisation is part of the model',
  };
}

/** How bytes of a file become `pixels` where pictures, or the tiles that they are cut into, are resized to a square. */
export function squarePreprocessing(
  imageSize: number,
  normalization: Normalization,
  cut: TileCut | null = null,
) {
  return {
    ...pixelsInWords(imageSize),
    ...(cut && { tiles: tilesInWords(cut) }),
    resize: 'area, as cv2.resize with INTER_AREA, to the square without keeping the ratio',
    ...normalization,
  };
}

function tilesInWords({ plan: { size, overlap }, regions }: TileCut): string {
  const outside = regions === null ? '' : '; outside of the regions the resized tile has the level 128';
  return `tiles of ${size} px, evenly spread so that they overlap by ${overlap} px at least, each through the model alone: the score of the picture is the highest of theirs${outside}`;
}
