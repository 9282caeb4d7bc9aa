// The seam of the encoders: frozen networks that turn a picture into feature maps at several scales.
import { createHash } from 'node:crypto';
import { constant, type Shape, type Value } from '../../autodiff/index.ts';
import { bytesOf, type Tensors, toFloat32 } from '../checkpoint/tensors.ts';
import type { Normalization } from '../image/planes.ts';

export const encoderNames = ['dinov3-convnext-tiny', 'mobilenetv3-coco', 'none'] as const;
export type EncoderName = (typeof encoderNames)[number];

/** A feature map: its channels, and how many pixels of the picture one step in it spans. */
export interface Level {
  readonly channels: number;
  readonly stride: number;
}

export interface Encoder {
  readonly name: EncoderName;
  /** What `features` returns, shallow to deep; each has half the size of the one before. */
  readonly levels: readonly Level[];
  /** How the levels 0..255 of a picture become the input that the encoder was trained on. */
  readonly normalization: Normalization;
  /** Of the weights. */
  readonly licence: string;
  /** The float32 weights by the names of their checkpoint, to be stored in a model under `encoder.`. */
  readonly tensors: Tensors;
  /** SHA-256 over names, shapes and float32 values: the same weights hash alike in every file format. */
  readonly weightsHash: string;
  /**
   * x: [N, 3, H, W], normalised; H and W divisible by the last stride. Returns one map [N, channels, H / stride,
   * W / stride] for each level. The weights are constants of the graph: an encoder is never trained.
   */
  readonly features: (x: Value) => readonly Value[];
}

/** The encoder without its deepest maps; what only they need is not computed. */
export function shallow(encoder: Encoder, levels: number): Encoder {
  return {
    ...encoder,
    levels: encoder.levels.slice(0, levels),
    features: (x) => encoder.features(x).slice(0, levels),
  };
}

/** The tensors as float32, which is what encoders compute in. */
export function asFloat32(tensors: Tensors): Tensors {
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      { dtype: 'float32', shape: tensor.shape, data: toFloat32(tensor, name) },
    ]),
  );
}

export function hashTensors(tensors: Tensors): string {
  const hash = createHash('sha256');
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    hash.update(`${name}[${tensor.shape}]\n`).update(bytesOf(tensor));
  }
  return hash.digest('hex');
}

/** Hands out weights by dotted names below a prefix. */
export interface Weights {
  readonly at: (name: string | number) => Weights;
  /** The tensor of this name, in `shape` where the graph wants another than the checkpoint. */
  readonly get: (name: string, shape?: Shape) => Value;
}

export function weightsOf(tensors: Tensors, prefix = ''): Weights {
  return {
    at: (name) => weightsOf(tensors, `${prefix}${name}.`),
    get(name, shape) {
      const tensor = tensors.get(prefix + name);
      if (tensor === undefined) throw new Error(`internal: no weights named ${prefix}${name}`);
      return constant(tensor.data as Float32Array, shape ?? tensor.shape);
    },
  };
}
