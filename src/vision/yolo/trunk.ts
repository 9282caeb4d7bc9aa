// The pretrained trunk of the okapi variants: the encoder's MobileNetV3 with weights that are trained on, but for its start.
import { fill, kaimingNormal, type Parameters, type Scope, type Value } from '../../autodiff/index.ts';
import { matchKeys } from '../checkpoint/match-keys.ts';
import { type Tensors, toFloat32 } from '../checkpoint/tensors.ts';
import type { Weights } from '../encoders/encoder.ts';
import {
  mobilenetV3Maps,
  mobilenetV3Normalization,
  mobilenetV3Shapes,
} from '../encoders/mobilenetv3-coco.ts';
import { convBlock } from './blocks.ts';
import { channelsOf, type Variant } from './variants.ts';

/** Levels 0..255 are the trunk's input as they are. */
export const trunkNormalization = mobilenetV3Normalization;

/**
 * The stem and the blocks before this one stay as they are. They see edges and textures, which are the same everywhere, on
 * the largest maps, where the backward pass would cost most: it ends at the first block whose input has stride 8.
 */
export const firstTrainedBlock = 4;

/**
 * Names the trunk's weights under `trunk.`, in the groups 'trunk' and, for the biases, 'trunk-bias', for a learning rate
 * of their own. `found` are those of assets/mobilenetv3-coco.safetensors; without them they are drawn, to be replaced.
 * Batch norm is folded into them, so nothing holds them back: they want a smaller rate than the rest.
 * Throws checkpoint.key_mismatch.
 */
export function defineTrunk(parameters: Parameters, found?: Tensors, firstTrained = firstTrainedBlock): void {
  const shapes = mobilenetV3Shapes();
  if (found !== undefined) matchKeys(shapes, found);
  for (const [name, shape] of shapes) {
    const full = `trunk.${name}`;
    const bias = shape.length === 1;
    const options = { trainable: blockOf(name) >= firstTrained, group: bias ? 'trunk-bias' : 'trunk' };
    const data = found
      ? toFloat32(found.get(name)!, name)
      : parameters.define(full, shape, bias ? fill(0) : kaimingNormal, options).data;
    parameters.set(full, shape, Float32Array.from(data), options);
  }
}

/** The number of a weight's block; the stem stands before the first. */
function blockOf(name: string): number {
  return Number(/^block(\d+)\./.exec(name)?.[1] ?? -1);
}

/** planes: [N, 3, S, S] -> maps at strides 8, 16 and 32, as wide as the neck of the variant expects them. */
export function trunkMaps(s: Scope, planes: Value, variant: Variant): readonly Value[] {
  const [, ...maps] = mobilenetV3Maps(weightsFrom(s.at('trunk')), planes);
  const widths = [256, 512, 1024].map((full) => channelsOf(variant, full));
  return maps.map((map, i) => convBlock(s.at('reduce').at(i), map, { out: widths[i]!, kernel: 1 }));
}

/** The trunk's weights out of a scope whose store has them all. */
function weightsFrom(s: Scope, prefix = ''): Weights {
  const shapes = mobilenetV3Shapes();
  return {
    at: (name) => weightsFrom(s.at(name), `${prefix}${name}.`),
    get: (name) => s.param(name, shapes.get(prefix + name)!, fill(0)),
  };
}
