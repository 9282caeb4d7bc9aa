// From a lowered graph to ONNX nodes: one row an op. Rows that say `lower` must have been rewritten before (lower.ts).
import { type Graph, isOp, type Node, type Value } from '../graph.ts';
import { toHalf } from '../half.ts';
import type { OpName, Pads, ReduceAttrs } from '../ops/attributes.ts';
import type { TypedArray } from '../runtime.ts';
import { type DType, GraphError } from '../tensor.ts';
import { blockedDomain } from './channel-block.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from './proto.ts';

/** ai.onnx 21 is what ONNX Runtime 1.20 and later run; com.microsoft is used for FusedMatMul alone. */
const opsets = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];
const blockedOpset = { domain: blockedDomain, version: 1 };

export interface EmitOptions {
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Convolutions of weights that are no constants take the engine's layout of so many channels (channel-block.ts). */
  readonly channelBlock?: number;
}

/** The ONNX records of a graph. Inputs and outputs keep their names. */
export function emit(graph: Graph, options: EmitOptions = {}): OnnxModel {
  const { channelBlock = 0 } = options;
  const writer = new Writer(graph, channelBlock);
  for (const node of graph.nodes) writer.write(node);
  return {
    opsets: channelBlock > 0 ? [...opsets, blockedOpset] : opsets,
    producerName: 'okapi-vision',
    metadata: options.metadata ?? {},
    graph: {
      name: options.name ?? 'graph',
      nodes: writer.nodes,
      initializers: writer.initializers,
      inputs: graph.inputs.map((value) => ({
        name: writer.nameOf(value),
        dtype: value.type.dtype,
        shape: value.type.shape,
      })),
      outputs: Object.entries(graph.outputs).map(([name, value]) => ({
        name,
        dtype: value.type.dtype,
        shape: value.type.shape,
      })),
    },
  };
}

class Writer {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<Value, string>();
  readonly #aliases: OnnxNode[] = [];
  readonly #used = new Set<Value>();
  readonly #literals = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #block: number;
  #next = 0;

