// Reverse-mode differentiation: one walk from the loss back, one table of rules, broadcasting undone in one place.
import type { GradientRule, NoGradient } from './gradients/rule.ts';
import { gradientTable } from './gradients/table.ts';
import { type Node, topologicalOrder, type Value } from './graph.ts';
import type { OpName } from './ops/attributes.ts';
import { add, constant, reshape, sum } from './ops/build.ts';
import { GraphError, isFloat, type Shape, sameShape, shapeText, typeText } from './tensor.ts';

/**
 * d loss / d value for each of `wrt`, as values of the same graph.
 * Throws GraphError when the loss is not a float scalar, when an op on the way has no gradient,
 * or when the loss does not depend on one of `wrt`.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.type.shape.length !== 0 || !isFloat(loss.type.dtype)) {
    throw new GraphError(`gradients: the loss must be a float scalar, got ${typeText(loss.type)}`);
  }
  const order = topologicalOrder([loss]);
  const differentiable = dependents(order, wrt);
  const arrived = new Map<Value, Value>([[loss, constant([1], [], loss.type.dtype)]]);

  for (const node of [...order].reverse()) {
    if (!node.outputs.some((value) => differentiable.has(value) && arrived.has(value))) continue;
    const needed = node.inputs.map((value) => differentiable.has(value));
    if (!needed.some(Boolean)) continue;
    const dy = node.outputs.map((value) => arrived.get(value));
    for (const [i, g] of ruleOf(node)(node, dy, needed).entries()) {
      const x = node.inputs[i]!;
      if (!needed[i]) continue;
      if (g === undefined)
        throw new Error(`internal: the rule of ${node.op} gives no gradient for input ${i}`);
      const reduced = sumToShape(g, x.type.shape);
      const before = arrived.get(x);
      arrived.set(x, before === undefined ? reduced : add(before, reduced));
    }
  }

  return wrt.map((value) => {
    const g = arrived.get(value);
    if (g === undefined)
      throw new GraphError(
        `gradients: the loss does not depend on ${nameOf(value)} ${typeText(value.type)}, or only through stopGradient, integers or comparisons`,
      );
    return g;
  });
}

/** The values through which a change of `wrt` reaches the loss: floats, not behind stopGradient. */
function dependents(order: readonly Node[], wrt: readonly Value[]): Set<Value> {
  const found = new Set<Value>(wrt);
  for (const node of order) {
    if (node.op === 'stopGradient' || !node.inputs.some((value) => found.has(value))) continue;
    for (const value of node.outputs) if (isFloat(value.type.dtype)) found.add(value);
  }
  return found;
}

function ruleOf(node: Node): GradientRule<OpName> {
  const rule = gradientTable[node.op] as GradientRule<OpName> | NoGradient;
  if (typeof rule === 'function') return rule;
  throw new GraphError(
    `gradients: ${node.op} ${typeText(node.outputs[0]!.type)} has no gradient: ${rule.none}`,
  );
}

/** Sums a gradient over the axes along which the forward pass broadcast. */
function sumToShape(g: Value, shape: Shape): Value {
  if (sameShape(g.type.shape, shape)) return g;
  const extra = g.type.shape.length - shape.length;
  if (extra < 0)
    throw new Error(`internal: gradient ${shapeText(g.type.shape)} is smaller than ${shapeText(shape)}`);
  const axes = g.type.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? sum(g, { axes }) : g, shape);
}

function nameOf(value: Value): string {
  const { attributes } = value.node as { attributes: { name?: string } };
  return attributes.name ?? value.node.op;
}
