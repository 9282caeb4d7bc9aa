// The usual layers, as functions from a Scope and a Value to a Value. Names and shapes are PyTorch's.
import type { Value } from '../graph.ts';
import type { Pads, Pair } from '../ops/attributes.ts';
import * as ops from '../ops/build.ts';
import { fill, type Initializer, kaimingNormal, kaimingUniform } from './initializers.ts';
import type { Scope } from './parameters.ts';

export interface ConvLayer {
  readonly out: number;
  readonly kernel: number | Pair;
  readonly stride?: number | Pair;
  readonly pad?: number | Pair | Pads;
  readonly dilation?: number | Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly init?: Initializer;
}

/** x: [N, C, H, W] -> [N, out, H', W']. Weights `weight` [out, C / groups, kh, kw] and `bias` [out], zero at first. */
export function conv(s: Scope, x: Value, layer: ConvLayer): Value {
  const { out, kernel, groups = 1, bias = true, init = kaimingNormal, ...rest } = layer;
  const [kh, kw] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const w = s.param('weight', [out, x.type.shape[1]! / groups, kh, kw], init);
  return ops.conv2d(x, w, {
    ...rest,
    groups,
    ...(bias && { bias: s.param('bias', [out], fill(0), 'bias') }),
  });
}

/** x: [..., in] -> [..., out]. Weights `weight` [out, in] and `bias` [out]. */
export function linear(
  s: Scope,
  x: Value,
  layer: { out: number; bias?: boolean; init?: Initializer },
): Value {
  const w = s.param('weight', [layer.out, x.type.shape.at(-1)!], layer.init ?? kaimingUniform);
  const y = ops.matmul(x, w, { transB: true });
  return layer.bias === false ? y : ops.add(y, s.param('bias', [layer.out], fill(0), 'bias'));
}

export function groupNorm(s: Scope, x: Value, layer: { groups: number; eps?: number }): Value {
  const [weight, bias] = affine(s, x.type.shape[1]!);
  return ops.groupNorm(x, weight, bias, layer);
}

/** Normalises the last axis. */
export function layerNorm(s: Scope, x: Value, layer: { eps?: number } = {}): Value {
  const [weight, bias] = affine(s, x.type.shape.at(-1)!);
  return ops.layerNorm(x, weight, bias, layer);
}

/**
 * Batch statistics while training, running statistics otherwise. `momentum` is the weight of the new batch, as in
 * PyTorch; the running variance is unbiased, as there.
 */
export function batchNorm(s: Scope, x: Value, layer: { eps?: number; momentum?: number } = {}): Value {
  const channels = x.type.shape[1]!;
  const [weight, bias] = affine(s, channels);
  const runningMean = s.buffer('running_mean', [channels], fill(0));
  const runningVariance = s.buffer('running_var', [channels], fill(1));
  if (s.mode !== 'train') return ops.batchNormInference(x, weight, bias, runningMean, runningVariance, layer);
  const { y, mean, variance } = ops.batchNorm(x, weight, bias, layer);
  const momentum = layer.momentum ?? 0.1;
  const count = (x.type.shape[0]! * x.type.shape.slice(2).reduce((a, b) => a * b, 1)) as number;
  const blend = (old: Value, next: Value) => ops.add(ops.mul(old, 1 - momentum), ops.mul(next, momentum));
  s.update('running_mean', blend(runningMean, mean));
  s.update('running_var', blend(runningVariance, ops.mul(variance, count / Math.max(1, count - 1))));
  return y;
}

function affine(s: Scope, channels: number): [Value, Value] {
  return [s.param('weight', [channels], fill(1), 'norm'), s.param('bias', [channels], fill(0), 'norm')];
}
