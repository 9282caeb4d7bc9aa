// Central differences: compares a gradient with what the forward pass does when its inputs move a little.
import { gradients } from '../grad.ts';
import { graph, type Value } from '../graph.ts';
import { toOnnx } from '../onnx/to-onnx.ts';
import { constant, input, mul, sum } from '../ops/build.ts';
import { Random } from '../random.ts';
import type { RuntimeSession, RuntimeTensor } from '../runtime.ts';
import { elementCount, type Shape } from '../tensor.ts';
import { cpuRuntime, numbersOf } from './runtime.ts';

/** How the numbers of an input are drawn, so that no step of a difference crosses a kink. */
export type Spread =
  | { readonly kind: 'normal' }
  | { readonly kind: 'between'; readonly low: number; readonly high: number }
  /** All different, by more than a step of a difference: for maxima and sorting. */
  | { readonly kind: 'distinct' }
  /** Normal, but at least 0.1 away from each of these. */
  | { readonly kind: 'avoiding'; readonly kinks: readonly number[] };

export interface GradientCase {
  readonly name: string;
  readonly inputs: readonly (Shape | { readonly shape: Shape; readonly spread: Spread })[];
  readonly build: (...x: Value[]) => Value;
}

export type Differentiate = (loss: Value, wrt: readonly Value[]) => readonly Value[];

/**
 * The largest of |g - d| / |d| over the inputs and over what a graph can be lowered for, for the gradient g of
 * sum(w * f(x)) with random w and its central difference d. The differences are taken of f, in float32, and summed in
 * float64, with a step of 1/128.
 */
export async function gradientError(
  { name, inputs, build }: GradientCase,
  differentiate: Differentiate = gradients,
): Promise<number> {
  const random = new Random(1).fork(name);
  const shapes = inputs.map((given) => ('shape' in given ? given.shape : given));
  const xs = shapes.map((shape, i) => input(`x${i}`, shape));
  const y = build(...xs);
  const weights = new Float32Array(elementCount(y.type.shape)).map(() => random.normal());
  const loss = sum(mul(y, constant(weights, y.type.shape)));
  const found = differentiate(loss, xs);
  const outputs = Object.fromEntries(found.map((g, i) => [`g${i}`, g]));
  const values = inputs.map((given) =>
    'shape' in given ? draw(given.spread, given.shape, random) : draw({ kind: 'normal' }, given, random),
  );
  const feeds = Object.fromEntries(
    values.map((data, i) => [`x${i}`, { type: 'float32', dims: shapes[i]!, data }]),
  );

  const forward = await cpuRuntime.load(toOnnx(graph({ inputs: xs, outputs: { y } }), { target: 'cpu' }));
  const expected: number[][] = [];
  for (const numbers of values) expected.push(await differences(forward, feeds, numbers, weights));
  await forward.close();
  let worst = 0;
  for (const target of ['cpu', 'portable'] as const) {
    const backward = await cpuRuntime.load(toOnnx(graph({ inputs: xs, outputs }), { target }));
    const results = await backward.run(feeds);
    for (const [i, d] of expected.entries())
      worst = Math.max(worst, relativeError(numbersOf(results[`g${i}`]!), d));
    await backward.close();
  }
  return worst;
}

const step = 1 / 128;

/** `numbers` is one of the arrays in `feeds`; each of its elements is moved and moved back. */
async function differences(
  session: RuntimeSession,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  numbers: Float32Array,
  weights: Float32Array,
): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i]!;
    numbers[i] = x + step;
    const above = (await session.run(feeds)).y!.data as Float32Array;
    const high = numbers[i]!;
    numbers[i] = x - step;
    const below = (await session.run(feeds)).y!.data as Float32Array;
    const distance = high - numbers[i]!;
    numbers[i] = x;
    out.push(weights.reduce((total, w, k) => total + w * (above[k]! - below[k]!), 0) / distance);
  }
  return out;
}

/** |a - b| / |b|; NaN counts as infinitely wrong. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  if (a.length !== b.length || Number.isNaN(difference) || Number.isNaN(size))
    return Number.POSITIVE_INFINITY;
  return Math.sqrt(difference) / Math.max(Math.sqrt(size), 1e-6);
}

export function draw(spread: Spread, shape: Shape, random: Random): Float32Array {
  const out = new Float32Array(elementCount(shape));
  if (spread.kind === 'distinct') {
    const order = random.shuffled([...out.keys()]);
    return out.map((_, i) => (order[i]! - out.length / 2) / 16);
  }
  return out.map(() => {
    if (spread.kind === 'between') return random.uniform(spread.low, spread.high);
    let x = random.normal();
    while (spread.kind === 'avoiding' && spread.kinks.some((kink) => Math.abs(x - kink) < 0.1))
      x = random.normal(0, 2);
    return x;
  });
}
