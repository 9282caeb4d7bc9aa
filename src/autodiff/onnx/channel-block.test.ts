// Convolutions in the engine's own layout: the same numbers, whatever the layout of the machine is.
import { describe, expect, it } from 'vitest';
import type { Graph } from '../graph.ts';
import { graph } from '../graph.ts';
import { conv2d, input } from '../ops/build.ts';
import { Random } from '../random.ts';
import { relativeError } from '../testing/gradient-check.ts';
import { cpuRuntime, numbersOf, tensor } from '../testing/runtime.ts';
import { channelBlock } from './channel-block.ts';
import { toOnnx } from './to-onnx.ts';

const random = new Random(3);
const normal = (shape: readonly number[]) =>
  tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );

async function run(model: Uint8Array, feeds: Record<string, ReturnType<typeof normal>>): Promise<number[]> {
  const session = await cpuRuntime.load(model);
  const { y } = await session.run(feeds);
  await session.close();
  return [...numbersOf(y!)];
}

const reorders = (model: Uint8Array) => Buffer.from(model).includes('ReorderInput');

describe('channelBlock', () => {
  it('is 8 or 16, or 0 where the engine has no such layout', async () => {
    expect([0, 8, 16]).toContain(await channelBlock(cpuRuntime));
    expect(await channelBlock({ ...cpuRuntime, device: 'webgpu' })).toBe(0);
    const other = { device: 'cpu', load: () => Promise.reject(new Error('no such operator')) } as const;
    expect(await channelBlock(other)).toBe(0);
  });

  it.each([
    [16, 32, 1, false],
    [32, 16, 2, true],
    [16, 16, 1, true],
  ])(
    'a convolution from %i to %i channels at stride %i gives what it gives elsewhere',
    async (from, to, stride, withBias) => {
      const shapes = { x: [2, from, 9, 7], w: [to, from, 3, 3], ...(withBias && { b: [to] }) };
      const [x, w, b] = Object.entries(shapes).map(([name, shape]) => input(name, shape));
      const y = conv2d(x!, w!, { pad: 1, stride, ...(b && { bias: b }) });
      const whole: Graph = graph({ inputs: [x!, w!, ...(b ? [b] : [])], outputs: { y } });
      const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, normal(shape)]));
      const block = await channelBlock(cpuRuntime);
      const blocked = toOnnx(whole, { target: 'cpu', channelBlock: block });
      expect(reorders(blocked)).toBe(block > 0);
      expect(relativeError(await run(blocked, feeds), await run(toOnnx(whole), feeds))).toBeLessThan(1e-6);
    },
  );

  it('leaves alone what does not fill whole blocks', () => {
    const [x, w] = [input('x', [1, 16, 5, 5]), input('w', [12, 16, 3, 3])];
    const model = toOnnx(graph({ inputs: [x, w], outputs: { y: conv2d(x, w) } }), { channelBlock: 16 });
    expect(reorders(model)).toBe(false);
  });
});
