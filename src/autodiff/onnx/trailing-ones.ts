// Elementwise ops without the last axes of length 1, along which ONNX Runtime's CPU provider broadcasts number by number.
import type { Node } from '../graph.ts';
import type { OpName } from '../ops/attributes.ts';
import { reshape } from '../ops/build.ts';
import { applyOne } from '../ops/infer.ts';
import type { RewriteRule } from '../rewrite.ts';
import { elementCount } from '../tensor.ts';

const elementwise: ReadonlySet<OpName> = new Set([
  ...(['add', 'sub', 'mul', 'div', 'pow', 'minimum', 'maximum', 'where'] as const),
  ...(['less', 'lessOrEqual', 'greater', 'greaterOrEqual', 'equal', 'and', 'or'] as const),
  // These gain nothing, but keep the shape of a chain, so that no reshaping stays between its ops.
  ...(['neg', 'sqrt', 'reciprocal', 'abs', 'exp', 'log', 'sigmoid', 'tanh', 'not', 'cast'] as const),
]);

/** Below this a Reshape costs as much as it saves. */
const fewElements = 512;

/** A scalar times [256, 512, 1, 1] takes 1.2 ms, times [256, 512] 0.02 ms (weights of 1x1 convolutions in an optimizer). */
export const withoutTrailingOnes: RewriteRule = (node: Node) => {
  const { shape } = node.outputs[0]!.type;
  if (!elementwise.has(node.op) || elementCount(shape) < fewElements) return undefined;
  const ones = shape.length - 1 - shape.findLastIndex((n) => n !== 1);
  if (ones === 0) return undefined;
  const inputs = node.inputs.map((x) => reshape(x, x.type.shape.slice(0, -ones)));
  return [reshape(applyOne(node.op, inputs, node.attributes), shape)];
};
