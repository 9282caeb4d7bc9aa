// The detector as one network: from pixels to what is said about each anchor, under the names of its state dict.
import {
  add,
  cast,
  constant,
  mul,
  Parameters,
  type Scope,
  trace,
  transpose,
  type Value,
} from '../../autodiff/index.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { type Normalization, unitRange } from '../image/planes.ts';
import { bins } from './anchors.ts';
import { backboneMaps } from './backbone.ts';
import { type Head, headOf } from './head.ts';
import { neckMaps } from './neck.ts';
import { defineTrunk, trunkMaps, trunkNormalization } from './trunk.ts';
import type { Backbone, Variant } from './variants.ts';

export interface YoloNetwork {
  readonly variant: Variant;
  readonly classes: number;
  /**
   * All weights, named from the start. Those of the yolov8 family have the names and shapes that public checkpoints of the
   * family have: `model.0.conv.weight`, ... `model.22.dfl.conv.weight`.
   */
  readonly parameters: Parameters;
  /** pixels: [N, S, S, 3] uint8, levels 0..255; S divisible by 32. Normalisation is part of the network. */
  head(s: Scope, pixels: Value): Head;
}

export interface YoloParts {
  readonly variant: Variant;
  readonly classes: number;
  /** Of the initial weights. */
  readonly seed: number;
  /** Weights of the pretrained trunk; without them the trunk of an okapi variant is drawn, to be replaced. */
  readonly trunk?: Tensors;
  /** The first block of the trunk that is trained, 0 to 15 (none); 4 when left out. A higher one is quicker to train. */
  readonly firstTrainedBlock?: number;
}

interface BackboneRow {
  readonly normalization: Normalization;
  /** Maps at strides 8, 16 and 32. */
  readonly maps: (s: Scope, planes: Value, variant: Variant) => readonly Value[];
}

const backbones: Readonly<Record<Backbone, BackboneRow>> = {
  yolov8: {
    normalization: unitRange,
    maps: (s, planes, variant) => backboneMaps(s.at('model'), planes, variant),
  },
  'mobilenetv3-coco': { normalization: trunkNormalization, maps: trunkMaps },
};

/** A network with fresh weights. Throws checkpoint.key_mismatch when `trunk` has other tensors than the net. */
export function yoloNetwork({ variant, classes, seed, trunk, firstTrainedBlock }: YoloParts): YoloNetwork {
  const parameters = new Parameters(seed);
  const { normalization, maps } = backbones[variant.backbone];
  if (variant.backbone === 'mobilenetv3-coco') defineTrunk(parameters, trunk, firstTrainedBlock);
  const network: YoloNetwork = {
    variant,
    classes,
    parameters,
    head: (s, pixels) => {
      const scales = maps(s, normalised(pixels, normalization), variant);
      return headOf(s.at('model').at(22), neckMaps(s.at('model'), scales, variant), classes);
    },
  };
  define(network);
  return network;
}

/** Pictures as they lie in memory: [N, S, S, 3], levels 0..255. */
export const pixelInput = (batch: number, size: number) =>
  ({ shape: [batch, size, size, 3], dtype: 'uint8' }) as const;

/** [N, S, S, 3] levels -> planes [N, 3, S, S], (level * scale - mean) / std. */
function normalised(pixels: Value, { scale, mean, std }: Normalization): Value {
  const perChannel = (numbers: readonly number[]) => constant(numbers, [1, 3, 1, 1]);
  const planes = cast(transpose(pixels, [0, 3, 1, 2]), 'float32');
  const factor = perChannel(std.map((each) => scale / each));
  return add(mul(planes, factor), perChannel(mean.map((each, c) => -each / std[c]!)));
}

/** Names all weights, by building the network once at its smallest size. */
function define(network: YoloNetwork): void {
  trace(network.parameters, {
    inputs: { pixels: pixelInput(1, 32) },
    build: (s, { pixels }) => ({ ...network.head(s, pixels) }),
  });
  // The mean over the bins is written as a convolution there, whose weights are 0, 1, ... 15 and stay so.
  const positions = Float32Array.from({ length: bins }, (_, i) => i);
  const fixed = { trainable: false, group: 'fixed' };
  network.parameters.set('model.22.dfl.conv.weight', [1, bins, 1, 1], positions, fixed);
}
