// Convolution of an enlarged picture: the cheaper form gives the same results and gradients.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from './grad.ts';
import { graph, type Value } from './graph.ts';
import * as ops from './ops/build.ts';
import { Random } from './random.ts';
import { rewrite } from './rewrite.ts';
import { draw, gradientError, relativeError } from './testing/gradient-check.ts';
import * as reference from './testing/reference.ts';
import { compute, inputsOf } from './testing/runtime.ts';
import { mixBeforeResize } from './upsampled-conv.ts';

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const anyShape = fc.record({
  n: upTo(2),
  channels: upTo(3),
  out: upTo(3),
  size: fc.tuple(upTo(3), upTo(3)),
  enlarged: fc.tuple(upTo(9, 6), upTo(9, 6)),
  kernel: fc.tuple(upTo(3), upTo(3)),
  pad: fc.tuple(upTo(3, 0), upTo(3, 0), upTo(3, 0), upTo(3, 0)),
  mode: fc.constantFrom('bilinear' as const, 'nearest' as const),
});

const cheaper = (y: Value): Value =>
  rewrite(graph({ inputs: inputsOf(y), outputs: { y } }), mixBeforeResize).outputs.y!;

describe('mixBeforeResize', () => {
  it('leaves no convolution of the enlarged picture, and the result as it was', async () => {
    const random = new Random(3);
    const normal = (shape: number[]) => ({ shape, data: draw({ kind: 'normal' }, shape, random) });
    await fc.assert(
      fc.asyncProperty(anyShape, async ({ n, channels, out, size, enlarged, kernel, pad, mode }) => {
        const [x, w, bias] = [
          normal([n, channels, ...size]),
          normal([out, channels, ...kernel]),
          normal([out]),
        ];
        const [a, b, c] = [x, w, bias].map(({ shape }, i) => ops.input(`x${i}`, shape)) as [
          Value,
          Value,
          Value,
        ];
        const large = ops.resize(a, { height: enlarged[0], width: enlarged[1], mode });
        const y = cheaper(ops.conv2d(large, b, { pad, bias: c }));
        expect(y.node.op).not.toBe('conv');
        const plain = reference.conv(reference.resize(x, ...enlarged, mode), w, {
          stride: [1, 1],
          dilation: [1, 1],
          pads: pad,
          groups: 1,
        });
        const area = plain.shape[2]! * plain.shape[3]!;
        const expected = plain.data.map((v, i) => v + bias.data[Math.floor(i / area) % out]!);
        const found = await compute(y, { x0: x.data, x1: w.data, x2: bias.data });
        expect(relativeError(found, expected)).toBeLessThan(1e-5);
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  it('has the gradients of the plain form', async () => {
    const build = (x?: Value, w?: Value, bias?: Value) =>
      cheaper(
        ops.conv2d(ops.resize(x!, { height: 6, width: 9, mode: 'bilinear' }), w!, {
          pad: [1, 0, 2, 1],
          bias: bias!,
        }),
      );
    const inputs = [[2, 2, 3, 4], [3, 2, 3, 3], [3]];
    expect(await gradientError({ name: 'mixed', inputs, build })).toBeLessThan(1e-3);
  });

  it.each([
    ['a stride', 2, 1, { stride: 2 }],
    ['a dilation', 2, 1, { dilation: 2 }],
    ['groups', 2, 2, { groups: 2 }],
    ['an enlargement by less than 2', 1.5, 1, {}],
  ])('keeps convolutions with %s', (_, factor, groups, options) => {
    const x = ops.input('x', [1, 2, 4, 4]);
    const large = ops.resize(x, { height: 4 * factor, width: 8, mode: 'bilinear' });
    const y = ops.conv2d(large, ops.input('w', [2, 2 / groups, 3, 3]), options);
    expect(cheaper(y)).toBe(y);
    expect(gradients(ops.sum(y), [x])).toHaveLength(1);
  });
});
