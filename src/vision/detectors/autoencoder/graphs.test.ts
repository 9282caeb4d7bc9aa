import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Graph, Random, toOnnx } from '../../../autodiff/index.ts';
import { noEncoder } from '../../encoders/none.ts';
import type { Picture } from '../../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { inspectionGraph, residualGraph } from './graphs.ts';
import { autoencoder } from './network.ts';

const size = 64;
const network = autoencoder(noEncoder(), 1);
let runtime: DeviceRuntime;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
});
afterAll(() => runtime.close());

async function run(graph: Graph, { data }: Picture) {
  const session = await runtime.load(toOnnx(graph));
  const out = await session.run({ pixels: { type: 'uint8', dims: [1, size, size, 3], data } });
  await session.close();
  return Object.fromEntries(Object.entries(out).map(([name, tensor]) => [name, tensor.data as Float32Array]));
}

/** Grey, with `level` added where `where` says so. */
function picture(level: number, where: (x: number, y: number) => boolean): Picture {
  const data = new Uint8Array(3 * size * size).fill(100);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (where(x, y)) data.fill(100 + level, 3 * (y * size + x), 3 * (y * size + x) + 3);
  return { width: size, height: size, data };
}

describe('the inspection graph', () => {
  it('measures residuals in spreads of good parts, and scores by the worst of them', async () => {
    const random = new Random(3);
    const plane = (low: number, high: number) =>
      Float32Array.from({ length: size * size }, () => random.uniform(low, high));
    const residuals = { mean: plane(0, 0.1), spread: plane(0.01, 0.1) };
    const part = picture(60, (x, y) => Math.hypot(x - 20, y - 40) < 6);
    const { residual } = await run(residualGraph(network, size), part);
    const { map, score, reconstruction } = await run(inspectionGraph(network, size, residuals), part);
    const expected = [...residual!].map((r, i) => (r - residuals.mean[i]!) / residuals.spread[i]!);
    for (const [i, value] of map!.entries()) expect(value).toBeCloseTo(expected[i]!, 3);
    const worst = expected.sort((a, b) => b - a).slice(0, 4);
    expect(score![0]).toBeCloseTo(worst.reduce((a, b) => a + b) / 4, 3);
    expect(reconstruction).toHaveLength(3 * size * size);
  });

  it('cares for a spot, and hardly for detail of single pixels, which no network draws', async () => {
    const residualsOf = async (one: Picture) => (await run(residualGraph(network, size), one)).residual!;
    const plain = await residualsOf(picture(0, () => false));
    const rise = (found: Float32Array) => Math.max(...found.map((value, i) => value - plain[i]!));
    const spot = rise(await residualsOf(picture(80, (x, y) => Math.hypot(x - 32, y - 32) < 5)));
    const grain = rise(await residualsOf(picture(80, (x, y) => x % 8 === 0 && y % 8 === 0)));
    expect(grain).toBeLessThan(80 / 255 / 3);
    expect(spot).toBeGreaterThan(2 * grain);
  });
});
