// The graph: frozen nodes that refer to the values they read. A Graph is a set of outputs and all that they need.
import type { OpAttributes, OpName } from './ops/attributes.ts';
import { GraphError, type TensorType, typeText } from './tensor.ts';

/** One result of a node. */
export interface Value {
  readonly node: Node;
  readonly index: number;
  readonly type: TensorType;
}

export interface Node<K extends OpName = OpName> {
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attributes: OpAttributes[K];
  readonly outputs: readonly Value[];
}

/** Every node type there is, so that `switch (node.op)` narrows the attributes. */
export type AnyNode = { [K in OpName]: Node<K> }[OpName];

export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** Topological order: a node stands after everything it reads. */
  readonly nodes: readonly Node[];
}

/** A frozen node whose output types are already known; `apply` in ops/infer.ts is the checked way. */
export function makeNode<K extends OpName>(
  op: K,
  inputs: readonly Value[],
  attributes: OpAttributes[K],
  types: readonly TensorType[],
): Node<K> {
  const outputs: Value[] = [];
  Object.freeze(attributes);
  const node: Node<K> = { op, inputs: Object.freeze([...inputs]), attributes, outputs };
  for (const [index, type] of types.entries()) {
    outputs.push(Object.freeze({ node: node as unknown as Node, index, type: Object.freeze(type) }));
  }
  Object.freeze(outputs);
  return Object.freeze(node);
}

/** Narrows a node to one op. */
export function isOp<K extends OpName>(node: Node, op: K): node is Node<K> & Node {
  return node.op === op;
}

/** All nodes that `roots` depend on, each after what it reads (iterative, so that deep nets do not overflow the stack). */
export function topologicalOrder(roots: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  for (const root of roots) {
    const stack: { node: Node; next: number }[] = [{ node: root.node, next: 0 }];
    if (seen.has(root.node)) continue;
    seen.add(root.node);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input.node)) {
        seen.add(input.node);
        stack.push({ node: input.node, next: 0 });
      }
    }
  }
  return order;
}

/**
 * The graph of the named outputs. `inputs` fixes the order of the inputs and may name some that are not used.
 * Throws GraphError when an output needs an input that is not listed, or when two inputs share a name.
 */
export function graph(parts: { inputs: readonly Value[]; outputs: Readonly<Record<string, Value>> }): Graph {
  const nodes = topologicalOrder(Object.values(parts.outputs));
  const listed = new Set(parts.inputs.map((value) => value.node));
  const names = new Set<string>();
  for (const value of parts.inputs) {
    if (!isOp(value.node, 'input'))
      throw new GraphError(`graph: ${value.node.op} ${typeText(value.type)} is listed as an input`);
    if (names.has(value.node.attributes.name))
      throw new GraphError(`graph: two inputs are named ${value.node.attributes.name}`);
    names.add(value.node.attributes.name);
  }
  for (const node of nodes) {
    if (isOp(node, 'input') && !listed.has(node))
      throw new GraphError(`graph: input ${node.attributes.name} is used but not listed`);
  }
  return Object.freeze({
    inputs: Object.freeze([...parts.inputs]),
    outputs: Object.freeze({ ...parts.outputs }),
    nodes,
  });
}
