// The older net of the original, without a pretrained encoder: a U-shaped autoencoder trained from scratch
// (Ronneberger et al. 2015).
import {
  concat,
  layers,
  maxPool2d,
  relu,
  resize,
  type Scope,
  sigmoid,
  type Value,
} from '../../autodiff/index.ts';
import { compareKeys, matchKeys } from '../checkpoint/match-keys.ts';
import type { NamedTensor, Tensors } from '../checkpoint/tensors.ts';

const channels = [32, 64, 128, 256] as const;

/** x: [N, 3, H, W] in 0..1, H and W divisible by 8. Returns its reconstruction, same shape, in 0..1. */
export function legacyNet(s: Scope, x: Value): Value {
  const [a, b, c, d] = channels;
  const skip1 = twice(s.at('down1'), x, a);
  const skip2 = twice(s.at('down2'), half(skip1), b);
  const skip3 = twice(s.at('down3'), half(skip2), c);
  let y = twice(s.at('bottleneck'), half(skip3), d);
  y = twice(s.at('up3'), concat([double(y), skip3], 1), c);
  y = twice(s.at('up2'), concat([double(y), skip2], 1), b);
  y = twice(s.at('up1'), concat([double(y), skip1], 1), a);
  return sigmoid(layers.conv(s.at('out'), y, { out: 3, kernel: 1 }));
}

/** Conv 3x3, GroupNorm, ReLU; and again. */
function twice(s: Scope, x: Value, out: number): Value {
  const net = s.at('net');
  const once = (y: Value, conv: number, norm: number) =>
    relu(
      layers.groupNorm(net.at(norm), layers.conv(net.at(conv), y, { out, kernel: 3, pad: 1 }), { groups: 8 }),
    );
  return once(once(x, 0, 1), 3, 4);
}

function half(x: Value): Value {
  return maxPool2d(x, { kernel: 2 });
}

function double(x: Value): Value {
  const [, , height, width] = x.type.shape as [number, number, number, number];
  return resize(x, { height: height * 2, width: width * 2, mode: 'bilinear' });
}

/** Old model folders hold this net when their state dict has keys under `down1.`. */
export function isLegacyNet(tensors: Tensors): boolean {
  return [...tensors.keys()].some((name) => name.startsWith('down1.'));
}

/**
 * The tensors of an old model under the names that `legacyNet` uses.
 *
 * Of the original's names only `down1.` is known. Assumed: `net.{0,1,3,4}` inside the blocks, up blocks that are bilinear
 * x2, concatenation [x, skip] and the same two convolutions, and convolutions with a bias. Under other names the tensors
 * are taken in their order, that of the file or of the sorted names, when all shapes agree.
 * Throws checkpoint.key_mismatch.
 */
export function legacyTensors(found: Tensors): Tensors {
  const expected = expectedShapes();
  const { missing, unexpected } = compareKeys(expected, found);
  if (isLegacyNet(found) && missing.length > 0 && missing.length === unexpected.length) {
    const renamed = inOrder([...expected], [...found]) ?? inOrder(byName([...expected]), byName([...found]));
    if (renamed) return renamed;
  }
  matchKeys(expected, found);
  return found;
}

type Named<T> = readonly [string, T];

/** The found tensors under the expected names, one by one, or undefined when a shape differs. */
function inOrder(
  expected: readonly Named<readonly number[]>[],
  found: readonly Named<NamedTensor>[],
): Tensors | undefined {
  const fits = expected.every(([, shape], i) => `${shape}` === `${found[i]?.[1].shape}`);
  return fits ? new Map(expected.map(([name], i) => [name, found[i]![1]])) : undefined;
}

function byName<T>(entries: readonly Named<T>[]): Named<T>[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function expectedShapes(): Map<string, readonly number[]> {
  const [a, b, c, d] = channels;
  const blocks = [
    ['down1', 3, a],
    ['down2', a, b],
    ['down3', b, c],
    ['bottleneck', c, d],
    ['up3', d + c, c],
    ['up2', c + b, b],
    ['up1', b + a, a],
  ] as const;
  const shapes = new Map<string, readonly number[]>();
  const pair = (name: string, weight: readonly number[]) => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [weight[0]!]);
  };
  for (const [name, inputs, outputs] of blocks) {
    pair(`${name}.net.0`, [outputs, inputs, 3, 3]);
    pair(`${name}.net.1`, [outputs]);
    pair(`${name}.net.3`, [outputs, outputs, 3, 3]);
    pair(`${name}.net.4`, [outputs]);
  }
  pair('out', [3, a, 1, 1]);
  return shapes;
}
