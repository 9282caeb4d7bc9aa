import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from './limits.ts';
import { readTensors } from './read-tensors.ts';
import { writeSafetensors } from './safetensors.ts';
import { storedZip } from './stored-zip.ts';
import type { Tensors } from './tensors.ts';
import {
  codeOf,
  dict,
  errorOf,
  global,
  pickle,
  program,
  tensor,
  text,
  torchZip,
  tuple,
} from './testing/pickle-program.ts';
import { writeTorch } from './torch-writer.ts';
import { zipEntries } from './zip-entries.ts';

const weights: Tensors = new Map([
  ['a.weight', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }],
  ['a.bias', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
]);
const renamed = (prefix: string): Tensors =>
  new Map([...weights].map(([name, tensor]) => [prefix + name, tensor]));

describe('readTensors', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('goes by the bytes, not by the extension', async () => {
    await writeFile(join(folder, 'really-torch.safetensors'), writeTorch(weights));
    await writeFile(join(folder, 'really-safetensors.pt'), writeSafetensors(weights));
    for (const name of ['really-torch.safetensors', 'really-safetensors.pt']) {
      const { tensors, notes } = await readTensors(join(folder, name));
      expect(new Set(tensors.keys())).toEqual(new Set(weights.keys()));
      expect(notes).toEqual([]);
    }
  });

  it('names the file in its errors', async () => {
    await writeFile(join(folder, 'broken.pt'), 'PK\x03\x04');
    expect((await errorOf(() => readTensors(join(folder, 'broken.pt'))))?.message).toMatch(/^broken.pt: /);
  });

  it('says when there is no file, or a folder', async () => {
    expect(await codeOf(() => readTensors(join(folder, 'none.pt')))).toBe('checkpoint.not_found');
    expect(await codeOf(() => readTensors(folder))).toBe('checkpoint.unsupported_format');
  });

  it('refuses a file over the limit before reading it', async () => {
    await writeFile(join(folder, 'large.pt'), writeTorch(weights));
    const limits = { bytes: 100 };
    expect(await codeOf(() => readTensors(join(folder, 'large.pt'), { limits }))).toBe(
      'checkpoint.too_large',
    );
    expect(await codeOf(() => readTensors(writeTorch(weights), { limits }))).toBe('checkpoint.too_large');
  });

  it('removes the prefixes of wrappers from all names, and says so', async () => {
    const { tensors, notes } = await readTensors(writeSafetensors(renamed('_orig_mod.module.')));
    expect(new Set(tensors.keys())).toEqual(new Set(weights.keys()));
    expect(notes).toEqual(['removed "_orig_mod." from all names', 'removed "module." from all names']);
  });

  it('leaves a prefix that not all names have', async () => {
    const mixed = new Map([...renamed('module.'), ...weights]);
    expect((await readTensors(writeTorch(mixed))).tensors.size).toBe(4);
  });

  it.each(['torch', 'safetensors'])('refuses NaN and infinity in %s files', async (kind) => {
    const bad: Tensors = new Map([
      ...weights,
      ['b', { dtype: 'float32', shape: [1], data: Float32Array.of(NaN) }],
    ]);
    const bytes = kind === 'torch' ? writeTorch(bad) : writeSafetensors(bad);
    expect(await codeOf(() => readTensors(bytes))).toBe('checkpoint.not_finite');
  });

  it('refuses a file without tensors', async () => {
    expect(await codeOf(() => readTensors(writeSafetensors(new Map())))).toBe('checkpoint.malformed');
    expect(await codeOf(() => readTensors(writeTorch(new Map())))).toBe('checkpoint.malformed');
  });

  const zip = (name: string) => Buffer.concat(storedZip([{ name, bytes: Buffer.from('x') }]));
  const tar = Buffer.alloc(512);
  tar.write('ustar', 257);
  const foreign: [string, Uint8Array, RegExp][] = [
    ['nothing', Buffer.alloc(0), /an empty file.*again/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
      /git lfs pull/,
    ],
    ['an HTML page', Buffer.from('\n<!DOCTYPE html><html>404</html>'), /HTML.*download/],
    ['an XML error', Buffer.from('<?xml version="1.0"?><Error/>'), /HTML or XML/],
    ['a JSON error', Buffer.from('{"error": "not found"}'), /JSON/],
    ['a tar archive', tar, /tar archive/],
    ['a gzip file', gzipSync('x'), /gzip.*unpack/],
    ['an ONNX model', Buffer.from('\x08\x08\x12\x07pytorch', 'latin1'), /ONNX/],
    ['a GGUF model', Buffer.from('GGUF\x03\x00\x00\x00'), /GGUF/],
    ['a TensorFlow Lite model', Buffer.from('\x1c\x00\x00\x00TFL3', 'latin1'), /TensorFlow Lite/],
    ['an HDF5 file', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /Keras/],
    ['a NumPy array', Buffer.from('\x93NUMPY\x01\x00', 'latin1'), /NumPy array/],
    ['a NumPy archive', zip('weights.npy'), /NumPy archive/],
    ['a Keras archive', zip('model.weights.h5'), /Keras/],
    ['a .pt2 program', zip('net/archive_format'), /torch.export/],
    ['a bare pickle', pickle('}'), /bare Python pickle/],
    ['noise', Buffer.from([1, 2, 3, 4]), /unknown format \(it begins with 01020304\)/],
  ];
  it.each(foreign)('refuses %s, saying what it is and what to do', async (_, bytes, words) => {
    const error = await errorOf(() => readTensors(bytes));
    expect(error?.code).toBe('checkpoint.unsupported_format');
    expect(error?.message).toMatch(words);
    expect(error?.message).toMatch(/What to do: /);
  });

  it('names what a hostile pickle wants to call, bare or in a torch file, and runs nothing', async () => {
    const mark = join(folder, 'executed');
    const call = program(global('posix', 'system'), tuple(text(`touch ${mark}`)), 'R');
    const files = [
      pickle(call),
      program(`cposix\nsystem\n(S'touch ${mark}'\ntR.`),
      torchZip(pickle(call)),
      torchZip(pickle(dict({ weight: tensor(), evil: call }))),
    ];
    for (const bytes of files) {
      const error = await errorOf(() => readTensors(bytes));
      expect(error).toMatchObject({
        code: 'checkpoint.unsupported_global',
        message: expect.stringContaining('"posix.system"'),
      });
    }
    expect(await readdir(folder)).not.toContain('executed');
  });
});

