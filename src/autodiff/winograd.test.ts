// Winograd's convolution gives the results and gradients of the plain one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graph, isOp, topologicalOrder, type Value } from './graph.ts';
import * as ops from './ops/build.ts';
import { Random } from './random.ts';
import { rewrite } from './rewrite.ts';
import { draw, gradientError, relativeError } from './testing/gradient-check.ts';
import * as reference from './testing/reference.ts';
import { compute, inputsOf } from './testing/runtime.ts';
import { winograd } from './winograd.ts';

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const anyShape = fc.record({
  n: upTo(2),
  channels: upTo(20, 16),
  out: upTo(20, 16),
  size: fc.tuple(upTo(5, 2), upTo(5, 2)),
  pad: fc.tuple(upTo(2, 0), upTo(2, 0), upTo(2, 1), upTo(2, 1)),
});

const cheaper = (y: Value): Value =>
  rewrite(graph({ inputs: inputsOf(y), outputs: { y } }), winograd).outputs.y!;
const hasConv = (y: Value) => topologicalOrder([y]).some((node) => isOp(node, 'conv'));

describe('winograd', () => {
  it('leaves products alone, and the result as it was to some 1e-6, whatever the sizes and pads', async () => {
    const random = new Random(3);
    const normal = (shape: number[]) => ({ shape, data: draw({ kind: 'normal' }, shape, random) });
    await fc.assert(
      fc.asyncProperty(anyShape, async ({ n, channels, out, size, pad }) => {
        const given = [normal([n, channels, ...size]), normal([out, channels, 3, 3]), normal([out])] as const;
        const [x, w, bias] = given.map(({ shape }, i) => ops.input(`x${i}`, shape)) as [Value, Value, Value];
        const y = cheaper(ops.conv2d(x, w, { pad, bias }));
        expect(hasConv(y)).toBe(false);
        const plain = reference.conv(given[0], given[1], {
          stride: [1, 1],
          dilation: [1, 1],
          pads: pad,
          groups: 1,
        });
        const area = plain.shape[2]! * plain.shape[3]!;
        const expected = plain.data.map((v, i) => v + given[2].data[Math.floor(i / area) % out]!);
        const found = await compute(y, { x0: given[0].data, x1: given[1].data, x2: given[2].data });
        expect(relativeError(found, expected)).toBeLessThan(1e-5);
      }),
      { seed: 4, numRuns: 30 },
    );
  });

  it('has the gradients of the plain form, of each part of a concatenation too', async () => {
    const build = (a?: Value, b?: Value, w?: Value, bias?: Value) =>
      cheaper(ops.conv2d(ops.concat([a!, b!], 1), w!, { pad: 1, bias: bias! }));
    const inputs = [[1, 5, 3, 2], [1, 4, 3, 2], [8, 9, 3, 3], [8]];
    expect(await gradientError({ name: 'winograd', inputs, build })).toBeLessThan(1e-3);
  });

  it.each([
    ['a stride', [16, 16, 3, 3], { stride: 2 }],
    ['a dilation', [16, 16, 3, 3], { dilation: 2, pad: 2 }],
    ['groups', [16, 8, 3, 3], { groups: 2 }],
    ['another kernel', [16, 16, 1, 3], {}],
    ['few channels for their size', [4, 16, 3, 3], { pad: 1 }],
  ])('keeps convolutions with %s', (_, filters, options) => {
    const y = ops.conv2d(ops.input('x', [1, 16, 6, 6]), ops.input('w', filters), options);
    expect(cheaper(y)).toBe(y);
  });
});
