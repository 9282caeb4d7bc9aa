import { describe, expect, it } from 'vitest';
import { defaultLimits } from './limits.ts';
import { storedZip } from './stored-zip.ts';
import { bytesOf, type Tensors } from './tensors.ts';
import { codeOf } from './testing/pickle-program.ts';
import { readTorch } from './torch-reader.ts';
import { torchPieces, writeTorch } from './torch-writer.ts';
import { zipEntries } from './zip-entries.ts';

const tensors: Tensors = new Map([
  ['encoder.weight', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ['half', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['brain', { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) }],
  ['double', { dtype: 'float64', shape: [1], data: Float64Array.of(0.1) }],
  ['count', { dtype: 'int64', shape: [], data: BigInt64Array.of(-7n) }],
  ['i32', { dtype: 'int32', shape: [1], data: Int32Array.of(-7) }],
  ['i16', { dtype: 'int16', shape: [1], data: Int16Array.of(-7) }],
  ['i8', { dtype: 'int8', shape: [1], data: Int8Array.of(-7) }],
  ['u8', { dtype: 'uint8', shape: [3], data: Uint8Array.of(7, 8, 9) }],
  ['mask', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }],
  ['empty', { dtype: 'float32', shape: [0, 3], data: new Float32Array(0) }],
  ['grün \u{1f600}', { dtype: 'float32', shape: [1, 1, 1, 1], data: Float32Array.of(-0) }],
]);

describe('writeTorch', () => {
  it('writes what readTorch reads back bit for bit, in the same order', async () => {
    const { tensors: found, notes } = await readTorch(writeTorch(tensors));
    expect([...found.keys()]).toEqual([...tensors.keys()]);
    for (const [name, tensor] of tensors) {
      expect(found.get(name)).toMatchObject({ dtype: tensor.dtype, shape: tensor.shape });
      expect(bytesOf(found.get(name)!)).toEqual(bytesOf(tensor));
    }
    expect(notes).toEqual([]);
  });

  it('lays every storage on a multiple of 64 bytes', async () => {
    const bytes = new Uint8Array(writeTorch(tensors));
    const entries = await zipEntries(bytes, defaultLimits);
    const offsets = [...entries]
      .filter(([name]) => name.includes('/data/'))
      .map(([, entry]) => entry.read().byteOffset);
    expect(offsets).toHaveLength(tensors.size);
    expect(offsets.filter((offset) => offset % 64 !== 0)).toEqual([]);
  });

  it('names the files as torch does', async () => {
    const one: Tensors = new Map([['w', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }]]);
    const entries = await zipEntries(writeTorch(one), defaultLimits);
    const read = (name: string) => Buffer.from(entries.get(name)!.read()).toString('latin1');
    expect([...entries.keys()]).toEqual([
      'archive/data.pkl',
      'archive/byteorder',
      'archive/data/0',
      'archive/version',
    ]);
    expect([read('archive/byteorder'), read('archive/version')]).toEqual(['little', '3\n']);
  });

  it('gives the same bytes for the same tensors', () => {
    expect(writeTorch(tensors)).toEqual(writeTorch(new Map(tensors)));
  });

  it('writes without copying the tensors', () => {
    const pieces = torchPieces(tensors);
    const data = tensors.get('encoder.weight')!.data;
    expect(pieces.some((piece) => piece.buffer === data.buffer)).toBe(true);
  });

  it('uses only operations and names that torch.load(weights_only=True) knows', async () => {
    const entries = await zipEntries(writeTorch(tensors), defaultLimits);
    const text = Buffer.from(entries.get('archive/data.pkl')!.read()).toString('latin1');
    const names = new Set(
      [...text.matchAll(/c(collections|torch[a-z._]*)\n(\w+)\n/g)].map(
        ([, module, name]) => `${module}.${name}`,
      ),
    );
    expect([...names].sort()).toEqual(
      [
        ...['Double', 'Float', 'Half', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map(
          (type) => `torch.${type}Storage`,
        ),
        'collections.OrderedDict',
        'torch._utils._rebuild_tensor_v2',
      ].sort(),
    );
    expect(text.startsWith('\x80\x02')).toBe(true);
  });

  it('refuses more tensors than a plain ZIP holds', async () => {
    const file = { name: 'a', bytes: new Uint8Array(0) };
    expect(await codeOf(() => storedZip(Array(65_536).fill(file)))).toBe('checkpoint.too_large');
    const large = { name: 'a', bytes: { length: 2 ** 32 } as Uint8Array };
    expect(await codeOf(() => storedZip([large]))).toBe('checkpoint.too_large');
  });

  it('does not write a tensor whose shape is not its size', () => {
    const wrong: Tensors = new Map([['w', { dtype: 'float32', shape: [2], data: Float32Array.of(1) }]]);
    expect(() => writeTorch(wrong)).toThrow('internal');
  });
});
