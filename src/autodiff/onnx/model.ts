// The part of the ONNX format that we write and read, as plain frozen records.

export type OnnxTypedArray =
  | Float32Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Float64Array;

export type OnnxDtype = 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool' | 'float64';

type ArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): OnnxTypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): OnnxTypedArray;
};

/** TensorProto.DataType numbers and the array that holds each; float16 travels as its bits, bool as bytes. */
export const dtypes: Readonly<
  Record<OnnxDtype, { readonly code: number; readonly array: ArrayConstructor }>
> = {
  float32: { code: 1, array: Float32Array },
  uint8: { code: 2, array: Uint8Array },
  int8: { code: 3, array: Int8Array },
  int32: { code: 6, array: Int32Array },
  int64: { code: 7, array: BigInt64Array },
  bool: { code: 9, array: Uint8Array },
  float16: { code: 10, array: Uint16Array },
  float64: { code: 11, array: Float64Array },
};

export interface OnnxModel {
  /** Default 10. */
  readonly irVersion?: number;
  /** The default domain `ai.onnx` may be written as '' or 'ai.onnx'; it is stored as ''. */
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly producerName?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly initializers: readonly OnnxTensor[];
}

export interface OnnxNode {
  readonly name?: string;
  readonly op: string;
  /** Absent for ai.onnx. */
  readonly domain?: string;
  /** '' stands for an optional input or output that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph };

export interface OnnxTensor {
  readonly name: string;
  readonly dtype: OnnxDtype;
  readonly shape: readonly number[];
  /** Row-major. May be a view into a larger buffer. Empty when `external` says where the bytes lie. */
  readonly data: OnnxTypedArray;
  readonly external?: OnnxExternal;
}

/** Bytes `offset` to `offset + length` of the file `location`, relative to the model's own folder. */
export interface OnnxExternal {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxDtype;
  /** A string is a symbolic dimension ('' when it has no name); null is an unknown rank. */
  readonly shape: readonly (number | string)[] | null;
}

/** How many elements a shape holds; throws when that is no safe integer. */
export function elementCount(shape: readonly number[], what: string): number {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || !Number.isSafeInteger(count)) {
    throw new Error(`onnx: ${what} has the impossible shape [${shape.join(', ')}]`);
  }
  return count;
}
