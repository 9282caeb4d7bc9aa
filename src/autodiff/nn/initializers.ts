// How weights begin.
import type { Random } from '../random.ts';
import { elementCount, type Shape } from '../tensor.ts';

export type Initializer = (shape: Shape, random: Random) => Float32Array;

export const fill =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(elementCount(shape)).fill(value);

export const normal =
  (deviation: number, mean = 0): Initializer =>
  (shape, random) =>
    new Float32Array(elementCount(shape)).map(() => random.normal(mean, deviation));

export const uniform =
  (low: number, high: number): Initializer =>
  (shape, random) =>
    new Float32Array(elementCount(shape)).map(() => random.uniform(low, high));

/** Inputs that reach one output of a weight [out, in, ...kernel]. */
function fanIn(shape: Shape): number {
  return elementCount(shape.slice(1));
}

/** Normal with deviation sqrt(2 / fanIn) (He et al. 2015), as PyTorch's kaiming_normal_ with ReLU gain. */
export const kaimingNormal: Initializer = (shape, random) =>
  normal(Math.sqrt(2 / fanIn(shape)))(shape, random);

/** Uniform within sqrt(1 / fanIn): what PyTorch's Conv2d and Linear begin with. */
export const kaimingUniform: Initializer = (shape, random) => {
  const bound = Math.sqrt(1 / fanIn(shape));
  return uniform(-bound, bound)(shape, random);
};