/** Every input, however broken, ends in tensors or in an OkapiError; anything else fails the property. */
describe('readTensors on mutated files', () => {
  const mutation = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'repeat'),
    value: fc.nat(255),
    length: fc.nat(40),
  });
  type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

  function mutated(bytes: Uint8Array, { at, kind, value, length }: Mutation): Uint8Array {
    const from = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
    const [before, after] = [bytes.subarray(0, from), bytes.subarray(from)];
    if (kind === 'cut') return Buffer.concat([before, after.subarray(length)]);
    if (kind === 'insert') return Buffer.concat([before, Buffer.alloc(length, value), after]);
    if (kind === 'repeat') return Buffer.concat([before, after.subarray(0, length), after]);
    const copy = new Uint8Array(bytes);
    copy[from] = kind === 'flip' ? copy[from]! ^ (1 << (value & 7)) : value;
    return copy;
  }

  const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
  const limits = { pickleOpcodes: 100_000 };
  const survives = (bytes: Uint8Array) => codeOf(() => readTensors(bytes, { limits, inert: true }));
  const fixture = (name: string) => readFile(new URL(`fixtures/${name}`, import.meta.url));
  const names = [
    'dtypes.pt',
    'views.pt',
    'views-legacy.pt',
    'training-legacy.pt',
    'module.pt',
    'protocol4.pt',
  ];

  it.each(names)('holds for %s as a file', async (name) => {
    const bytes = await fixture(name);
    const property = fc.asyncProperty(
      mutations,
      async (list) => void (await survives(list.reduce(mutated, bytes))),
    );
    await fc.assert(property, { seed: 20, numRuns: 300 });
  });

  it.each(['dtypes.pt', 'training.pt', 'module.pt', 'protocol1.pt', 'protocol5.pt'])(
    'holds for the pickle of %s under a right CRC',
    async (name) => {
      const entries = [...(await zipEntries(await fixture(name), defaultLimits))];
      const files = entries.map(([name, entry]) => ({ name, bytes: entry.read() }));
      const property = fc.asyncProperty(mutations, async (list) => {
        const change = (bytes: Uint8Array) => list.reduce(mutated, bytes);
        const broken = files.map(({ name, bytes }) => ({
          name,
          bytes: name.endsWith('.pkl') ? change(bytes) : bytes,
        }));
        await survives(Buffer.concat(storedZip(broken)));
      });
      await fc.assert(property, { seed: 21, numRuns: 300 });
    },
  );

  it('holds for the header of a safetensors file', async () => {
    const bytes = writeSafetensors(new Map([...weights, ...renamed('b.'), ...renamed('c.')]), {
      format: 'pt',
    });
    const property = fc.asyncProperty(
      mutations,
      async (list) => void (await survives(list.reduce(mutated, bytes))),
    );
    await fc.assert(property, { seed: 22, numRuns: 1_500 });
  });

  it('holds for random bytes behind each magic number', async () => {
    const starts = ['PK\x03\x04', '\x80\x02', '\x10\x00\x00\x00\x00\x00\x00\x00{', ''];
    const property = fc.asyncProperty(
      fc.constantFrom(...starts),
      fc.uint8Array({ maxLength: 300 }),
      async (start, rest) => void (await survives(program(start, rest))),
    );
    await fc.assert(property, { seed: 23, numRuns: 1_000 });
  });
});