  constructor(graph: Graph, block: number) {
    this.#block = block;
    for (const node of graph.nodes) for (const value of node.inputs) this.#used.add(value);
    for (const name of Object.keys(graph.outputs)) this.#taken.add(name);
    for (const value of graph.inputs) {
      if (!isOp(value.node, 'input')) continue;
      const { name } = value.node.attributes;
      if (this.#taken.has(name)) throw new GraphError(`emit: an input and an output are both named ${name}`);
      this.#names.set(value, name);
      this.#taken.add(name);
    }
    for (const [name, value] of Object.entries(graph.outputs)) {
      this.#used.add(value);
      // An output that is an input, a constant or has two names gets its name through an Identity.
      if (this.#names.has(value) || isOp(value.node, 'constant')) {
        this.#aliases.push({ op: 'Identity', inputs: [this.nameOf(value)], outputs: [name], attributes: {} });
      } else this.#names.set(value, name);
    }
  }

  nameOf(value: Value): string {
    let name = this.#names.get(value);
    if (name === undefined) {
      const given = isOp(value.node, 'constant') ? value.node.attributes.name : undefined;
      name = given !== undefined && !this.#taken.has(given) ? given : this.#fresh(value.node.op);
      this.#taken.add(name);
      this.#names.set(value, name);
    }
    return name;
  }

  /** A name that no input, output or value has. */
  #fresh(prefix: string): string {
    let name = `${prefix}_${this.#next++}`;
    while (this.#taken.has(name)) name = `${prefix}_${this.#next++}`;
    this.#taken.add(name);
    return name;
  }

  write(node: Node): void {
    if (isOp(node, 'constant')) {
      const { dtype, shape, data } = node.attributes;
      this.initializers.push({ name: this.nameOf(node.outputs[0]!), dtype, shape, data });
    } else if (!isOp(node, 'input')) {
      const row = rows[node.op] as Row<OpName>;
      if ('lower' in row) throw new GraphError(`emit: ${node.op} must have been lowered: ${row.lower}`);
      const record = this.#record(node, row);
      if (row.fixedRows) this.nodes.push(...this.#fixed(record, row.fixedRows(node)));
      else if (this.#block > 0 && isOp(node, 'conv') && isBlocked(node, this.#block))
        this.nodes.push(...this.#blocked(record, node));
      else this.nodes.push(record);
    }
    const ready = this.#aliases.filter((alias) =>
      node.outputs.some((value) => this.#names.get(value) === alias.inputs[0]),
    );
    this.nodes.push(...ready);
  }

  #record(node: Node, row: EmitRow<OpName>): OnnxNode {
    const { attributes, extra } = row.with?.(node) ?? {};
    const inputs = node.inputs.map((value) => this.nameOf(value));
    for (const literal of extra ?? []) inputs.push(literal === null ? '' : this.#literal(literal));
    const outputs = node.outputs.map((value, i) =>
      i === 0 || row.allOutputs || this.#used.has(value) ? this.nameOf(value) : '',
    );
    while (outputs.at(-1) === '') outputs.pop();
    return {
      name: `${node.op}_${this.#next++}`,
      ...(typeof row.op === 'string' ? standard(row.op) : row.op(node)),
      inputs,
      outputs,
      attributes: attributes ?? {},
    };
  }

  /** A node whose result has as many rows [rows, ...row] as it finds, followed by what makes them a fixed number. */
  #fixed(record: OnnxNode, { count, fill, row }: FixedRows): OnnxNode[] {
    const [found, filler, all] = [this.#fresh('found'), this.#fresh('filler'), this.#fresh('all')];
    const number = (n: number) => this.#literal(int64s([n]));
    return [
      { ...record, outputs: [found] },
      this.#step('Expand', [number(fill), this.#literal(int64s([count, row]))], filler),
      this.#step('Concat', [found, filler], all, { axis: int(0) }),
      this.#step('Slice', [all, number(0), number(count), number(0)], record.outputs[0]!),
    ];
  }

  /**
   * A convolution between changes of layout: weights [O / B, C / B, kh, kw, B of C, B of O], pictures in blocks of B channels.
   * The weights are brought there as if they were a picture of O channels, which all threads share.
   */
  #blocked(record: OnnxNode, node: Node<'conv'>): OnnxNode[] {
    const [out, channels, ...kernel] = node.inputs[1]!.type.shape as [number, number, number, number];
    const block = this.#block;
    const [x, w, ...bias] = record.inputs as [string, string, ...string[]];
    const shape = (numbers: readonly number[]) => this.#literal(int64s(numbers));
    const [picture, rows, parts, moved, weights, blocks, result] = [
      'picture',
      'rows',
      'parts',
      'moved',
      'weights',
      'blocks',
      'result',
    ].map((name) => this.#fresh(name)) as [string, string, string, string, string, string, string];
    const taps = kernel[0] * kernel[1];
    return [
      this.#step('Reshape', [w, shape([1, out, channels, taps])], picture),
      { ...this.#step('ReorderInput', [picture], rows), domain: blockedDomain },
      this.#step('Reshape', [rows, shape([-1, block, taps, block])], parts),
      this.#step('Transpose', [parts], moved, { perm: ints([0, 2, 1, 3]) }),
      this.#step('Reshape', [moved, shape([out, channels, ...kernel])], weights),
      { ...this.#step('ReorderInput', [x], blocks), domain: blockedDomain },
      {
        ...record,
        domain: blockedDomain,
        inputs: [blocks, weights, ...bias],
        outputs: [result],
        attributes: { ...record.attributes, kernel_shape: ints(kernel) },
      },
      {
        ...this.#step('ReorderOutput', [result], record.outputs[0]!, { channels: int(out) }),
        domain: blockedDomain,
      },
    ];
  }

  #step(op: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}): OnnxNode {
    return { name: this.#fresh(op.toLowerCase()), op, inputs, outputs: [output], attributes };
  }

  /** The name of an initializer that holds a small literal; equal literals share one. */
  #literal({ dtype, shape, numbers }: Literal): string {
    const key = `${dtype}[${shape}]${numbers}`;
    let name = this.#literals.get(key);
    if (name === undefined) {
      name = this.#fresh('literal');
      this.#literals.set(key, name);
      this.initializers.push({ name, dtype, shape, data: literalArray(dtype, numbers) });
    }
    return name;
  }
}

/** Larger kernels alone: one of a pixel is a matrix product, which is as quick in the usual layout. */
function isBlocked({ inputs, attributes }: Node<'conv'>, block: number): boolean {
  const w = inputs[1]!;
  const [out, channels, ...kernel] = w.type.shape as [number, number, number, number];
  const fits = attributes.groups === 1 && out % block === 0 && channels % block === 0;
  return fits && kernel.some((n) => n > 1) && w.node.op !== 'constant' && w.type.dtype === 'float32';
}

interface Literal {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

function literalArray(dtype: DType, numbers: readonly number[]): TypedArray {
  if (dtype === 'int64') return BigInt64Array.from(numbers.map(BigInt));
  if (dtype === 'float16') return Uint16Array.from(numbers.map(toHalf));
  return dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
}

const int64s = (numbers: readonly number[]): Literal => ({
  dtype: 'int64',
  shape: [numbers.length],
  numbers,
});
const scalarOf = (dtype: DType, value: number): Literal => ({ dtype, shape: [], numbers: [value] });
const int = (value: number | boolean): OnnxAttribute => ({ kind: 'int', value: Number(value) });
const float = (value: number): OnnxAttribute => ({ kind: 'float', value });
const ints = (value: readonly number[]): OnnxAttribute => ({ kind: 'ints', value });
const text = (value: string): OnnxAttribute => ({ kind: 'string', value });

interface EmitRow<K extends OpName> {
  readonly op: string | ((node: Node<K>) => OnnxOp);
  /** ONNX wants every output named, whether it is read or not. */
  readonly allOutputs?: boolean;
  /** ONNX attributes, and inputs that ONNX wants as tensors (null leaves one out). */
  readonly with?: (node: Node<K>) => {
    readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
    readonly extra?: readonly (Literal | null)[];
  };
  /** ONNX gives as many rows as there are; the graph has a fixed number. */
  readonly fixedRows?: (node: Node<K>) => FixedRows;
}

/** int64 rows of `row` numbers; those that are not found hold `fill`. */
interface FixedRows {
  readonly count: number;
  readonly fill: number;
  readonly row: number;
}

interface OnnxOp {
  readonly op: string;
  readonly domain?: string;
}

const standard = (op: string): OnnxOp => ({ op });
const microsoft = (op: string): OnnxOp => ({ op, domain: 'com.microsoft' });

type Row<K extends OpName> = EmitRow<K> | { readonly lower: string };

const reduction = (op: string) => ({
  op,
  with: ({ attributes: { axes, keepDims } }: { readonly attributes: ReduceAttrs }) => ({
    attributes: { keepdims: int(keepDims) },
    extra: [int64s(axes)],
  }),
});

const convolution = (a: Node<'conv'>['attributes']) => ({
  strides: ints(a.stride),
  pads: ints(a.pads),
  dilations: ints(a.dilation),
  group: int(a.groups),
});

const poolPads = (pads: Pads) => ints(pads);

/** TensorProto.DataType numbers, for Cast. */
const dtypeCodes: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 };

const rows: { readonly [K in OpName]: Row<K> } = {
  input: { lower: 'it is no node' },
  constant: { lower: 'it is no node' },
  neg: { op: 'Neg' },
  exp: { op: 'Exp' },
  log: { op: 'Log' },
  abs: { op: 'Abs' },
  sqrt: { op: 'Sqrt' },
  reciprocal: { op: 'Reciprocal' },
  sign: { op: 'Sign' },
  floor: { op: 'Floor' },
  sin: { op: 'Sin' },
  cos: { op: 'Cos' },
  atan: { op: 'Atan' },
  erf: { op: 'Erf' },
  tanh: { op: 'Tanh' },
  sigmoid: { op: 'Sigmoid' },
  softplus: { op: 'Softplus' },
  relu: { op: 'Relu' },
  gelu: { op: 'Gelu' },
  silu: { lower: 'ONNX 21 has no such op; ONNX Runtime fuses x * sigmoid(x) itself' },
  hardSigmoid: { op: 'HardSigmoid', with: () => ({ attributes: { alpha: float(1 / 6), beta: float(0.5) } }) },
  hardSwish: { op: 'HardSwish' },
  clip: {
    op: 'Clip',
    with: ({ attributes: { min, max }, outputs }) => {
      const { dtype } = outputs[0]!.type;
      const bound = (x: number) => (Number.isFinite(x) ? scalarOf(dtype, x) : null);
      return { extra: [bound(min), bound(max)] };
    },
  },
  not: { op: 'Not' },
  cast: { op: 'Cast', with: ({ attributes: { to } }) => ({ attributes: { to: int(dtypeCodes[to]) } }) },
  stopGradient: { lower: 'it does nothing at run time' },
  add: { op: 'Add' },
  sub: { op: 'Sub' },
  mul: { op: 'Mul' },
  div: { op: 'Div' },
  pow: { op: 'Pow' },
  minimum: { op: 'Min' },
  maximum: { op: 'Max' },
  less: { op: 'Less' },
  lessOrEqual: { op: 'LessOrEqual' },
  greater: { op: 'Greater' },
  greaterOrEqual: { op: 'GreaterOrEqual' },
  equal: { op: 'Equal' },
  and: { op: 'And' },
  or: { op: 'Or' },
  where: { op: 'Where' },
  matmul: {
    op: ({ attributes: { transA, transB } }) =>
      transA || transB ? microsoft('FusedMatMul') : standard('MatMul'),
    with: ({ attributes: { transA, transB } }) =>
      transA || transB ? { attributes: { transA: int(transA), transB: int(transB), alpha: float(1) } } : {},
  },
  conv: { op: 'Conv', with: ({ attributes }) => ({ attributes: convolution(attributes) }) },
  convTranspose: {
    op: 'ConvTranspose',
    with: ({ attributes }) => ({
      attributes: { ...convolution(attributes), output_padding: ints(attributes.outputPads) },
    }),
  },
  convWeightGrad: { lower: 'ONNX has no such op' },
  maxPool: {
    op: 'MaxPool',
    with: ({ attributes: { kernel, stride, pads } }) => ({
      attributes: { kernel_shape: ints(kernel), strides: ints(stride), pads: poolPads(pads) },
    }),
  },
  resize: {
    op: 'Resize',
    with: ({ attributes: { mode }, outputs }) => ({
      attributes:
        mode === 'bilinear'
          ? { mode: text('linear'), coordinate_transformation_mode: text('half_pixel') }
          : {
              mode: text('nearest'),
              coordinate_transformation_mode: text('asymmetric'),
              nearest_mode: text('floor'),
            },
      extra: [null, null, int64s(outputs[0]!.type.shape)],
    }),
  },
  batchNorm: {
    op: 'BatchNormalization',
    allOutputs: true,
    // Momentum 0 hands out the batch's own mean and variance.
    with: ({ attributes: { eps }, inputs }) => {
      if (inputs.length !== 5)
        throw new Error('internal: batchNorm must have been given scratch space (lower.ts)');
      return { attributes: { epsilon: float(eps), momentum: float(0), training_mode: int(1) } };
    },
  },
  groupNorm: { lower: 'its statistics are needed for the gradient, ONNX does not hand them out' },
  layerNorm: {
    op: 'LayerNormalization',
    with: ({ attributes: { eps } }) => ({ attributes: { axis: int(-1), epsilon: float(eps) } }),
  },
  softmax: { op: 'Softmax', with: ({ attributes: { axis } }) => ({ attributes: { axis: int(axis) } }) },
  logSoftmax: { op: 'LogSoftmax', with: ({ attributes: { axis } }) => ({ attributes: { axis: int(axis) } }) },
  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  max: reduction('ReduceMax'),
  min: reduction('ReduceMin'),
  sumSquare: reduction('ReduceSumSquare'),
  argMax: {
    op: 'ArgMax',
    with: ({ attributes: { axis, keepDims } }) => ({
      attributes: { axis: int(axis), keepdims: int(keepDims) },
    }),
  },
  topK: {
    op: 'TopK',
    allOutputs: true,
    with: ({ attributes: { k, axis, largest } }) => ({
      attributes: { axis: int(axis), largest: int(largest) },
      extra: [int64s([k])],
    }),
  },
  reshape: { op: 'Reshape', with: ({ attributes: { shape } }) => ({ extra: [int64s(shape)] }) },
  transpose: { op: 'Transpose', with: ({ attributes: { perm } }) => ({ attributes: { perm: ints(perm) } }) },
  broadcastTo: { op: 'Expand', with: ({ attributes: { shape } }) => ({ extra: [int64s(shape)] }) },
  concat: { op: 'Concat', with: ({ attributes: { axis } }) => ({ attributes: { axis: int(axis) } }) },
  slice: {
    op: 'Slice',
    with: ({ attributes: { starts, sizes, steps }, inputs }) => {
      const { shape } = inputs[0]!.type;
      const cut = shape.flatMap((n, i) => (starts[i] === 0 && sizes[i] === n && steps[i] === 1 ? [] : [i]));
      const end = (i: number) => {
        const last = starts[i]! + sizes[i]! * steps[i]!;
        return last < 0 ? last - shape[i]! : last; // backwards past index 0: counted from the end, so that it is not wrapped
      };
      return {
        extra: [
          int64s(cut.map((i) => starts[i]!)),
          int64s(cut.map(end)),
          int64s(cut),
          int64s(cut.map((i) => steps[i]!)),
        ],
      };
    },
  },
  pad: {
    op: 'Pad',
    with: ({ attributes: { before, after, value }, outputs }) => ({
      attributes: { mode: text('constant') },
      extra: [int64s([...before, ...after]), scalarOf(outputs[0]!.type.dtype, value)],
    }),
  },
  gather: { op: 'Gather', with: ({ attributes: { axis } }) => ({ attributes: { axis: int(axis) } }) },
  gatherElements: {
    op: 'GatherElements',
    with: ({ attributes: { axis } }) => ({ attributes: { axis: int(axis) } }),
  },
  scatterElements: {
    op: 'ScatterElements',
    with: ({ attributes: { axis, reduction } }) => ({
      attributes: { axis: int(axis), reduction: text(reduction) },
    }),
  },
  nonMaxSuppression: {
    op: 'NonMaxSuppression',
    fixedRows: ({ attributes: { count } }) => ({ count, fill: -1, row: 3 }),
  },
};

/** The ops that have an ONNX row; a graph must hold no others when it is emitted. */
export const emittable: ReadonlySet<OpName> = new Set(
  (Object.keys(rows) as OpName[]).filter(
    (op) => op === 'input' || op === 'constant' || !('lower' in rows[op]),
  ),
);
