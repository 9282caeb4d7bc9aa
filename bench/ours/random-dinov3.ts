// DINOv3 ConvNeXt-Tiny with weights drawn at random: timing needs no trained ones, and nobody may ship those.
import { Random } from '../../src/autodiff/index.ts';
import type { Tensors } from '../../src/vision/checkpoint/tensors.ts';

const dims = [96, 192, 384, 768];
const depths = [3, 3, 9, 3];

/** The shapes of the official checkpoint, by its names. */
function* shapes(): Iterable<[string, number[]]> {
  const pair = function* (name: string, weight: number[], bias: number): Iterable<[string, number[]]> {
    yield [`${name}.weight`, weight];
    yield [`${name}.bias`, [bias]];
  };
  for (const [stage, dim] of dims.entries()) {
    const before = dims[stage - 1] ?? 3;
    const conv = stage === 0 ? 0 : 1;
    const kernel = stage === 0 ? 4 : 2;
    yield* pair(`downsample_layers.${stage}.${conv}`, [dim, before, kernel, kernel], dim);
    yield* pair(
      `downsample_layers.${stage}.${1 - conv}`,
      [stage === 0 ? dim : before],
      stage === 0 ? dim : before,
    );
    for (let block = 0; block < depths[stage]!; block++) {
      const name = `stages.${stage}.${block}`;
      yield* pair(`${name}.dwconv`, [dim, 1, 7, 7], dim);
      yield* pair(`${name}.norm`, [dim], dim);
      yield* pair(`${name}.pwconv1`, [4 * dim, dim], 4 * dim);
      yield* pair(`${name}.pwconv2`, [dim, 4 * dim], dim);
      yield [`${name}.gamma`, [dim]];
    }
  }
  yield* pair('norms.3', [768], 768);
}

export function randomDinov3(): Tensors {
  const random = new Random(1);
  const rows = [...shapes()].map(([name, shape]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const spread = shape.length === 1 ? 0.1 : 1 / Math.sqrt(count / shape[0]!);
    const data = Float32Array.from({ length: count }, () => random.normal(0, spread));
    return [name, { dtype: 'float32', shape, data }] as const;
  });
  return new Map(rows);
}
