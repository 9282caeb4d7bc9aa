// The graphs of the autoencoder: features to cache, the training loss, validation, and the inspection that is served.
import {
  abs,
  add,
  averagePool2d,
  cast,
  clip,
  concat,
  constant,
  div,
  flip,
  type Graph,
  type InputTypes,
  mean,
  mul,
  reshape,
  type Scope,
  slice,
  sub,
  trace,
  type Value,
} from '../../../autodiff/index.ts';
import { insideMap, topInside } from '../region-graph.ts';
import { pictureLosses, reconstructionLoss, similarity } from './loss.ts';
import { type Network, pixelInput, targetOf } from './network.ts';

const levelName = (level: number) => `level${level}`;

/** The largest float16. */
const HALF_MAX = 65504;

/** pixels -> level0, level1, ...: the encoder's feature maps in float16, as they are cached. */
export function featureGraph(network: Network, size: number): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(1, size) },
    build: (_, { pixels }) =>
      Object.fromEntries(
        network
          .features(pixels)
          .map((map, level) => [levelName(level), cast(clip(map, -HALF_MAX, HALF_MAX), 'float16')]),
      ),
  });
}

/** What a training or validation step is fed: pixels, and the cached feature maps when the encoder is frozen. */
export function viewInputs(network: Network, batch: number, size: number): InputTypes {
  const levels = network.frozen ? network.encoder.levels : [];
  const maps = levels.map(({ channels, stride }, level) => [
    levelName(level),
    { shape: [batch, channels, size / stride, size / stride], dtype: 'float16' } as const,
  ]);
  return { pixels: pixelInput(batch, size), ...Object.fromEntries(maps) };
}

interface Drawn {
  /** Both [N, 3, S, S] in 0..1. */
  readonly target: Value;
  readonly reconstruction: Value;
}

/** Pictures drawn from their pixels. */
function drawn(network: Network, s: Scope, pixels: Value): Drawn {
  return {
    target: targetOf(network, pixels),
    reconstruction: network.reconstruct(s, network.features(pixels)),
  };
}

/** Pictures drawn from fed views: from the cached feature maps when the encoder is frozen. */
function drawnFromViews(network: Network, s: Scope, inputs: Readonly<Record<string, Value>>): Drawn {
  const pixels = inputs.pixels!;
  if (!network.frozen) return drawn(network, s, pixels);
  const features = network.encoder.levels.map((_, level) => cast(inputs[levelName(level)]!, 'float32'));
  return { target: targetOf(network, pixels), reconstruction: network.reconstruct(s, features) };
}

export function trainingLoss(network: Network) {
  return (s: Scope, inputs: Readonly<Record<string, Value>>): { loss: Value } => {
    const { target, reconstruction } = drawnFromViews(network, s, inputs);
    return { loss: reconstructionLoss(reconstruction, target).loss };
  };
}

/** Views and the trained weights as inputs -> losses [N], and the reconstruction [N, 3, S, S]. */
export function validationGraph(network: Network, batch: number, size: number): Graph {
  return trace(network.parameters, {
    inputs: viewInputs(network, batch, size),
    mode: 'train',
    build: (s, inputs) => {
      const { target, reconstruction } = drawnFromViews(network, s, inputs);
      return { losses: pictureLosses(reconstruction, target), reconstruction };
    },
  });
}

/**
 * What the network leaves over of good pictures, pixel by pixel: its mean, and its spread, both [S * S]. Edges, glints and
 * textures are never drawn exactly, so an error says little until it is measured against that of good parts at its place.
 */
export interface Residuals {
  readonly mean: Float32Array;
  /** Above zero everywhere. */
  readonly spread: Float32Array;
}

/** The share of pixels, the worst ones, whose mean is the score. */
const TOP_SHARE = 0.001;

/** A view of one picture, as `viewInputs` -> residual [S, S], from which `Residuals` are made. */
export function residualGraph(network: Network, size: number): Graph {
  return trace(network.parameters, {
    inputs: viewInputs(network, 1, size),
    build: (s, inputs) => ({
      residual: reshape(residualOf(drawnFromViews(network, s, inputs)), [size, size]),
    }),
  });
}

/**
 * The model that is served. pixels [1, S, S, 3] uint8 -> score [1], map [1, S, S] and reconstruction [1, 3, S, S] in 0..1.
 * map = (residual - mean) / spread of good parts, in spreads; score = mean of the top 0.1 % of the map. With a region only
 * what lies in it counts, and the map outside is below every threshold.
 */
export function inspectionGraph(network: Network, size: number, residuals: Residuals): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(1, size) },
    build: (s, { pixels }) => {
      const drawing = drawn(network, s, pixels);
      const plane = (data: Float32Array) => constant(data, [1, 1, size, size]);
      const map = div(sub(residualOf(drawing), plane(residuals.mean)), plane(residuals.spread));
      const { region } = network;
      const score = mean(topInside(map, TOP_SHARE, region), { axes: [1] });
      const shown = reshape(insideMap(map, region), [1, size, size]);
      return { score, map: shown, reconstruction: drawing.reconstruction };
    },
  });
}

/**
 * The same of a model of the original, which scores otherwise: map = |d|, the mean over the channels;
 * score = 0.35 * mean |d| + 0.35 * mean of the top 1 % of |d| + 0.15 * (1 - SSIM).
 */
export function originalInspectionGraph(network: Network, size: number): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(1, size) },
    build: (s, { pixels }) => {
      const { target, reconstruction } = drawnTwice(network, s, pixels);
      const map = difference(target, reconstruction);
      const everywhere = { axes: [1, 2, 3] };
      const topError = mean(topInside(map, 0.01, null), { axes: [1] });
      const dissimilarity = sub(1, mean(similarity(reconstruction, target), everywhere));
      const score = add(add(mul(mean(map, everywhere), 0.35), mul(topError, 0.35)), mul(dissimilarity, 0.15));
      return { score, map: reshape(map, [1, size, size]), reconstruction };
    },
  });
}

/** The original's drawing of one picture: the mean of that and of the mirrored picture's, mirrored back. */
function drawnTwice(network: Network, s: Scope, pixels: Value): Drawn {
  const { reconstruction: pair } = drawn(network, s, concat([pixels, flip(pixels, [2])], 0));
  return {
    target: targetOf(network, pixels),
    reconstruction: mul(add(batchItem(pair, 0), flip(batchItem(pair, 1), [3])), 0.5),
  };
}

/**
 * The error that means something, [1, 1, S, S]: between the two pictures without their finest detail, which the network
 * does not draw, and smoothed, since a defect covers more than a pixel.
 */
function residualOf({ target, reconstruction }: Drawn): Value {
  const size = target.type.shape[3]!;
  const [detail, extent] = [oddWidth(size / 50), oddWidth(size / 28)];
  return smooth(difference(smooth(target, detail), smooth(reconstruction, detail)), extent);
}

/** The nearest odd number, at least 3. */
function oddWidth(width: number): number {
  return Math.max(3, 2 * Math.round((width - 1) / 2) + 1);
}

/** Mean over the channels of |a - b|: [N, 1, S, S]. */
function difference(a: Value, b: Value): Value {
  return mean(abs(sub(a, b)), { axes: [1], keepDims: true });
}

/** Two box blurs of the given odd width, which together are close to a Gaussian. */
function smooth(map: Value, width: number): Value {
  const box = (x: Value) =>
    averagePool2d(x, { kernel: width, stride: 1, pad: (width - 1) / 2, countIncludePad: false });
  return box(box(map));
}

function batchItem(x: Value, item: number): Value {
  return slice(x, { axes: [0], starts: [item], ends: [item + 1] });
}
