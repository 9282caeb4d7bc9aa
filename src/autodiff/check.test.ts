// What check finds in graphs that no builder would make.
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { type Graph, graph, makeNode, type Value } from './graph.ts';
import * as ops from './ops/build.ts';
import { GraphError } from './tensor.ts';

const x = ops.input('x', [2]);
const legal = graph({ inputs: [x], outputs: { y: ops.exp(x) } });

describe('check', () => {
  it('accepts a legal graph', () => {
    expect(() => check(legal)).not.toThrow();
  });

  it('refuses an order in which a node reads what comes later', () => {
    const turned: Graph = { ...legal, nodes: [...legal.nodes].reverse() };
    expect(() => check(turned)).toThrow('check: exp reads input, which stands after it');
  });

  it('refuses a value that its node does not have', () => {
    const stranger: Value = { ...x };
    const node = makeNode('exp', [stranger], {}, [x.type]);
    expect(() => check({ ...legal, nodes: [x.node, node] })).toThrow(
      'check: exp reads a value that is no output',
    );
  });

  it('refuses ops that should have been lowered', () => {
    expect(() => check(legal, new Set(['input']))).toThrow('check: exp must have been lowered');
  });

  it('refuses inputs that the op does not take', () => {
    const node = makeNode('add', [x, ops.input('z', [3])], {}, [x.type]);
    const whole: Graph = { ...legal, nodes: [x.node, node.inputs[1]!.node, node] };
    expect(() => check(whole)).toThrow(GraphError);
  });
});

describe('graph', () => {
  const y = ops.input('y', [2]);

  it('refuses an input that is used but not listed', () => {
    expect(() => graph({ inputs: [x], outputs: { sum: ops.add(x, y) } })).toThrow(
      'input y is used but not listed',
    );
  });

  it('refuses two inputs of one name', () => {
    expect(() => graph({ inputs: [x, ops.input('x', [3])], outputs: {} })).toThrow('two inputs are named x');
  });

  it('refuses an input that is none', () => {
    expect(() => graph({ inputs: [ops.exp(x)], outputs: {} })).toThrow(
      'graph: exp f32[2] is listed as an input',
    );
  });

  it('is frozen, down to the attributes of its nodes', () => {
    const node = ops.clip(x, 0, 1).node;
    for (const part of [legal, legal.outputs, node, node.inputs, node.outputs, node.attributes, x.type])
      expect(Object.isFrozen(part)).toBe(true);
  });
});
