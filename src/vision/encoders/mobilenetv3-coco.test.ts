import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trace } from '../../autodiff/index.ts';
import { Parameters } from '../../autodiff/nn/parameters.ts';
import { runGraph } from '../../autodiff/testing/runtime.ts';
import { readTensors } from '../checkpoint/read-tensors.ts';
import { samplePart } from '../dataset/sample-parts.ts';
import { toPlanes } from '../image/planes.ts';
import { resize } from '../image/resize.ts';
import { mobilenetV3Coco } from './mobilenetv3-coco.ts';

const asset = (file: string) => new URL(`../../../assets/${file}`, import.meta.url);
const { tensors } = await readTensors(readFileSync(asset('mobilenetv3-coco.safetensors')));
const encoder = mobilenetV3Coco(tensors);

/** The maps of planes [3, height, width], by stride. */
async function mapsOf(planes: Float32Array, height: number, width: number) {
  const graph = trace(new Parameters(0), {
    inputs: { x: { shape: [1, 3, height, width] } },
    build: (_, { x }) =>
      Object.fromEntries(
        encoder.features(x).map((map, i) => [`stride${encoder.levels[i]!.stride}`, map] as const),
      ),
  });
  return runGraph(graph, { x: planes });
}

/** Numerical Recipes' generator, its top 8 bits, as scripts/fixtures/mobilenetv3.py draws its picture. */
function noise(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe('mobilenetV3Coco', () => {
  it('computes the feature maps of the graph that its weights were cut from, within 1e-4', async () => {
    const { input, taps } = JSON.parse(
      readFileSync(new URL('fixtures/mobilenetv3-coco.json', import.meta.url), 'utf8'),
    );
    const { height, width, seed } = input;
    const picture = { width, height, data: noise(height * width * 3, seed) };
    const maps = await mapsOf(toPlanes(picture, encoder.normalization), height, width);
    expect(taps.length).toBe(encoder.levels.length);
    for (const [i, tap] of taps.entries()) {
      const map = maps[`stride${encoder.levels[i]!.stride}`]!;
      const values = map.data as Float32Array;
      const distance = Math.hypot(...tap.indices.map((at: number, j: number) => values[at]! - tap.values[j]));
      expect(map.dims, tap.block).toEqual(tap.shape);
      expect(encoder.levels[i]!.channels).toBe(tap.shape[1]);
      expect(distance / Math.hypot(...tap.values), tap.block).toBeLessThan(1e-4);
      expect(values.reduce((sum, v) => sum + v, 0) / tap.sum, tap.block).toBeCloseTo(1, 4);
    }
  });

  it('is the architecture that was found in the package', () => {
    const table = JSON.parse(readFileSync(asset('mobilenetv3-coco.json'), 'utf8'));
    const found = table.taps.map(({ stride, channels }: Record<string, number>) => ({ channels, stride }));
    expect(encoder.levels).toEqual(found);
    expect([table.input.range, encoder.normalization.scale]).toEqual([[0, 255], 1]);
  });

  it('tells materials apart better than two parts of one material', async () => {
    const meanOf = async (kind: 'screws' | 'textures', seed: number) => {
      const picture = resize(samplePart(kind, seed).picture, 96, 96, 'area');
      const maps = await mapsOf(toPlanes(picture, encoder.normalization), 96, 96);
      const { data, dims } = maps.stride16!;
      const [, channels, height, width] = dims as [number, number, number, number];
      const values = data as Float32Array;
      expect(values.every(Number.isFinite)).toBe(true);
      return Array.from({ length: channels }, (_, c) => {
        const map = values.subarray(c * height * width, (c + 1) * height * width);
        return map.reduce((sum, v) => sum + v, 0) / map.length;
      });
    };
    const distance = (a: number[], b: number[]) => Math.hypot(...a.map((v, i) => v - b[i]!));
    const [one, other, cloth] = [
      await meanOf('screws', 1),
      await meanOf('screws', 2),
      await meanOf('textures', 1),
    ];
    expect(distance(one, cloth)).toBeGreaterThan(3 * distance(one, other));
  });

  it('wants pixels 0..255: on 0..1 its deep maps are nearly those of black', async () => {
    const picture = resize(samplePart('textures', 1).picture, 64, 64, 'area');
    const deep = async (factor: number) => {
      const planes = toPlanes(picture, encoder.normalization).map((v) => v * factor);
      return Array.from((await mapsOf(planes, 64, 64)).stride16!.data as Float32Array);
    };
    const [right, small, black] = [await deep(1), await deep(1 / 255), await deep(0)];
    const distance = (a: number[], b: number[]) => Math.hypot(...a.map((v, i) => v - b[i]!));
    expect(distance(small, black)).toBeLessThan(0.05 * distance(right, black));
  });

  it('refuses weights of another net, naming them', () => {
    const wrong = new Map(tensors);
    wrong.delete('stem.bias');
    expect(() => mobilenetV3Coco(wrong)).toThrow(/1 missing: "stem.bias"/);
  });
});
