import { describe, expect, it } from 'vitest';
import { defaultLimits } from './limits.ts';
import { readSafetensors, safetensorsPieces, writeSafetensors } from './safetensors.ts';
import type { Tensors } from './tensors.ts';
import { codeOf, errorOf } from './testing/pickle-program.ts';

/** A file with any header text and so many zero bytes of tensors. */
function file(header: string, dataBytes = 0, declared = BigInt(Buffer.byteLength(header))): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(declared);
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

const info = (begin: number, end: number, shape = [1], dtype = 'F32') =>
  `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`;

const everyDtype: Tensors = new Map([
  ['z', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['u8', { dtype: 'uint8', shape: [1], data: Uint8Array.of(200) }],
  ['i8', { dtype: 'int8', shape: [1], data: Int8Array.of(-5) }],
  ['i16', { dtype: 'int16', shape: [1], data: Int16Array.of(-500) }],
  ['f16', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['bf16', { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) }],
  ['i32', { dtype: 'int32', shape: [2, 1], data: Int32Array.of(1, -2) }],
  ['f32', { dtype: 'float32', shape: [], data: Float32Array.of(0.5) }],
  ['i64', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) }],
  ['f64', { dtype: 'float64', shape: [0, 4], data: new Float64Array(0) }],
  ['a', { dtype: 'float64', shape: [1], data: Float64Array.of(Math.PI) }],
]);

describe('safetensors', () => {
  it('reads back what it wrote, every dtype, metadata included', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(everyDtype, { format: 'pt', note: 'ü"' }));
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(everyDtype));
    expect([...metadata]).toEqual([
      ['format', 'pt'],
      ['note', 'ü"'],
    ]);
  });

  it('writes wide dtypes first, then by name, behind a header of whole 8 bytes', () => {
    const bytes = writeSafetensors(everyDtype);
    const length = Number(Buffer.from(bytes).readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const names = Object.keys(JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()));
    expect(names).toEqual(['a', 'f64', 'i64', 'f32', 'i32', 'bf16', 'f16', 'i16', 'i8', 'u8', 'z']);
  });

  it('gives the same bytes whatever the order of the map', () => {
    const turned = new Map([...everyDtype].reverse());
    expect(writeSafetensors(turned)).toEqual(writeSafetensors(everyDtype));
  });

  it('writes without copying the tensors', () => {
    const data = new Float32Array(1000);
    const pieces = safetensorsPieces(new Map([['a', { dtype: 'float32', shape: [1000], data }]]));
    expect(pieces.some((piece) => piece.buffer === data.buffer)).toBe(true);
  });

  it('keeps hostile names as mere names', () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      '',
      'x'.repeat(10_000),
      'a\u0000b',
      'ü\ud83d\ude00',
    ];
    const row = { dtype: 'float32', shape: [1], data: Float32Array.of(1) } as const;
    const { tensors } = readSafetensors(writeSafetensors(new Map(names.map((name) => [name, row]))));
    expect(new Set(tensors.keys())).toEqual(new Set(names));
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('reads a file that lies unaligned in its buffer', () => {
    const bytes = writeSafetensors(everyDtype);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    expect(Object.fromEntries(readSafetensors(shifted).tensors)).toEqual(Object.fromEntries(everyDtype));
  });

  it('accepts blanks after the header, as other writers pad it', () => {
    expect(readSafetensors(file(`{"a":${info(0, 4)}}   `, 4)).tensors.get('a')?.shape).toEqual([1]);
  });

  const malformed: [string, Uint8Array][] = [
    ['fewer than 8 bytes', Buffer.alloc(7)],
    ['a header of 0 bytes', file('')],
    ['a header past the end', file('{}', 0, 3n)],
    ['a header of 2^63 bytes', file('{}', 0, 2n ** 63n)],
    ['a header that is no object', file('[1]')],
    ['a header that begins with a blank', file(' {}')],
    ['bad UTF-8', Buffer.concat([file('{"').subarray(0, 10), Buffer.from([0xff, 0xfe])])],
    ['bad JSON', file('{"a":}')],
    ['text after the header', file('{} {}')],
    ['a duplicate tensor', file(`{"a":${info(0, 4)},"a":${info(0, 4)}}`, 4)],
    ['a duplicate tensor by an escape', file(`{"a":${info(0, 4)},"\\u0061":${info(0, 4)}}`, 4)],
    ['a duplicate field', file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4)],
    ['a missing field', file('{"a":{"dtype":"F32","shape":[1]}}', 4)],
    ['an unknown field', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"code":"x"}}', 4)],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}')],
    ['trailing bytes', file(`{"a":${info(0, 4)}}`, 5)],
    ['too few bytes', file(`{"a":${info(0, 4)}}`, 3)],
    ['deep nesting', file(`{"a":${'['.repeat(100_000)}`)],
  ];
  it.each(malformed)('refuses %s', async (_, bytes) => {
    expect(await codeOf(() => readSafetensors(bytes))).toBe('checkpoint.malformed');
  });

  const badTensor: [string, Uint8Array][] = [
    ['an overlap', file(`{"a":${info(0, 4)},"b":${info(2, 6)}}`, 6)],
    ['a hole', file(`{"a":${info(0, 4)},"b":${info(8, 12)}}`, 12)],
    ['a hole at the start', file(`{"a":${info(4, 8)}}`, 8)],
    ['reversed offsets', file(`{"a":${info(4, 0)}}`, 4)],
    ['a size that does not follow from the shape', file(`{"a":${info(0, 4, [2])}}`, 4)],
    ['an unknown dtype', file(`{"a":${info(0, 4, [1], 'F8_E4M3')}}`, 4)],
    ['a negative side', file(`{"a":${info(0, 4, [-1])}}`, 4)],
    ['a fraction of a side', file(`{"a":${info(0, 4, [0.5])}}`, 4)],
    ['a product over 2^53', file(`{"a":${info(0, 4, [2 ** 40, 2 ** 40])}}`, 4)],
    ['33 dimensions', file(`{"a":${info(0, 4, Array(33).fill(1))}}`, 4)],
    ['offsets that are no numbers', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":["0","4"]}}', 4)],
  ];
  it.each(badTensor)('refuses %s and names the tensor', async (_, bytes) => {
    const error = await errorOf(() => readSafetensors(bytes));
    expect(error?.code).toBe('checkpoint.bad_tensor');
    expect(error?.message).toMatch(/tensor "[ab]"/);
  });

  it('holds to its limits on header and tensors', async () => {
    const bytes = writeSafetensors(everyDtype);
    expect(await codeOf(() => readSafetensors(bytes, { ...defaultLimits, headerBytes: 100 }))).toBe(
      'checkpoint.too_large',
    );
    expect(await codeOf(() => readSafetensors(bytes, { ...defaultLimits, tensors: 10 }))).toBe(
      'checkpoint.too_large',
    );
  });
});
