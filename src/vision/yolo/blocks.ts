// The blocks that YOLOv8 is made of, under the names of its state dict.
import {
  add,
  batchNormInference,
  concat,
  conv2d,
  fill,
  kaimingUniform,
  layers,
  maxPool2d,
  type Scope,
  silu,
  slice,
  split,
  type Value,
} from '../../autodiff/index.ts';

export interface ConvBlock {
  readonly out: number;
  readonly kernel: 1 | 3;
  readonly stride?: 1 | 2;
}

/**
 * The weight of a new batch in the running statistics. The family's own 0.03 remembers the first, wrong ones for a hundred
 * steps, and a small data set has a few hundred: eight pictures learnt by heart are found again (mAP50 0.95) after 23
 * steps instead of 53.
 */
const momentum = 0.1;

/** Added to a variance. */
const eps = 1e-3;

/** Convolution, batch normalisation, SiLU: weights `conv.weight` and `bn.*`. [N, C, H, W] -> [N, out, H / stride, W / stride] */
export function convBlock(s: Scope, x: Value, { out, kernel, stride = 1 }: ConvBlock): Value {
  const pad = (kernel - 1) / 2;
  const y = layers.conv(s.at('conv'), x, { out, kernel, stride, pad, bias: false, init: kaimingUniform });
  return silu(layers.batchNorm(s.at('bn'), y, { eps, momentum }));
}

export interface StageBlock {
  readonly out: number;
  /** How many bottlenecks. */
  readonly count: number;
  /** Whether each bottleneck adds its input to its output. */
  readonly shortcut: boolean;
}

/**
 * A cross-stage partial block (Wang et al. 2020): half of the channels pass `count` bottlenecks, and the result of each,
 * not of the last alone, is mixed with the other half. [N, C, H, W] -> [N, out, H, W]
 */
export function stage(s: Scope, x: Value, { out, count, shortcut }: StageBlock): Value {
  const parts = halves(s.at('cv1'), x, out);
  for (let i = 0; i < count; i++) parts.push(bottleneck(s.at('m').at(i), parts.at(-1)!, shortcut));
  return convBlock(s.at('cv2'), concat(parts, 1), { out, kernel: 1 });
}

/**
 * A 1x1 block to `out` channels, cut in two. Where the weights are constants they are cut, not the map: that would have to
 * leave ONNX Runtime's layout for convolutions and come back (forward pass of yolov8n).
 */
function halves(s: Scope, x: Value, out: number): Value[] {
  const half = out / 2;
  if (s.mode !== 'infer') return split(convBlock(s, x, { out, kernel: 1 }), [half, half], 1);
  const w = s.at('conv').param('weight', [out, x.type.shape[1]!, 1, 1], kaimingUniform);
  const norm = s.at('bn');
  const affine = [norm.param('weight', [out], fill(1), 'norm'), norm.param('bias', [out], fill(0), 'norm')];
  const statistics = [
    norm.buffer('running_mean', [out], fill(0)),
    norm.buffer('running_var', [out], fill(1)),
  ];
  return [0, half].map((start) => {
    const part = (v: Value) => slice(v, { axes: [0], starts: [start], ends: [start + half] });
    const [scale, bias, mean, variance] = [...affine, ...statistics].map(part) as [
      Value,
      Value,
      Value,
      Value,
    ];
    return silu(batchNormInference(conv2d(x, part(w)), scale, bias, mean, variance, { eps }));
  });
}

/** Two 3x3 convolutions that keep the channels. */
function bottleneck(s: Scope, x: Value, shortcut: boolean): Value {
  const out = x.type.shape[1]!;
  const y = convBlock(s.at('cv2'), convBlock(s.at('cv1'), x, { out, kernel: 3 }), { out, kernel: 3 });
  return shortcut ? add(x, y) : y;
}

/**
 * Spatial pyramid pooling (He et al. 2014) in its sequential form: three 5x5 maxima after each other see 5, 9 and 13
 * pixels. Keeps the shape.
 */
export function pyramidPooling(s: Scope, x: Value): Value {
  const out = x.type.shape[1]!;
  const maps = [convBlock(s.at('cv1'), x, { out: out / 2, kernel: 1 })];
  for (let i = 0; i < 3; i++) maps.push(maxPool2d(maps.at(-1)!, { kernel: 5, stride: 1, pad: 2 }));
  return convBlock(s.at('cv2'), concat(maps, 1), { out, kernel: 1 });
}
