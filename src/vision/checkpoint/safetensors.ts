// The safetensors format: 8 bytes of header length, a JSON header, then the tensors without gaps.
import { OkapiError } from '../errors.ts';
import { type CheckpointLimits, defaultLimits } from './limits.ts';
import { type Json, type JsonObject, parseStrictJson } from './strict-json.ts';
import {
  bytesOf,
  type Dtype,
  dtypes,
  elementCount,
  elementsOf,
  type NamedTensor,
  quoted,
  type Tensors,
} from './tensors.ts';

export interface Safetensors {
  readonly tensors: Tensors;
  /** The `__metadata__` of the header. */
  readonly metadata: ReadonlyMap<string, string>;
}

const dtypeCodes: Record<Dtype, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};
const dtypeOfCode = new Map(Object.entries(dtypeCodes).map(([dtype, code]) => [code, dtype as Dtype]));

/** Whether bytes begin as a safetensors file does: a length, then an object. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b;
}

/**
 * Reads a whole file. The tensors are views of `bytes`. As strict as the reference library: no gap, overlap or
 * trailing byte, sizes that follow from dtype and shape, no duplicate key. Throws checkpoint.malformed for the
 * file, checkpoint.bad_tensor for one tensor (named), checkpoint.too_large.
 */
export function readSafetensors(bytes: Uint8Array, limits: CheckpointLimits = defaultLimits): Safetensors {
  const { header, dataStart } = readHeader(bytes, limits);
  const metadata = readMetadata(header.get('__metadata__'));
  const rows = [...header].filter(([name]) => name !== '__metadata__');
  if (rows.length > limits.tensors) {
    throw new OkapiError(
      'checkpoint.too_large',
      `expected at most ${limits.tensors} tensors, got ${rows.length}`,
    );
  }
  const infos = rows
    .map(([name, value]) => readInfo(name, value, limits))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(infos, bytes.length - dataStart);
  return { metadata, tensors: new Map(infos.map((info) => [info.name, tensorAt(info, bytes, dataStart)])) };
}

interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, limits: CheckpointLimits) {
  if (bytes.length < 8) malformed(`expected 8 bytes of header length, got a file of ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    malformed(`expected a header inside the file of ${bytes.length} bytes, got a header of ${length} bytes`);
  }
  if (length > BigInt(limits.headerBytes)) {
    throw new OkapiError(
      'checkpoint.too_large',
      `expected a header of at most ${limits.headerBytes} bytes, got ${length}`,
    );
  }
  const dataStart = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, dataStart));
  if (!(header instanceof Map)) malformed('expected a JSON object as the header');
  return { header: header as JsonObject, dataStart };
}

function parseHeader(bytes: Uint8Array): Json {
  if (bytes[0] !== 0x7b) malformed(`expected the header to begin with '{'`);
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), 4);
  } catch (cause) {
    return malformed(`expected a header in UTF-8 JSON: ${(cause as Error).message}`);
  }
}

function readMetadata(value: Json | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!(value instanceof Map) || [...value.values()].some((text) => typeof text !== 'string')) {
    malformed('expected __metadata__ to hold strings only');
  }
  return value as ReadonlyMap<string, string>;
}

const infoKeys = new Set(['dtype', 'shape', 'data_offsets']);

function readInfo(name: string, value: Json, limits: CheckpointLimits): TensorInfo {
  if (!(value instanceof Map) || value.size !== 3 || [...value.keys()].some((key) => !infoKeys.has(key))) {
    malformed(`tensor ${quoted(name)}: expected exactly dtype, shape and data_offsets`);
  }
  const row = value as JsonObject;
  const dtype = dtypeOfCode.get(row.get('dtype') as string);
  if (dtype === undefined) {
    badTensor(
      name,
      `expected a dtype of ${[...dtypeOfCode.keys()].join(', ')}, got ${show(row.get('dtype'))}`,
    );
  }
  const shape = row.get('shape');
  if (!isCounts(shape) || shape.length > limits.dims) {
    badTensor(name, `expected a shape of at most ${limits.dims} whole numbers, got ${show(shape)}`);
  }
  const offsets = row.get('data_offsets');
  if (!isCounts(offsets) || offsets.length !== 2) {
    badTensor(name, `expected two whole numbers as data_offsets, got ${show(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const size = elementCount(shape) * dtypes[dtype].size;
  if (end - begin !== size) {
    badTensor(name, `expected ${size} bytes for ${dtype} [${shape.join(', ')}], got ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function isCounts(value: Json | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function checkTiling(infos: readonly TensorInfo[], dataSize: number): void {
  let at = 0;
  for (const { name, begin, end } of infos) {
    if (begin !== at)
      badTensor(name, `expected its bytes to start at ${at}, got ${begin}: a gap or an overlap`);
    at = end;
  }
  if (at !== dataSize) malformed(`expected ${at} bytes of tensors, got ${dataSize}`);
}

function tensorAt({ dtype, shape, begin, end }: TensorInfo, bytes: Uint8Array, start: number): NamedTensor {
  return { dtype, shape, data: elementsOf(dtype, bytes.subarray(start + begin, start + end)) };
}

function show(value: Json | undefined): string {
  return quoted(value === undefined ? 'nothing' : value instanceof Map ? 'an object' : JSON.stringify(value));
}

function malformed(detail: string): never {
  throw new OkapiError('checkpoint.malformed', `safetensors: ${detail}`);
}

function badTensor(name: string, detail: string): never {
  throw new OkapiError('checkpoint.bad_tensor', `tensor ${quoted(name)}: ${detail}`);
}

/**
 * The pieces of a safetensors file, the tensors' own bytes among them uncopied: write them one after the other.
 * Wide dtypes first, then by name, so that every tensor is aligned and the same tensors give the same bytes.
 */
export function safetensorsPieces(
  tensors: Tensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const rows = [...tensors].sort(
    ([a, x], [b, y]) => dtypes[y.dtype].size - dtypes[x.dtype].size || (a < b ? -1 : 1),
  );
  if (tensors.has('__metadata__')) {
    throw new OkapiError('checkpoint.bad_tensor', 'expected another tensor name, got "__metadata__"');
  }
  const entries: string[] = [];
  const tags = Object.entries(metadata);
  if (tags.length > 0) entries.push(`"__metadata__":${jsonObject(tags)}`);
  let at = 0;
  for (const [name, tensor] of rows) {
    const end = at + tensor.data.byteLength;
    const { shape } = tensor;
    const info = { dtype: dtypeCodes[tensor.dtype], shape, data_offsets: [at, end] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
    at = end;
  }
  return [headerBytes(`{${entries.join(',')}}`), ...rows.map(([, tensor]) => bytesOf(tensor))];
}

/** A whole safetensors file in memory. For large nets write `safetensorsPieces` instead. */
export function writeSafetensors(
  tensors: Tensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return Buffer.concat(safetensorsPieces(tensors, metadata));
}

// By hand, since an object literal would lose a key named __proto__.
function jsonObject(rows: readonly (readonly [string, string])[]): string {
  return `{${rows.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

function headerBytes(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}
