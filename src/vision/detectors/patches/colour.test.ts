import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, cast, constant, mul, Parameters, toOnnx, trace, transpose } from '../../../autodiff/index.ts';
import { type Encoder, hashTensors } from '../../encoders/encoder.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { COLOURS, withColour } from './colour.ts';
import { pixelInput } from './features.ts';

const SIZE = 32;
const GRID = SIZE / 8;

/** One empty channel at stride 8; levels 0..255 become -0.5..0.5. */
const encoder: Encoder = {
  name: 'none',
  levels: [{ channels: 1, stride: 8 }],
  normalization: { mean: [0.5, 0.5, 0.5], std: [1, 1, 1], scale: 1 / 255 },
  licence: 'no weights',
  tensors: new Map(),
  weightsHash: hashTensors(new Map()),
  features: () => [constant(new Float32Array(GRID * GRID), [1, 1, GRID, GRID])],
};

type Rgb = readonly [number, number, number];
/** A picture that has one colour in its patch at the top left, and another elsewhere. */
const picture = (corner: Rgb, elsewhere: Rgb) =>
  Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)];
    return (x < 8 && y < 8 ? corner : elsewhere)[i % 3]!;
  });

let runtime: DeviceRuntime;
let coloursOf: (data: Uint8Array) => Promise<{ map: number[]; dims: readonly number[] }>;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  const { normalization, features } = withColour(encoder);
  expect(normalization).toEqual(encoder.normalization);
  const graph = trace(new Parameters(0), {
    inputs: { pixels: pixelInput(SIZE) },
    build: (_, { pixels }) => {
      const planes = cast(transpose(pixels, [0, 3, 1, 2]), 'float32');
      const x = add(mul(planes, constant([1 / 255], [1, 1, 1, 1])), constant([-0.5], [1, 1, 1, 1]));
      return { map: features(x)[0]! };
    },
  });
  const session = await runtime.load(toOnnx(graph));
  coloursOf = async (data) => {
    const { map } = await session.run({ pixels: { type: 'uint8', dims: [1, SIZE, SIZE, 3], data } });
    return { map: [...(map!.data as Float32Array)], dims: map!.dims };
  };
});
afterAll(() => runtime.close());

/** How far the corner is from the rest, by each colour. */
async function apart(corner: Rgb, elsewhere: Rgb): Promise<number[]> {
  const { map } = await coloursOf(picture(corner, elsewhere));
  const plane = (c: number) => map.slice(GRID * GRID * (1 + c), GRID * GRID * (2 + c));
  return Array.from({ length: COLOURS }, (_, c) => plane(c)[0]! - plane(c).at(-1)!);
}

describe('the colours of patches', () => {
  it('are channels after those of the encoder', async () => {
    expect(withColour(encoder).levels).toEqual([{ channels: 1 + COLOURS, stride: 8 }]);
    expect((await coloursOf(picture([9, 9, 9], [9, 9, 9]))).dims).toEqual([1, 1 + COLOURS, GRID, GRID]);
  });

  it('are zero where a picture is as most of it is, and everywhere in a grey one', async () => {
    const { map } = await coloursOf(picture([200, 60, 90], [30, 80, 120]));
    for (const c of [0, 1]) {
      const [corner, ...elsewhere] = map.slice(GRID * GRID * (1 + c), GRID * GRID * (2 + c));
      expect(Math.abs(corner!)).toBeGreaterThan(0.3);
      for (const v of elsewhere) expect(v).toBeCloseTo(0, 5);
    }
    for (const v of (await coloursOf(picture([210, 210, 210], [40, 40, 40]))).map)
      expect(v).toBeCloseTo(0, 5);
  });

  it('are logarithms of red to green, and of blue to both', async () => {
    const [level, dark] = [(v: number) => Math.log(v / 255 + 0.06), Math.log(0.06)];
    const [redGreen, blue] = await apart([255, 0, 0], [100, 100, 100]);
    expect(redGreen).toBeCloseTo(level(255) - dark, 4);
    expect(blue).toBeCloseTo(dark - (level(255) + dark) / 2, 4);
  });

  it('tell a stain of the same lightness, and hardly a shadow', async () => {
    const [stain] = await apart([120, 100, 90], [105, 105, 90]);
    const [shadow] = await apart([60, 50, 45], [120, 100, 90]);
    expect(stain).toBeGreaterThan(0.15);
    expect(Math.abs(shadow!)).toBeLessThan(0.03);
  });

  it('do not change when all of a picture becomes a little redder', async () => {
    const cold = await apart([120, 100, 90], [100, 110, 90]);
    const warm = await apart([126, 100, 90], [105, 110, 90]);
    for (const [c, v] of cold.entries()) expect(warm[c]).toBeCloseTo(v, 2);
  });

  it('of black are numbers', async () => {
    for (const v of (await coloursOf(picture([0, 0, 0], [0, 0, 255]))).map)
      expect(Number.isFinite(v)).toBe(true);
  });
});
