// Evaluates one node on constant inputs, for constant folding. Small float32 arithmetic only; undefined means "not here".
import type { Node } from './graph.ts';
import type { OpAttributes, OpName } from './ops/attributes.ts';
import { elementCount, type Shape, stridesOf } from './tensor.ts';

interface Constant {
  readonly data: Float32Array;
  readonly shape: Shape;
}

const unary: Partial<Record<OpName, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  abs: Math.abs,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
};

const binary: Partial<Record<OpName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
};

/** The float32 result of a node whose inputs are float32 constants, or undefined when it is not one of the folded ops. */
export function evaluate(node: Node): Float32Array | undefined {
  const inputs = node.inputs.map(asConstant);
  if (inputs.length === 0 || inputs.some((input) => input === undefined)) return undefined;
  const [a, b] = inputs as [Constant, Constant | undefined];
  const shape = node.outputs[0]!.type.shape;
  const one = unary[node.op];
  if (one) return a.data.map(one);
  const two = binary[node.op];
  if (two && b) return combine(a, b, shape, two);
  if (node.op === 'reshape') return a.data;
  if (node.op === 'broadcastTo') return combine(a, { data: new Float32Array(1), shape: [] }, shape, (x) => x);
  if (node.op === 'transpose') return permute(a, (node.attributes as OpAttributes['transpose']).perm, shape);
  return undefined;
}

function asConstant(value: Node['inputs'][number]): Constant | undefined {
  if (value.node.op !== 'constant' || value.type.dtype !== 'float32') return undefined;
  return {
    data: (value.node.attributes as OpAttributes['constant']).data as Float32Array,
    shape: value.type.shape,
  };
}

function combine(a: Constant, b: Constant, shape: Shape, f: (a: number, b: number) => number): Float32Array {
  const out = new Float32Array(elementCount(shape));
  const atA = offsets(a.shape, shape);
  const atB = offsets(b.shape, shape);
  for (let i = 0; i < out.length; i++) out[i] = f(a.data[atA(i)]!, b.data[atB(i)]!);
  return out;
}

/** Where element i of the broadcast result lies in a tensor of the smaller shape. */
function offsets(from: Shape, to: Shape): (i: number) => number {
  const strides = stridesOf(to);
  const own = stridesOf(from);
  const extra = to.length - from.length;
  return (i) => {
    let offset = 0;
    for (let axis = extra; axis < to.length; axis++) {
      const n = from[axis - extra]!;
      if (n > 1) offset += (Math.floor(i / strides[axis]!) % to[axis]!) * own[axis - extra]!;
    }
    return offset;
  };
}

function permute(a: Constant, perm: readonly number[], shape: Shape): Float32Array {
  const out = new Float32Array(a.data.length);
  const from = stridesOf(a.shape);
  const to = stridesOf(shape);
  for (let i = 0; i < out.length; i++) {
    let offset = 0;
    for (const [axis, p] of perm.entries()) offset += (Math.floor(i / to[axis]!) % shape[axis]!) * from[p]!;
    out[i] = a.data[offset]!;
  }
  return out;
}
