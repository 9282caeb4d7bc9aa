// Gradients of elementwise ops.
import { isOp, type Value } from '../graph.ts';
import type { OpName } from '../ops/attributes.ts';
import {
  abs,
  add,
  and,
  cast,
  cos,
  div,
  equal,
  erf,
  exp,
  greater,
  greaterOrEqual,
  late,
  less,
  lessOrEqual,
  log,
  mul,
  neg,
  perChannel,
  pow,
  reciprocal,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  sub,
  where,
} from '../ops/build.ts';
import type { GradientRule, GradientTable } from './rule.ts';

/** A rule of one input from its local derivative, given x and y = f(x). */
function local<K extends OpName>(derivative: (x: Value, y: Value) => Value): GradientRule<K> {
  return (node, [dy]) => [mul(dy!, derivative(node.inputs[0]!, node.outputs[0]!))];
}

/** dy where the condition holds, else zero. */
const mask = (condition: Value, dy: Value): Value => mul(dy, cast(condition, dy.type.dtype));

/**
 * What a batch normalisation gave, computed from its input once more: that is kept for the gradient of the normalisation in
 * any case, so one map a layer less lives from the forward to the backward pass.
 */
function normalisedAgain(x: Value, dy: Value): Value {
  if (!isOp(x.node, 'batchNorm')) return x;
  const [source] = x.node.inputs as [Value];
  const [scale, bias, average, variance] = [...x.node.inputs.slice(1), ...x.node.outputs.slice(1)].map((v) =>
    perChannel(v, x),
  ) as [Value, Value, Value, Value];
  const gain = mul(scale, reciprocal(sqrt(add(variance, x.node.attributes.eps))));
  return add(mul(source, late(gain, dy)), sub(bias, mul(gain, average)));
}

const piecewise = {
  none: 'it is piecewise constant; its gradient is zero everywhere it exists. Use stopGradient.',
};
const boolean = { none: 'its result is not a float' };

/** The derivative of max(a, b): ties are shared evenly, as PyTorch does. */
const extremum =
  (wins: (a: Value, b: Value) => Value): GradientRule<'maximum' | 'minimum'> =>
  (node, [dy]) => {
    const [a, b] = node.inputs as [Value, Value];
    const tie = mul(cast(equal(a, b), dy!.type.dtype), 0.5);
    const share = (x: Value, y: Value) => mul(dy!, add(cast(wins(x, y), dy!.type.dtype), tie));
    return [share(a, b), share(b, a)];
  };

export const elementwiseGradients: GradientTable<
  | 'neg'
  | 'exp'
  | 'log'
  | 'abs'
  | 'sqrt'
  | 'reciprocal'
  | 'sign'
  | 'floor'
  | 'sin'
  | 'cos'
  | 'atan'
  | 'erf'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'gelu'
  | 'silu'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'clip'
  | 'not'
  | 'cast'
  | 'stopGradient'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'minimum'
  | 'maximum'
  | 'less'
  | 'lessOrEqual'
  | 'greater'
  | 'greaterOrEqual'
  | 'equal'
  | 'and'
  | 'or'
  | 'where'
> = {
  neg: (_, [dy]) => [neg(dy!)],
  exp: local((_, y) => y),
  log: (node, [dy]) => [div(dy!, node.inputs[0]!)],
  abs: local((x) => sign(x)),
  sqrt: (node, [dy]) => [div(mul(dy!, 0.5), node.outputs[0]!)],
  reciprocal: local((_, y) => neg(square(y))),
  sign: piecewise,
  floor: piecewise,
  sin: local((x) => cos(x)),
  cos: local((x) => neg(sin(x))),
  atan: (node, [dy]) => [div(dy!, add(square(node.inputs[0]!), 1))],
  erf: local((x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  tanh: local((_, y) => sub(1, square(y))),
  sigmoid: local((_, y) => mul(y, sub(1, y))),
  softplus: local((x) => sigmoid(x)),
  relu: (node, [dy]) => [mask(greater(node.inputs[0]!, 0), dy!)],
  // Phi(x) + x * phi(x)
  gelu: local((x) => {
    const cumulative = add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
    const density = exp(mul(square(x), -0.5));
    return add(cumulative, mul(mul(x, density), 1 / Math.sqrt(2 * Math.PI)));
  }),
  // s + y * (1 - s) with y = x * s
  silu: (node, [dy]) => {
    const s = sigmoid(normalisedAgain(node.inputs[0]!, dy!));
    return [mul(dy!, add(s, mul(node.outputs[0]!, sub(1, s))))];
  },
  hardSigmoid: (node, [dy]) => [mask(less(abs(node.inputs[0]!), 3), mul(dy!, 1 / 6))],
  hardSwish: local((x) => {
    const middle = mask(less(abs(x), 3), add(mul(x, 1 / 3), 0.5));
    return add(middle, cast(greaterOrEqual(x, 3), x.type.dtype));
  }),
  clip: (node, [dy]) => {
    const { min, max } = node.attributes;
    return [mask(and(greaterOrEqual(node.inputs[0]!, min), lessOrEqual(node.inputs[0]!, max)), dy!)];
  },
  not: boolean,
  cast: (node, [dy]) => [cast(dy!, node.inputs[0]!.type.dtype)],
  stopGradient: { none: 'it stops gradients' },
  add: (_, [dy]) => [dy, dy],
  sub: (_, [dy], needed) => [dy, needed[1] ? neg(dy!) : undefined],
  mul: ({ inputs: [a, b] }, [dy], needed) => [
    needed[0] ? mul(dy!, b!) : undefined,
    needed[1] ? mul(dy!, a!) : undefined,
  ],
  div: ({ inputs: [, b], outputs: [y] }, [dy], needed) => {
    const da = div(dy!, b!);
    return [da, needed[1] ? neg(mul(da, y!)) : undefined];
  },
  // A zero base has the limits of the others: no change with the exponent, and none with the base when the exponent is 0.
  pow: ({ inputs: [a, b], outputs: [y] }, [dy], needed) => [
    needed[0] ? mul(dy!, mul(b!, pow(a!, where(equal(b!, 0), 1, sub(b!, 1))))) : undefined,
    needed[1] ? mul(dy!, mul(y!, log(where(equal(a!, 0), 1, a!)))) : undefined,
  ],
  minimum: extremum(less) as GradientRule<'minimum'>,
  maximum: extremum(greater) as GradientRule<'maximum'>,
  less: boolean,
  lessOrEqual: boolean,
  greater: boolean,
  greaterOrEqual: boolean,
  equal: boolean,
  and: boolean,
  or: boolean,
  where: ({ inputs: [condition] }, [dy], needed) => [
    undefined,
    needed[1] ? where(condition!, dy!, 0) : undefined,
    needed[2] ? where(condition!, 0, dy!) : undefined,
  ],
};
