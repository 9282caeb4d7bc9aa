import { describe, expect, it } from 'vitest';
import { trace } from '../../autodiff/index.ts';
import { Parameters } from '../../autodiff/nn/parameters.ts';
import { deterministicValues } from '../../autodiff/testing/deterministic.ts';
import { runGraph } from '../../autodiff/testing/runtime.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { isLegacyNet, legacyNet, legacyTensors } from './legacy-net.ts';
import { expectClose, fixtureTensors, readFixture } from './testing/fixture.ts';

const fixture = readFixture('legacy-net.json');
const tensors = fixtureTensors(fixture);

function graphWith(weights: Tensors) {
  const parameters = new Parameters(0);
  for (const [name, { shape, data }] of weights) parameters.set(name, shape, data as Float32Array);
  const graph = trace(parameters, {
    inputs: { x: { shape: fixture.input.shape } },
    build: (s, { x }) => ({ reconstruction: legacyNet(s, x) }),
  });
  return { graph, parameters };
}

/** The names in another spelling: `down1.net.0.weight` as `down1.conv_a.weight`. */
function respelled(from: Tensors): Tensors {
  const parts: Record<string, string> = { 'net.0': 'conv_a', 'net.1': 'conv_a_norm', 'net.3': 'conv_b' };
  const spell = (name: string) => name.replace(/net\.\d/, (part) => parts[part] ?? 'conv_b_norm');
  return new Map([...from].map(([name, tensor]) => [spell(name), tensor]));
}

describe('legacyNet', () => {
  it('reconstructs as PyTorch does, within 1e-4, and asks for no other weights', async () => {
    const { graph, parameters } = graphWith(legacyTensors(tensors));
    const { reconstruction } = await runGraph(graph, { x: deterministicValues(fixture.input) });
    expectClose(reconstruction!, fixture.outputs[0]!);
    expect(parameters.all().map(({ name }) => name)).toEqual([...tensors.keys()]);
  });
});

describe('legacyTensors', () => {
  it('reads other names by order and shape, as a file of PyTorch orders them or sorted', () => {
    const misplaced = (found: Tensors) => {
      const renamed = legacyTensors(found);
      return [...tensors].filter(([name, tensor]) => renamed.get(name) !== tensor).map(([name]) => name);
    };
    expect(misplaced(respelled(tensors))).toEqual([]);
    const sorted = new Map([...respelled(tensors)].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(misplaced(sorted)).toEqual([]);
  });

  it('refuses another net: missing tensors, wrong shapes, or no `down1.`', () => {
    const short = new Map([...tensors].slice(1));
    expect(() => legacyTensors(short)).toThrow(/1 missing: "down1.net.0.weight"/);
    const wide = respelled(tensors).set('out.bias', {
      dtype: 'float32',
      shape: [4],
      data: new Float32Array(4),
    });
    expect(() => legacyTensors(wide)).toThrow(/"out.bias" expected \[3\], got \[4\]/);
    const foreign = new Map([...tensors].map(([name, tensor]) => [`x${name}`, tensor]));
    expect(isLegacyNet(foreign)).toBe(false);
    expect(() => legacyTensors(foreign)).toThrow(/58 unexpected/);
  });
});
