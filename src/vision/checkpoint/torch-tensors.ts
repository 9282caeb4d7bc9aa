// How torch pickles describe tensors: storages by id, and rebuild functions with offset, size and stride.
import { OkapiError } from '../errors.ts';
import type { CheckpointLimits } from './limits.ts';
import {
  isGlobal,
  isObject,
  isPersistent,
  isTuple,
  type PickleObject,
  type PicklePersistent,
  type PickleValue,
} from './pickle.ts';
import {
  type Dtype,
  dtypes,
  elementCount,
  elementsOf,
  type NamedTensor,
  quoted,
  type TensorData,
} from './tensors.ts';

interface StorageType {
  /** Element type; 'untyped' counts bytes and leaves the type to the tensor; null is one we do not read. */
  readonly dtype: Dtype | 'untyped' | null;
  /** Bytes per element. */
  readonly size: number;
}

/** The name torch gives to the storage of each dtype, for reader and writer. */
export const storageNames: Record<Dtype, string> = {
  float64: 'DoubleStorage',
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
};

const storageTypes: ReadonlyMap<string, StorageType> = new Map<string, StorageType>([
  ...Object.entries(storageNames).flatMap(([dtype, name]): [string, StorageType][] => {
    const type = { dtype: dtype as Dtype, size: dtypes[dtype as Dtype].size };
    return [
      [`torch.${name}`, type],
      [`torch.cuda.${name}`, type],
    ];
  }),
  ['torch.storage.UntypedStorage', { dtype: 'untyped', size: 1 }],
  ['torch.UntypedStorage', { dtype: 'untyped', size: 1 }],
  ['torch.storage.TypedStorage', { dtype: null, size: 1 }],
  ['torch.ComplexFloatStorage', { dtype: null, size: 8 }],
  ['torch.ComplexDoubleStorage', { dtype: null, size: 16 }],
  ['torch.QInt8Storage', { dtype: null, size: 1 }],
  ['torch.QUInt8Storage', { dtype: null, size: 1 }],
  ['torch.QInt32Storage', { dtype: null, size: 4 }],
  ['torch.QUInt4x2Storage', { dtype: null, size: 1 }],
  ['torch.QUInt2x4Storage', { dtype: null, size: 1 }],
]);

const dtypeGlobals: ReadonlyMap<string, Dtype> = new Map(
  Object.keys(dtypes).map((dtype) => [`torch.${dtype}`, dtype as Dtype]),
);

/** dtypes of torch that a checkpoint may name and that we have no numbers for. */
const otherDtypes = [
  ...['complex32', 'complex64', 'complex128', 'qint8', 'quint8', 'qint32', 'uint16', 'uint32', 'uint64'],
  ...['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu'],
];

/** What a tensor needs to be rebuilt: its name for messages, the storages, and how much may still be made. */
export interface RebuildContext {
  readonly name: string;
  readonly limits: CheckpointLimits;
  /** Shared by all tensors of a file: strides of 0 make large tensors of small storages. */
  readonly budget: { bytesLeft: number };
  readonly elements: ReadElements;
}

/** A storage's elements. The same key and dtype give the same array. */
export type ReadElements = (storage: Storage, dtype: Dtype) => TensorData;

export interface Storage {
  readonly key: string;
  readonly type: StorageType;
  /** Elements, or bytes when untyped. */
  readonly count: number;
}

type Rebuild = (context: RebuildContext, args: readonly PickleValue[]) => NamedTensor;

const rebuildInner: Rebuild = (context, [inner]) => rebuildTensor(context, inner ?? null);

const refuse =
  (kind: string): Rebuild =>
  ({ name }) =>
    badTensor(name, `expected a plain tensor, got a ${kind} one`);

/** Rebuild functions of torch by name, and what their arguments mean. */
const rebuilders: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ['torch._utils._rebuild_tensor', strided],
  ['torch._utils._rebuild_tensor_v2', strided],
  ['torch._utils._rebuild_tensor_v3', (context, args) => strided(context, args, args[6])],
  ['torch._utils._rebuild_parameter', rebuildInner],
  ['torch._utils._rebuild_parameter_with_state', rebuildInner],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['torch._utils._rebuild_qtensor', refuse('quantized')],
  ['torch._utils._rebuild_sparse_tensor', refuse('sparse')],
  ['torch._utils._rebuild_meta_tensor_no_storage', refuse('meta (without values)')],
  ['torch._utils._rebuild_nested_tensor', refuse('nested')],
]);

/** Every name that a checkpoint of tensors may mention. None of them is called. */
export const allowedGlobals: ReadonlySet<string> = new Set([
  ...rebuilders.keys(),
  ...storageTypes.keys(),
  ...dtypeGlobals.keys(),
  ...otherDtypes.map((dtype) => `torch.${dtype}`),
  ...['torch.Size', 'torch.device', 'torch.Tensor', 'torch.nn.parameter.Parameter'],
  ...['torch.serialization._get_layout', 'torch.per_tensor_affine', 'torch.per_channel_affine'],
  // Numbers of a training loop saved beside the weights: a loss as a NumPy scalar.
  ...['numpy.dtype', 'numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar', '_codecs.encode'],
]);

/** Whether a value is a tensor, of a kind we read or not. */
export function isTensor(value: PickleValue): value is PickleObject {
  return isObject(value) && rebuilders.has(value.global);
}

/**
 * The tensor that a value describes. Throws checkpoint.bad_tensor naming it when offset, size and stride do not
 * fit its storage, or it is quantized, sparse or complex.
 */
