import { describe, expect, it } from 'vitest';
import { trace } from '../../autodiff/index.ts';
import { Parameters } from '../../autodiff/nn/parameters.ts';
import { deterministicValues } from '../../autodiff/testing/deterministic.ts';
import { runGraph } from '../../autodiff/testing/runtime.ts';
import { toPlanes } from '../image/planes.ts';
import { dinov3ConvNextTiny } from './dinov3-convnext.ts';
import { expectClose, fixtureTensors, readFixture } from './testing/fixture.ts';

const fixture = readFixture('dinov3-convnext-tiny.json');
const tensors = fixtureTensors(fixture);

describe('dinov3ConvNextTiny', () => {
  it('computes the feature maps that PyTorch computes, within 1e-4', async () => {
    const encoder = dinov3ConvNextTiny(tensors);
    const graph = trace(new Parameters(0), {
      inputs: { x: { shape: fixture.input.shape } },
      build: (_, { x }) => Object.fromEntries(encoder.features(x).map((map, i) => [`map${i}`, map])),
    });
    const results = await runGraph(graph, { x: deterministicValues(fixture.input) });
    for (const [i, expected] of fixture.outputs.entries()) expectClose(results[`map${i}`]!, expected);
    expect(encoder.levels).toEqual([
      { channels: 96, stride: 4 },
      { channels: 192, stride: 8 },
      { channels: 384, stride: 16 },
      { channels: 768, stride: 32 },
    ]);
  });

  it('is fed as ImageNet was: the mean colour is 0, one deviation is 1', () => {
    const { normalization } = dinov3ConvNextTiny(tensors);
    const planes = toPlanes(
      { width: 2, height: 1, data: Uint8Array.of(124, 116, 104, 182, 173, 161) },
      normalization,
    );
    const rounded = Array.from(planes, (v) => Math.round(v * 50) / 50 + 0);
    expect(rounded).toEqual([0, 1, 0, 1, 0, 1]);
  });

  it('takes a checkpoint with or without the repeated norm', () => {
    const norm = { dtype: 'float32', shape: [768], data: new Float32Array(768) } as const;
    const repeated = new Map([...tensors, ['norm.weight', norm], ['norm.bias', norm]]);
    expect(dinov3ConvNextTiny(repeated).tensors.size).toBe(tensors.size + 2);
    const half = new Map([...tensors, ['norm.weight', norm]]);
    expect(() => dinov3ConvNextTiny(half)).toThrow(/1 missing: "norm.bias"/);
  });

  it('names what is missing, too much or of another shape', () => {
    const wrong = new Map(tensors);
    wrong.delete('stages.2.8.gamma');
    wrong.set('head.weight', { dtype: 'float32', shape: [1], data: new Float32Array(1) });
    wrong.set('norms.3.bias', { dtype: 'float32', shape: [5], data: new Float32Array(5) });
    const message =
      /1 missing: "stages.2.8.gamma"\n1 unexpected: "head.weight"\n1 of another shape: "norms.3.bias" expected \[768\], got \[5\]/;
    expect(() => dinov3ConvNextTiny(wrong)).toThrow(message);
  });

  it('hashes the numbers, not the order or the file format', () => {
    const { weightsHash } = dinov3ConvNextTiny(tensors);
    const turned = new Map([...tensors].reverse());
    expect(dinov3ConvNextTiny(turned).weightsHash).toBe(weightsHash);
    const gamma = tensors.get('stages.0.0.gamma')!;
    const other = Float32Array.from(gamma.data as Float32Array);
    other[5]! += 1e-3;
    const changed = new Map(tensors).set('stages.0.0.gamma', { ...gamma, data: other });
    expect(dinov3ConvNextTiny(changed).weightsHash).not.toBe(weightsHash);
  });
});
