// Tensor types: an element type and a fixed shape, with NumPy broadcasting.
import type { TypedArray } from './runtime.ts';

export type DType = 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'bool';
export type Shape = readonly number[];

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A mistake in how a graph was built; the message names the op and the shapes that came. */
export class GraphError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GraphError';
  }
}

const shortNames: Record<DType, string> = {
  float32: 'f32',
  float16: 'f16',
  int32: 'i32',
  int64: 'i64',
  uint8: 'u8',
  bool: 'bool',
};

/** How types are printed everywhere: `f32[8,3,256,256]`. */
export function typeText(type: TensorType): string {
  return `${shortNames[type.dtype]}${shapeText(type.shape)}`;
}

export function shapeText(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** The shape of `a op b` under NumPy broadcasting. Throws GraphError naming the op and both shapes. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = a[a.length - i] ?? 1;
    const n = b[b.length - i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new GraphError(`${op}: shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast`);
    }
    out[rank - i] = m === 1 ? n : m;
  }
  return out;
}

/** An axis counted from the end when negative. Throws GraphError when it is outside the rank. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new GraphError(`${op}: axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return positive;
}

/** Room for `count` elements; float16 is kept as its bits. */
export function allocate(dtype: DType, count: number): TypedArray {
  return new arrayTypes[dtype](count);
}

const arrayTypes = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, new (n: number) => TypedArray>;
