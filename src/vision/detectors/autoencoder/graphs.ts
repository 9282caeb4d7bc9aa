// The graphs of the autoencoder: features to cache, the training loss, validation, and the inspection that is served.
import {
  abs,
  add,
  averagePool2d,
  cast,
  clip,
  concat,
  flip,
  type Graph,
  type InputTypes,
  mean,
  mul,
  reshape,
  type Scope,
  slice,
  sub,
  topK,
  trace,
  type Value,
} from '../../../autodiff/index.ts';
import { pictureLosses, reconstructionLoss, similarity } from './loss.ts';
import { type Network, pixelInput, targetOf } from './network.ts';

const levelName = (level: number) => `level${level}`;

/** Width of the blur of maps, in pixels. Single pixels differ by chance; a defect covers many. */
export const SMOOTHING = 7;

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

/** The picture and its reconstruction from fed views, both [N, 3, S, S]. */
function reconstructed(network: Network, s: Scope, inputs: Readonly<Record<string, Value>>) {
  const pixels = inputs.pixels!;
  const features = network.frozen
    ? network.encoder.levels.map((_, level) => cast(inputs[levelName(level)]!, 'float32'))
    : network.features(pixels);
  return { target: targetOf(pixels), reconstruction: network.reconstruct(s, features) };
}

export function trainingLoss(network: Network) {
  return (s: Scope, inputs: Readonly<Record<string, Value>>): { loss: Value } => {
    const { target, reconstruction } = reconstructed(network, s, inputs);
    return { loss: reconstructionLoss(reconstruction, target).loss };
  };
}

/** Views and the trained weights as inputs -> losses [N], and the reconstruction [N, 3, S, S]. */
export function validationGraph(network: Network, batch: number, size: number): Graph {
  return trace(network.parameters, {
    inputs: viewInputs(network, batch, size),
    mode: 'train',
    build: (s, inputs) => {
      const { target, reconstruction } = reconstructed(network, s, inputs);
      return { losses: pictureLosses(reconstruction, target), reconstruction };
    },
  });
}

/**
 * The model that is served. pixels [1, S, S, 3] uint8 -> score [1], map [1, S, S] and reconstruction [1, 3, S, S] in 0..1.
 * The reconstruction is the mean of that of the picture and, mirrored back, that of the mirrored picture.
 * score = 0.35 * mean |d| + 0.35 * mean of the top 1 % of |d| per pixel + 0.15 * (1 - SSIM), as the original has it.
 */
export function inspectionGraph(network: Network, size: number, smoothing = SMOOTHING): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(1, size) },
    build: (s, { pixels }) => {
      const both = concat([pixels, flip(pixels, [2])], 0);
      const drawn = network.reconstruct(s, network.features(both));
      const reconstruction = mul(add(batchItem(drawn, 0), flip(batchItem(drawn, 1), [3])), 0.5);
      const target = targetOf(pixels);
      const difference = mean(abs(sub(reconstruction, target)), { axes: [1], keepDims: true });
      const score = scoreOf(difference, similarity(reconstruction, target));
      const map = reshape(smooth(difference, smoothing), [1, size, size]);
      return { score, map, reconstruction };
    },
  });
}

/** difference: [1, 1, S, S]; similarities: [1, 3, S, S]; returns [1]. */
function scoreOf(difference: Value, similarities: Value): Value {
  const pixels = reshape(difference, [1, -1]);
  const count = pixels.type.shape[1]!;
  const top = topK(pixels, Math.max(1, Math.floor(count * 0.01))).values;
  const meanError = mean(pixels, { axes: [1] });
  const topError = mean(top, { axes: [1] });
  const dissimilarity = sub(1, mean(similarities, { axes: [1, 2, 3] }));
  return add(add(mul(meanError, 0.35), mul(topError, 0.35)), mul(dissimilarity, 0.15));
}

/** Two box blurs of the given odd width, which together are close to a Gaussian; 1 leaves the map as it is. */
function smooth(map: Value, width: number): Value {
  if (width === 1) return map;
  const box = (x: Value) =>
    averagePool2d(x, { kernel: width, stride: 1, pad: (width - 1) / 2, countIncludePad: false });
  return box(box(map));
}

function batchItem(x: Value, item: number): Value {
  return slice(x, { axes: [0], starts: [item], ends: [item + 1] });
}
