// Graphs as text: one line a node, `%3 = conv(%1, %2) {stride:[1,1]} : f32[8,16,32,32]`.
import { type Graph, isOp, type Node, type Value } from './graph.ts';
import { fromHalf } from './half.ts';
import { typeText } from './tensor.ts';

export function print(graph: Graph): string {
  const numbers = new Map<Node, number>();
  const nodes = [...graph.nodes];
  for (const value of graph.inputs) if (!nodes.includes(value.node)) nodes.unshift(value.node);
  for (const node of nodes) numbers.set(node, numbers.size);
  const refer = (value: Value) =>
    `%${numbers.get(value.node)}${value.node.outputs.length > 1 ? `.${value.index}` : ''}`;
  const lines = nodes.map((node) => {
    const types = node.outputs.map((value) => typeText(value.type)).join(', ');
    const attributes = attributeText(node);
    const operands = isOp(node, 'constant') ? contentText(node) : node.inputs.map(refer).join(', ');
    return `%${numbers.get(node)} = ${node.op}(${operands})${attributes} : ${types}`;
  });
  const outputs = Object.entries(graph.outputs).map(([name, value]) => `${name} = ${refer(value)}`);
  return [...lines, `return ${outputs.join(', ')}`].join('\n');
}

/** The numbers of a constant, when they are few. */
function contentText(node: Node<'constant'>): string {
  const { data, dtype } = node.attributes;
  if (data.length > 4) return '...';
  return Array.from<number | bigint>(data)
    .map((x) => (dtype === 'float16' ? fromHalf(Number(x)) : x))
    .join(', ');
}

function attributeText(node: Node): string {
  const hidden = new Set(['dtype', 'shape', 'data']);
  const leaf = node.op === 'input' || node.op === 'constant';
  const entries = Object.entries(node.attributes).filter(([key]) => !(leaf && hidden.has(key)));
  if (entries.length === 0) return '';
  return ` {${entries.map(([key, value]) => `${key}:${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ')}}`;
}
