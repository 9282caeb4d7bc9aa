// Every form of a convolution's weight gradient gives the plain sum over images and pixels.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pads, Pair } from '../ops/attributes.ts';
import { input } from '../ops/build.ts';
import { applyOne, inferTypes } from '../ops/infer.ts';
import { Random } from '../random.ts';
import { draw, relativeError } from '../testing/gradient-check.ts';
import { compute } from '../testing/runtime.ts';

interface Case {
  readonly n: number;
  readonly groups: number;
  readonly inEach: number;
  readonly outEach: number;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly pads: Pads;
}

const random = new Random(5);

async function errorOf({ n, groups, inEach, outEach, size, ...window }: Case): Promise<number> {
  const xShape = [n, groups * inEach, ...size] as const;
  const wShape = [groups * outEach, inEach, ...window.kernel];
  const attributes = { ...window, groups };
  const types = [xShape, wShape].map((shape) => ({ dtype: 'float32', shape }) as const);
  const yShape = inferTypes('conv', types, attributes)[0]!.shape;
  const x = draw({ kind: 'normal' }, xShape, random);
  const dy = draw({ kind: 'normal' }, yShape, random);
  const dw = applyOne('convWeightGrad', [input('x', xShape), input('dy', yShape)], attributes);
  const expected = plain(x, xShape, dy, yShape, { groups, inEach, outEach, ...window });
  let worst = 0;
  for (const target of ['cpu', 'portable'] as const)
    worst = Math.max(worst, relativeError(await compute(dw, { x, dy }, target), expected));
  return worst;
}

/** In float64, straight from the definition. */
function plain(
  x: Float32Array,
  [, channels, height, width]: readonly [number, number, number, number],
  dy: Float32Array,
  yShape: readonly number[],
  { groups, inEach, outEach, kernel, stride, dilation, pads }: Omit<Case, 'n' | 'size'>,
): number[] {
  const [n, outChannels, outHeight, outWidth] = yShape as [number, number, number, number];
  const out: number[] = [];
  for (let o = 0; o < groups * outEach; o++)
    for (let c = 0; c < inEach; c++)
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++) {
          const channel = Math.floor(o / outEach) * inEach + c;
          let total = 0;
          for (let image = 0; image < n; image++)
            for (let y = 0; y < outHeight; y++)
              for (let z = 0; z < outWidth; z++) {
                const row = y * stride[0] + i * dilation[0] - pads[0];
                const column = z * stride[1] + j * dilation[1] - pads[1];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                total +=
                  dy[((image * outChannels + o) * outHeight + y) * outWidth + z]! *
                  x[((image * channels + channel) * height + row) * width + column]!;
              }
          out.push(total);
        }
  return out;
}

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const pair = (max: number, min = 1) => fc.tuple(upTo(max, min), upTo(max, min));
const anyCase = fc.record({
  n: upTo(3),
  groups: fc.constant(1),
  inEach: upTo(6),
  outEach: upTo(6),
  size: pair(9, 5),
  kernel: pair(3),
  stride: pair(3),
  dilation: pair(2),
  pads: fc.tuple(upTo(2, 0), upTo(2, 0), upTo(2, 0), upTo(2, 0)),
});

describe('lowerConvWeightGrad', () => {
  it('is right at any size, stride, dilation and padding', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (one) => {
        expect(await errorOf(one)).toBeLessThan(1e-5);
      }),
      { seed: 6, numRuns: 40 },
    );
  });

  it('is right with groups of one and of several channels', async () => {
    const grouped = anyCase.chain((one) =>
      fc
        .record({ groups: upTo(4, 2), inEach: upTo(2), outEach: upTo(2) })
        .map((more) => ({ ...one, ...more })),
    );
    await fc.assert(
      fc.asyncProperty(grouped, async (one) => {
        expect(await errorOf(one)).toBeLessThan(1e-5);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it.each([
    ['a picture at stride 2', 3, 8, [3, 3], [2, 2], 1],
    ['more channels than pixels', 20, 30, [3, 3], [1, 1], 1],
    ['fewer channels out than in', 20, 3, [3, 3], [1, 1], 1],
    ['many channels at stride 1', 64, 66, [3, 2], [1, 1], 1],
    ['many channels, fewer of them out', 70, 64, [2, 3], [1, 1], 1],
    ['many channels at stride 2', 64, 9, [3, 3], [2, 2], 1],
    ['a kernel of one pixel', 5, 4, [1, 1], [1, 1], 0],
    ['a kernel of one pixel on many channels', 40, 30, [1, 1], [1, 1], 0],
    ['a kernel of one pixel at stride 2', 40, 30, [1, 1], [2, 2], 0],
  ] as const)('is right with %s', async (_, inEach, outEach, kernel, stride, p) => {
    const one = { n: 2, groups: 1, inEach, outEach, size: [6, 7], kernel, stride, dilation: [1, 1] } as const;
    expect(await errorOf({ ...one, pads: [p, p, p, p] })).toBeLessThan(1e-5);
  });

  it('is right with many channels, dilation and unequal pads', async () => {
    const window = { kernel: [3, 2], stride: [1, 1], dilation: [2, 3], pads: [0, 3, 2, 1] } as const;
    const one = { n: 2, groups: 1, inEach: 64, outEach: 65, size: [9, 8], ...window } as const;
    expect(await errorOf(one)).toBeLessThan(1e-5);
  });
});
