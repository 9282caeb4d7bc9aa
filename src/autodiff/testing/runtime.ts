// A Runtime on the CPU for autodiff's own tests: onnxruntime-node with as little around it as can be.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Graph, graph, isOp, type Value } from '../graph.ts';
import { fromHalf, toHalf } from '../half.ts';
import type { Target } from '../onnx/lower.ts';
import { toOnnx } from '../onnx/to-onnx.ts';
import type { Runtime, RuntimeSession, RuntimeTensor, TypedArray } from '../runtime.ts';
import { allocate, type DType, type Shape, type TensorType } from '../tensor.ts';

/** Sessions of one thread, so that results do not depend on the machine. */
export const cpuRuntime: Runtime = {
  device: 'cpu',
  async load(model): Promise<RuntimeSession> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    };
    const session =
      typeof model === 'string'
        ? await InferenceSession.create(model, options)
        : await InferenceSession.create(model, options);
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      async run(feeds, fetches) {
        const wanted = fetches && mapValues(fetches, (tensor) => tensor && toTensor(tensor));
        const results = wanted
          ? await session.run(mapValues(feeds, toTensor), wanted)
          : await session.run(mapValues(feeds, toTensor));
        return mapValues(results, fromTensor);
      },
      close: () => session.release(),
    };
  },
};

function toTensor({ type, dims, data }: RuntimeTensor): Tensor {
  const made = new Tensor(type as Tensor.Type, data as Tensor.DataType, dims);
  // Where there is a Float16Array (Node 24), the tensor holds one, which the binding takes for empty: it reads bits.
  if (type === 'float16' && made.data !== data) Object.assign(made, { cpuData: data });
  return made;
}

function fromTensor(tensor: Tensor): RuntimeTensor {
  const data = tensor.data as TypedArray;
  if (tensor.type !== 'float16') return { type: tensor.type, dims: tensor.dims, data };
  return {
    type: tensor.type,
    dims: tensor.dims,
    data: new Uint16Array(data.buffer, data.byteOffset, data.length),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (a: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));
}

/** A tensor at the door from plain numbers; float16 and int64 are converted. */
export function tensor(
  numbers: readonly number[] | Float32Array,
  shape: Shape,
  dtype: DType = 'float32',
): RuntimeTensor {
  const data = allocate(dtype, numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    if (dtype === 'int64') (data as BigInt64Array)[i] = BigInt(numbers[i]!);
    else if (dtype === 'float16') (data as Uint16Array)[i] = toHalf(numbers[i]!);
    else (data as Float32Array)[i] = numbers[i]!;
  }
  return { type: dtype, dims: shape, data };
}

/** The plain numbers of a tensor. */
export function numbersOf({ type, data }: RuntimeTensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, (x) =>
    type === 'float16' ? fromHalf(Number(x)) : Number(x),
  );
}

/** Runs a graph once; `feeds` are plain numbers by input name. */
export async function runGraph(
  g: Graph,
  feeds: Readonly<Record<string, readonly number[] | Float32Array>> = {},
  target: Target = 'portable',
): Promise<Record<string, RuntimeTensor>> {
  const session = await cpuRuntime.load(toOnnx(g, { target }));
  const fed: Record<string, RuntimeTensor> = {};
  for (const { node, type } of g.inputs) {
    const { name } = (node as { attributes: { name: string } }).attributes;
    fed[name] = tensor(feeds[name]!, type.shape, type.dtype);
  }
  const results = await session.run(fed);
  await session.close();
  return results;
}

/** The numbers of one value whose inputs are fed by name. Throws when the engine's shape is not the inferred one. */
export async function compute(
  value: Value,
  feeds: Readonly<Record<string, readonly number[] | Float32Array>> = {},
  target: Target = 'portable',
): Promise<number[]> {
  const whole = graph({ inputs: inputsOf(value), outputs: { result: value } });
  const result = (await runGraph(whole, feeds, target)).result!;
  expectType(result, value.type);
  return numbersOf(result);
}

function expectType(result: RuntimeTensor, { dtype, shape }: TensorType): void {
  if (result.type !== dtype || result.dims.join() !== shape.join())
    throw new Error(`the engine gives ${result.type}[${result.dims}], inferred was ${dtype}[${shape}]`);
}

/** The inputs that a value depends on, in the order in which the graph meets them. */
export function inputsOf(...values: readonly Value[]): Value[] {
  const seen = new Set<Value['node']>();
  const found: Value[] = [];
  const visit = (value: Value) => {
    if (seen.has(value.node)) return;
    seen.add(value.node);
    if (isOp(value.node, 'input')) found.push(value);
    value.node.inputs.forEach(visit);
  };
  values.forEach(visit);
  return found;
}
