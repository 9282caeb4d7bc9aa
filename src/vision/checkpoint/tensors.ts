// Named tensors as checkpoints hold them: a dtype, a shape, and the elements in C order.
import { OkapiError } from '../errors.ts';

export type Dtype =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

export type TensorData =
  | Float64Array
  | Float32Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/** float16 and bfloat16 travel as their bits in a Uint16Array, bool as 0 or 1 in a Uint8Array. */
export interface NamedTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** product(shape) elements, C order. May be a view of the file's bytes: read it, never write to it. */
  readonly data: TensorData;
}

/** Tensors by name, in file order. A Map, so that a tensor named `__proto__` is only a name. */
export type Tensors = Map<string, NamedTensor>;

interface DtypeRow {
  /** Bytes per element. */
  readonly size: number;
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => TensorData;
}

export const dtypes: Record<Dtype, DtypeRow> = {
  float64: { size: 8, view: (b, o, n) => new Float64Array(b, o, n) },
  float32: { size: 4, view: (b, o, n) => new Float32Array(b, o, n) },
  float16: { size: 2, view: (b, o, n) => new Uint16Array(b, o, n) },
  bfloat16: { size: 2, view: (b, o, n) => new Uint16Array(b, o, n) },
  int64: { size: 8, view: (b, o, n) => new BigInt64Array(b, o, n) },
  int32: { size: 4, view: (b, o, n) => new Int32Array(b, o, n) },
  int16: { size: 2, view: (b, o, n) => new Int16Array(b, o, n) },
  int8: { size: 1, view: (b, o, n) => new Int8Array(b, o, n) },
  uint8: { size: 1, view: (b, o, n) => new Uint8Array(b, o, n) },
  bool: { size: 1, view: (b, o, n) => new Uint8Array(b, o, n) },
};

/** Little-endian bytes as elements: a view where the alignment allows it, else a copy. */
export function elementsOf(dtype: Dtype, bytes: Uint8Array): TensorData {
  const { size, view } = dtypes[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return view(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes under a tensor's elements, as a view. */
export function bytesOf(tensor: NamedTensor): Uint8Array {
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** Element count of a shape; not a safe integer when the shape is absurd, so compare before you allocate. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, side) => count * side, 1);
}

/** A name from a file, fit for a message: control characters escaped, cut at 80 characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
}

const f16 = 0x3c00; // 1.0, the start of the exponent 0 of a half

/** IEEE 754 half precision bits as a number, subnormals, infinities and NaN included. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - (f16 >> 10));
}

type ToFloat32 = (tensor: NamedTensor, name: string) => Float32Array;

const cast: ToFloat32 = ({ data }) => Float32Array.from(data as Int32Array);

const conversions: Record<Dtype, ToFloat32> = {
  float64: narrow,
  float32: ({ data }) => data as Float32Array,
  float16: widen,
  bfloat16: ({ data }) =>
    new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer),
  int64: ({ data }) => Float32Array.from(data as BigInt64Array, Number),
  int32: cast,
  int16: cast,
  int8: cast,
  uint8: cast,
  bool: cast,
};

/**
 * A tensor's elements as float32, rounded to nearest even where float32 is the narrower type. float32 comes
 * back as it is, not copied. Throws checkpoint.bad_tensor, naming the tensor, when a finite float64 overflows.
 */
export function toFloat32(tensor: NamedTensor, name: string): Float32Array {
  return conversions[tensor.dtype](tensor, name);
}

/** The value of each of the 65,536 halves; made at first use. */
let halves: Float32Array | null = null;

// A plain loop over a table: a callback for each of 68 million weights takes 20 seconds, this half of one.
function widen({ data }: NamedTensor): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = halves[data[i] as number]!;
  return out;
}

function narrow({ data }: NamedTensor, name: string): Float32Array {
  const wide = data as Float64Array;
  const out = new Float32Array(wide.length);
  for (let i = 0; i < wide.length; i++) {
    out[i] = wide[i]!;
    if (!Number.isFinite(out[i]!) && Number.isFinite(wide[i]!)) {
      throw new OkapiError(
        'checkpoint.bad_tensor',
        `tensor ${quoted(name)}: expected values that fit float32, got ${wide[i]} at element ${i}`,
      );
    }
  }
  return out;
}

/** How a non-finite element looks, per dtype; null where the dtype has none. */
const notFinite: Record<Dtype, ((data: never) => number) | null> = {
  float64: (data: Float64Array) => data.findIndex((x) => !Number.isFinite(x)),
  float32: firstNotFinite,
  float16: (data: Uint16Array) => data.findIndex((bits) => (bits & 0x7c00) === 0x7c00),
  bfloat16: (data: Uint16Array) => data.findIndex((bits) => (bits & 0x7f80) === 0x7f80),
  int64: null,
  int32: null,
  int16: null,
  int8: null,
  uint8: null,
  bool: null,
};

// A plain loop: findIndex calls back a hundred million times for a large net.
function firstNotFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) return i;
  return -1;
}

/** Throws checkpoint.not_finite, naming the first tensor with a NaN or an infinity and where it lies. */
export function checkFinite(tensors: Tensors): void {
  for (const [name, { dtype, data }] of tensors) {
    const at = notFinite[dtype]?.(data as never) ?? -1;
    if (at < 0) continue;
    throw new OkapiError(
      'checkpoint.not_finite',
      `tensor ${quoted(name)}: expected finite weights, got NaN or infinity at element ${at} of ${data.length}`,
    );
  }
}