export function rebuildTensor(context: RebuildContext, value: PickleValue): NamedTensor {
  const rebuild = isObject(value) ? rebuilders.get(value.global) : undefined;
  if (rebuild === undefined) badTensor(context.name, 'expected a tensor, got another object');
  return rebuild(context, (value as PickleObject).args);
}

/** A tensor with attributes or of a subclass: (function, class, arguments, state). */
function rebuildFromType(context: RebuildContext, [rebuild, , args]: readonly PickleValue[]): NamedTensor {
  const run = isGlobal(rebuild ?? null) ? rebuilders.get((rebuild as { name: string }).name) : undefined;
  if (run === undefined || run === rebuildFromType)
    badTensor(context.name, 'expected a tensor of a known kind');
  return run(context, tupleItems(context.name, args));
}

function strided(
  context: RebuildContext,
  args: readonly PickleValue[],
  dtypeArgument?: PickleValue,
): NamedTensor {
  const { name, limits, budget, elements } = context;
  if (!isPersistent(args[0] ?? null)) badTensor(name, 'expected a storage');
  const storage = parseStorage(name, args[0] as PicklePersistent);
  const dtype = dtypeArgument === undefined ? storage.type.dtype : namedDtype(name, dtypeArgument);
  if (dtype === null) badTensor(name, 'expected real numbers or bool, got a complex or quantized dtype');
  if (dtype === 'untyped') badTensor(name, 'expected a dtype, got untyped bytes');
  const shape = counts(name, args[2]);
  const stride = counts(name, args[3]);
  const [offset] = counts(name, { kind: 'tuple', items: [args[1] ?? null] });
  if (shape.length > limits.dims)
    badTensor(name, `expected at most ${limits.dims} dimensions, got ${shape.length}`);
  const layout = { offset: offset!, shape, stride };
  const size = elementCount(shape) * dtypes[dtype].size;
  const available = Math.floor((storage.count * storage.type.size) / dtypes[dtype].size);
  checkReach(name, layout, available);
  budget.bytesLeft -= size;
  if (!(budget.bytesLeft >= 0))
    badTensor(name, `expected tensors of the size of their file, got ${size} bytes more`);
  return { dtype, shape, data: lay(elements(storage, dtype), layout, dtype) };
}

function namedDtype(name: string, value: PickleValue): Dtype {
  const dtype = isGlobal(value) ? dtypeGlobals.get(value.name) : undefined;
  const got = isGlobal(value) ? value.name : 'no dtype';
  return (
    dtype ?? badTensor(name, `expected a dtype of ${[...dtypeGlobals.keys()].join(', ')}, got ${quoted(got)}`)
  );
}

/** The persistent id of a storage: ('storage', type, key, device, count), and null for its view in old files. */
export function parseStorage(name: string, { id }: PicklePersistent): Storage {
  const [tag, type, key, , count, view] = id.items;
  const known = isGlobal(type ?? null) ? storageTypes.get((type as { name: string }).name) : undefined;
  if (tag !== 'storage' || known === undefined || typeof key !== 'string' || !isCount(count)) {
    badTensor(name, 'expected a storage with type, key and size');
  }
  if ((view ?? null) !== null) badTensor(name, 'expected a whole storage, got a view of another');
  return { key, type: known, count };
}

interface Layout {
  /** All three in elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

function checkReach(name: string, { offset, shape, stride }: Layout, available: number): void {
  if (stride.length !== shape.length) {
    badTensor(name, `expected ${shape.length} strides, got ${stride.length}`);
  }
  if (!Number.isSafeInteger(elementCount(shape))) badTensor(name, `expected a possible size, got [${shape}]`);
  const last = shape.includes(0) ? -1 : shape.reduce((sum, side, i) => sum + (side - 1) * stride[i]!, offset);
  if (last >= available) {
    badTensor(name, `expected a tensor inside its storage of ${available} elements, got element ${last}`);
  }
}

/** The elements in C order: a view where they lie so already, else a copy. */
function lay(source: TensorData, { offset, shape, stride }: Layout, dtype: Dtype): TensorData {
  const count = elementCount(shape);
  if (count === 0) return source.subarray(0, 0);
  if (isContiguous(shape, stride)) return source.subarray(offset, offset + count);
  const out = elementsOf(dtype, new Uint8Array(count * dtypes[dtype].size));
  gather(source as Float32Array, offset, shape, stride, out as Float32Array);
  return out;
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && stride[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

function gather(
  source: Float32Array,
  offset: number,
  shape: readonly number[],
  stride: readonly number[],
  out: Float32Array,
): void {
  const index = shape.map(() => 0);
  const inner = shape.length - 1;
  let from = offset;
  for (let at = 0; at < out.length; ) {
    for (let i = 0; i < shape[inner]!; i++) out[at++] = source[from + i * stride[inner]!]!;
    for (let d = inner - 1; d >= 0; d--) {
      from += stride[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= shape[d]! * stride[d]!;
      index[d] = 0;
    }
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counts(name: string, value: PickleValue | undefined): number[] {
  const items = tupleItems(name, isObject(value ?? null) ? (value as PickleObject).args[0] : value);
  if (!items.every(isCount)) badTensor(name, 'expected offset, size and stride as whole numbers from 0');
  return items as number[];
}

function tupleItems(name: string, value: PickleValue | undefined): readonly PickleValue[] {
  if (!isTuple(value ?? null)) badTensor(name, 'expected a tuple');
  return (value as { items: readonly PickleValue[] }).items;
}

function badTensor(name: string, detail: string): never {
  throw new OkapiError('checkpoint.bad_tensor', `tensor ${quoted(name)}: ${detail}`);
}
