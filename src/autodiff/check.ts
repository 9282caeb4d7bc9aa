// What a legal graph is, checked between passes: every node's types follow from its inputs, and it stands after them.
import type { Graph, Node } from './graph.ts';
import type { OpName } from './ops/attributes.ts';
import { inferTypes } from './ops/infer.ts';
import { GraphError, sameShape, typeText } from './tensor.ts';

/**
 * Throws GraphError at the first node whose stored types differ from the inferred ones, that reads a node which does
 * not stand before it, or whose op is not `allowed` (all ops when left out).
 */
export function check(graph: Graph, allowed?: ReadonlySet<OpName>): void {
  const before = new Set<Node>();
  for (const node of graph.nodes) {
    if (allowed && !allowed.has(node.op)) throw new GraphError(`check: ${node.op} must have been lowered`);
    for (const value of node.inputs) {
      if (!before.has(value.node))
        throw new GraphError(`check: ${node.op} reads ${value.node.op}, which stands after it`);
      if (value.node.outputs[value.index] !== value)
        throw new GraphError(`check: ${node.op} reads a value that is no output`);
    }
    const inferred = inferTypes(
      node.op,
      node.inputs.map((value) => value.type),
      node.attributes,
    );
    for (const [i, value] of node.outputs.entries()) {
      const type = inferred[i];
      if (!type || type.dtype !== value.type.dtype || !sameShape(type.shape, value.type.shape)) {
        throw new GraphError(
          `check: ${node.op} says ${typeText(value.type)} but infers ${type ? typeText(type) : 'nothing'}`,
        );
      }
    }
    before.add(node);
  }
}
