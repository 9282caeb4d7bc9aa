// MobileNetV3-Large at width 0.75 (Howard et al. 2019, table 1), trained on COCO: the encoder that the package carries.
import { add, conv2d, hardSigmoid, hardSwish, mean, mul, relu, type Value } from '../../autodiff/index.ts';
import type { Pads } from '../../autodiff/ops/attributes.ts';
import { matchKeys } from '../checkpoint/match-keys.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import type { Normalization } from '../image/planes.ts';
import { asFloat32, type Encoder, hashTensors, type Level, type Weights, weightsOf } from './encoder.ts';

type Activation = 'relu' | 'hardSwish';

interface Block {
  /** Channels after the expanding convolution; null where there is none. */
  readonly expand: number | null;
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  /** Channels between the two layers of squeeze-and-excitation; null where there is none. */
  readonly squeeze: number | null;
  readonly activation: Activation;
  readonly out: number;
}

const stem = { out: 16, kernel: 3, stride: 2 } as const;

const blocks: readonly Block[] = [
  { expand: null, kernel: 3, stride: 1, squeeze: null, activation: 'relu', out: 16 },
  { expand: 64, kernel: 3, stride: 2, squeeze: null, activation: 'relu', out: 24 },
  { expand: 72, kernel: 3, stride: 1, squeeze: null, activation: 'relu', out: 24 },
  { expand: 72, kernel: 5, stride: 2, squeeze: 24, activation: 'relu', out: 32 },
  { expand: 96, kernel: 5, stride: 1, squeeze: 24, activation: 'relu', out: 32 },
  { expand: 96, kernel: 5, stride: 1, squeeze: 24, activation: 'relu', out: 32 },
  { expand: 192, kernel: 3, stride: 2, squeeze: null, activation: 'hardSwish', out: 64 },
  { expand: 160, kernel: 3, stride: 1, squeeze: null, activation: 'hardSwish', out: 64 },
  { expand: 144, kernel: 3, stride: 1, squeeze: null, activation: 'hardSwish', out: 64 },
  { expand: 144, kernel: 3, stride: 1, squeeze: null, activation: 'hardSwish', out: 64 },
  { expand: 384, kernel: 3, stride: 1, squeeze: 96, activation: 'hardSwish', out: 88 },
  { expand: 528, kernel: 3, stride: 1, squeeze: 136, activation: 'hardSwish', out: 88 },
  { expand: 528, kernel: 5, stride: 2, squeeze: 136, activation: 'hardSwish', out: 120 },
  { expand: 720, kernel: 5, stride: 1, squeeze: 184, activation: 'hardSwish', out: 120 },
];

/** Of the block behind the table only the expanding convolution is there. */
const last = { expand: 720, activation: 'hardSwish' } as const;

/** Maps are taken behind the expanding convolution of these blocks: the last of their size, and the widest. */
const taps: ReadonlyMap<number, Level> = new Map([
  [3, { channels: 72, stride: 4 }],
  [6, { channels: 192, stride: 8 }],
  [12, { channels: 528, stride: 16 }],
  [blocks.length, { channels: last.expand, stride: 32 }],
]);

const activations: Readonly<Record<Activation, (x: Value) => Value>> = { relu, hardSwish };

/** The maps of `mobilenetV3Maps`, shallow to deep. */
export const mobilenetV3Levels: readonly Level[] = [...taps.values()];

/** How levels 0..255 become the input: as they are. */
export const mobilenetV3Normalization: Normalization = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };

/** The encoder with the weights of assets/mobilenetv3-coco.safetensors. Throws checkpoint.key_mismatch. */
export function mobilenetV3Coco(found: Tensors): Encoder {
  matchKeys(mobilenetV3Shapes(), found);
  const tensors = asFloat32(found);
  return {
    name: 'mobilenetv3-coco',
    levels: mobilenetV3Levels,
    normalization: mobilenetV3Normalization,
    licence: 'MIT',
    tensors,
    weightsHash: hashTensors(tensors),
    features: (x) => mobilenetV3Maps(weightsOf(tensors), x),
  };
}

/** The names and shapes of the weights, in the order of the net: `stem.weight`, `block0.depthwise.weight`, ... */
export function mobilenetV3Shapes(): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const conv = (name: string, out: number, inputs: number, kernel: number) => {
    shapes.set(`${name}.weight`, [out, inputs, kernel, kernel]);
    shapes.set(`${name}.bias`, [out]);
  };
  conv('stem', stem.out, 3, stem.kernel);
  let channels: number = stem.out;
  for (const [i, block] of blocks.entries()) {
    const wide = block.expand ?? channels;
    if (block.expand !== null) conv(`block${i}.expand`, wide, channels, 1);
    conv(`block${i}.depthwise`, wide, 1, block.kernel);
    if (block.squeeze !== null) {
      conv(`block${i}.squeeze`, block.squeeze, wide, 1);
      conv(`block${i}.excite`, wide, block.squeeze, 1);
    }
    conv(`block${i}.project`, block.out, wide, 1);
    channels = block.out;
  }
  conv(`block${blocks.length}.expand`, last.expand, channels, 1);
  return shapes;
}

/** picture: [N, 3, H, W], normalised -> one map for each of `mobilenetV3Levels`, whoever holds the weights. */
export function mobilenetV3Maps(w: Weights, picture: Value): readonly Value[] {
  const maps: Value[] = [];
  let x = hardSwish(conv(w.at('stem'), picture, { stride: stem.stride }));
  for (const [i, block] of blocks.entries()) {
    const wide = block.expand === null ? x : expand(w.at(`block${i}`), x, block.activation);
    if (taps.has(i)) maps.push(wide);
    const y = narrow(w.at(`block${i}`), wide, block);
    x = block.stride === 1 && sameChannels(x, y) ? add(x, y) : y;
  }
  maps.push(expand(w.at(`block${blocks.length}`), x, last.activation));
  return maps;
}

function expand(w: Weights, x: Value, activation: Activation): Value {
  return activations[activation](conv(w.at('expand'), x));
}

/** Depthwise convolution, squeeze-and-excitation (Hu et al. 2018) and projection. */
function narrow(w: Weights, wide: Value, { activation, stride, squeeze }: Block): Value {
  const groups = wide.type.shape[1]!;
  const y = activations[activation](conv(w.at('depthwise'), wide, { stride, groups }));
  return conv(w.at('project'), squeeze === null ? y : mul(y, excitation(w, y)));
}

/** A factor in 0..1 for each channel. [N, C, H, W] -> [N, C, 1, 1] */
function excitation(w: Weights, x: Value): Value {
  const average = mean(x, { axes: [2, 3], keepDims: true });
  return hardSigmoid(conv(w.at('excite'), relu(conv(w.at('squeeze'), average))));
}

function conv(w: Weights, x: Value, options: { stride?: number; groups?: number } = {}): Value {
  const weight = w.get('weight');
  const pad = samePads(x, weight.type.shape[2]!, options.stride ?? 1);
  return conv2d(x, weight, { ...options, pad, bias: w.get('bias') });
}

/** TensorFlow's SAME: as much as the last window needs; the odd pixel goes to the bottom and the right. */
function samePads(x: Value, kernel: number, stride: number): Pads {
  const [, , height, width] = x.type.shape as [number, number, number, number];
  const total = (size: number) => Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const [vertical, horizontal] = [total(height), total(width)];
  const [top, left] = [Math.floor(vertical / 2), Math.floor(horizontal / 2)];
  return [top, left, vertical - top, horizontal - left];
}

function sameChannels(a: Value, b: Value): boolean {
  return a.type.shape[1] === b.type.shape[1];
}
