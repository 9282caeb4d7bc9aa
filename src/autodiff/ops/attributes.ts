// The closed list of ops and the attributes of each. Every table over ops is total by this type.
import type { TypedArray } from '../runtime.ts';
import type { DType, Shape } from '../tensor.ts';

/** Attributes of an op that has none. */
export type None = Readonly<Record<string, never>>;

/** [top, left, bottom, right], in pixels. */
export type Pads = readonly [number, number, number, number];
export type Pair = readonly [number, number];

export interface ConvAttrs {
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
  readonly groups: number;
}

export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface OpAttributes {
  // leaves
  readonly input: { readonly name: string; readonly dtype: DType; readonly shape: Shape };
  readonly constant: {
    readonly data: TypedArray;
    readonly dtype: DType;
    readonly shape: Shape;
    readonly name?: string;
  };
  // one input, elementwise
  readonly neg: None;
  readonly exp: None;
  readonly log: None;
  readonly abs: None;
  readonly sqrt: None;
  readonly reciprocal: None;
  readonly sign: None;
  readonly floor: None;
  readonly sin: None;
  readonly cos: None;
  readonly atan: None;
  readonly erf: None;
  readonly tanh: None;
  readonly sigmoid: None;
  readonly softplus: None;
  readonly relu: None;
  readonly gelu: None;
  readonly silu: None;
  readonly hardSigmoid: None;
  readonly hardSwish: None;
  readonly clip: { readonly min: number; readonly max: number };
  readonly not: None;
  readonly cast: { readonly to: DType };
  readonly stopGradient: None;
  // two inputs, elementwise with broadcasting
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly minimum: None;
  readonly maximum: None;
  readonly less: None;
  readonly lessOrEqual: None;
  readonly greater: None;
  readonly greaterOrEqual: None;
  readonly equal: None;
  readonly and: None;
  readonly or: None;
  readonly where: None;
  // products
  readonly matmul: { readonly transA: boolean; readonly transB: boolean };
  readonly conv: ConvAttrs;
  readonly convTranspose: ConvAttrs & { readonly outputPads: Pair };
  readonly convWeightGrad: ConvAttrs & { readonly kernel: Pair };
  // windows and resampling
  readonly maxPool: { readonly kernel: Pair; readonly stride: Pair; readonly pads: Pads };
  readonly resize: { readonly height: number; readonly width: number; readonly mode: 'bilinear' | 'nearest' };
  // normalisation
  readonly batchNorm: { readonly eps: number };
  readonly groupNorm: { readonly groups: number; readonly eps: number };
  readonly layerNorm: { readonly eps: number };
  readonly softmax: { readonly axis: number };
  readonly logSoftmax: { readonly axis: number };
  // reductions
  readonly sum: ReduceAttrs;
  readonly mean: ReduceAttrs;
  readonly max: ReduceAttrs;
  readonly min: ReduceAttrs;
  readonly sumSquare: ReduceAttrs;
  readonly argMax: { readonly axis: number; readonly keepDims: boolean };
  readonly topK: { readonly k: number; readonly axis: number; readonly largest: boolean };
  // shape
  readonly reshape: { readonly shape: Shape };
  readonly transpose: { readonly perm: readonly number[] };
  readonly broadcastTo: { readonly shape: Shape };
  readonly concat: { readonly axis: number };
  readonly slice: { readonly starts: Shape; readonly sizes: Shape; readonly steps: Shape };
  readonly pad: { readonly before: Shape; readonly after: Shape; readonly value: number };
  readonly gather: { readonly axis: number };
  readonly gatherElements: { readonly axis: number };
  readonly scatterElements: { readonly axis: number; readonly reduction: 'none' | 'add' | 'max' | 'min' };
  // selection
  readonly nonMaxSuppression: { readonly count: number };
}

export type OpName = keyof OpAttributes;
