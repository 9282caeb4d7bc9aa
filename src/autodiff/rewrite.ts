// Graph to graph: rebuilding bottom-up with rules; constant folding, identities, sharing of equal nodes. Dead nodes fall away.
import { check } from './check.ts';
import { evaluate } from './evaluate.ts';
import { type Graph, graph, isOp, makeNode, type Node, topologicalOrder, type Value } from './graph.ts';
import type { OpAttributes, OpName } from './ops/attributes.ts';
import { constant, reshape, slice, transpose } from './ops/build.ts';
import { applyOne } from './ops/infer.ts';
import { elementCount, sameShape } from './tensor.ts';

/** What a rule makes of a node whose inputs were already rewritten: one value per output, or undefined to keep it. */
export type RewriteRule = (node: Node) => readonly Value[] | undefined;

/** Rebuilds a graph from its inputs to its outputs, giving each node to the rule and sharing equal nodes. */
export function rewrite(old: Graph, rule: RewriteRule): Graph {
  const share = sharing();
  const renamed = new Map<Value, Value>();
  const current = (value: Value): Value => renamed.get(value) ?? value;
  for (const node of topologicalOrder([...old.inputs, ...Object.values(old.outputs)])) {
    const inputs = node.inputs.map(current);
    const same = inputs.every((value, i) => value === node.inputs[i]);
    const types = node.outputs.map((value) => value.type);
    const rebuilt = share(same ? node : makeNode(node.op, inputs, node.attributes, types));
    const values = rule(rebuilt) ?? rebuilt.outputs;
    for (const [i, value] of node.outputs.entries()) if (values[i] !== value) renamed.set(value, values[i]!);
  }
  const outputs = Object.fromEntries(
    Object.entries(old.outputs).map(([name, value]) => [name, current(value)]),
  );
  const result = graph({ inputs: old.inputs, outputs });
  check(result);
  return result;
}

/** Folds constants, removes ops without effect and shares equal nodes, until nothing changes. */
export function simplify(old: Graph): Graph {
  let current = old;
  for (let round = 0; round < 4; round++) {
    const next = rewrite(current, (node) => fold(node) ?? identity(node));
    const settled =
      next.nodes.length === current.nodes.length && next.nodes.every((node, i) => node === current.nodes[i]);
    current = next;
    if (settled) break;
  }
  return current;
}

/** Returns an earlier node with the same op, attributes and inputs where there is one. */
function sharing(): (node: Node) => Node {
  const known = new Map<string, Node>();
  const ids = new Map<object, number>();
  const id = (key: object): number => {
    const found = ids.get(key);
    if (found !== undefined) return found;
    ids.set(key, ids.size);
    return ids.size - 1;
  };
  const attributeKey = (node: Node): string => {
    if (!isOp(node, 'constant')) return JSON.stringify(node.attributes, exactNumber);
    const { data, dtype, shape } = node.attributes;
    const content = data.length <= 64 ? Array.from<number | bigint, string>(data, exactText) : `#${id(data)}`;
    return `${dtype}${shape.join('x')}:${content}`;
  };
  return (node) => {
    const key = `${node.op}(${node.inputs.map((value) => `${id(value.node)}.${value.index}`)})${attributeKey(node)}`;
    const earlier = known.get(key);
    if (earlier) return earlier;
    known.set(key, node);
    return node;
  };
}

/** Numbers that JSON and join would write alike: the infinities, NaN and null; 0 and -0. */
function exactNumber(_key: string, value: unknown): unknown {
  const plain = typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0));
  return plain ? value : exactText(value);
}

function exactText(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

const largestFold = 1 << 20;

function fold(node: Node): readonly Value[] | undefined {
  if (node.outputs.length !== 1 || elementCount(node.outputs[0]!.type.shape) > largestFold) return undefined;
  const data = evaluate(node);
  return data && [constant(data, node.outputs[0]!.type.shape)];
}

/** Ops that return their input unchanged, and pairs that undo or repeat each other. */
function identity(node: Node): readonly Value[] | undefined {
  const rule = identities[node.op] as ((node: Node) => Value | undefined) | undefined;
  const value = rule?.(node);
  return value && [value];
}

type Identities = { readonly [K in OpName]?: (node: Node<K>) => Value | undefined };

const identities: Identities = {
  reshape: ({ inputs: [x], outputs: [y] }) => {
    if (sameShape(x!.type.shape, y!.type.shape)) return x;
    return isOp(x!.node, 'reshape') ? reshape(x!.node.inputs[0]!, y!.type.shape) : undefined;
  },
  transpose: ({ inputs: [x], attributes: { perm } }) => {
    if (perm.every((p, i) => p === i)) return x;
    if (!isOp(x!.node, 'transpose')) return undefined;
    const first = x!.node.attributes.perm;
    return transpose(
      x!.node.inputs[0]!,
      perm.map((p) => first[p]!),
    );
  },
  broadcastTo: ({ inputs: [x], outputs: [y] }) => (sameShape(x!.type.shape, y!.type.shape) ? x : undefined),
  pad: ({ inputs: [x], attributes: { before, after } }) =>
    [...before, ...after].every((n) => n === 0) ? x : undefined,
  slice: ({ inputs: [x], attributes: { starts, sizes, steps } }) => {
    if (steps.some((step) => step !== 1)) return undefined;
    if (sameShape(x!.type.shape, sizes)) return x;
    return isOp(x!.node, 'convTranspose') ? narrowed(x!.node, starts, sizes) : undefined;
  },
  cast: ({ inputs: [x], attributes: { to } }) => (x!.type.dtype === to ? x : undefined),
  concat: ({ inputs }) => (inputs.length === 1 ? inputs[0] : undefined),
  sum: ({ inputs: [x], outputs: [y], attributes: { axes } }) =>
    axes.every((axis) => x!.type.shape[axis] === 1) ? reshape(x!, y!.type.shape) : undefined,
  add: ({ inputs: [a, b] }) => without(a!, b!, 0) ?? without(b!, a!, 0),
  sub: ({ inputs: [a, b] }) => without(a!, b!, 0),
  mul: ({ inputs: [a, b] }) => without(a!, b!, 1) ?? without(b!, a!, 1),
  div: ({ inputs: [a, b] }) => without(a!, b!, 1),
};

/** Some output channels of a transposed convolution need only the weights of those channels (the gradient of a concat). */
function narrowed(
  node: Node<'convTranspose'>,
  starts: readonly number[],
  sizes: readonly number[],
): Value | undefined {
  const [x, w, bias] = node.inputs as [Value, Value, Value?];
  const { shape } = node.outputs[0]!.type;
  const onlyChannels = sizes.every((size, axis) => axis === 1 || size === shape[axis]);
  if (!onlyChannels || bias || node.attributes.groups !== 1) return undefined;
  const part = slice(w, { axes: [1], starts: [starts[1]!], ends: [starts[1]! + sizes[1]!] });
  return applyOne('convTranspose', [x, part], node.attributes);
}

/** `kept`, when `other` is a constant full of the neutral element and does not broadcast `kept` to more. */
function without(kept: Value, other: Value, neutral: number): Value | undefined {
  if (!isOp(other.node, 'constant') || other.type.dtype !== 'float32') return undefined;
  const { data, shape } = other.node.attributes as OpAttributes['constant'];
  if (data.length > 4096 || shape.length > kept.type.shape.length) return undefined;
  const extra = kept.type.shape.length - shape.length;
  if (shape.some((n, i) => n !== 1 && n !== kept.type.shape[i + extra])) return undefined;
  return (data as Float32Array).every((x) => x === neutral) ? kept : undefined;
}
