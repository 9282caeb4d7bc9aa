import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from './limits.ts';
import { storedZip } from './stored-zip.ts';
import { bytesOf, type Tensors } from './tensors.ts';
import {
  codeOf,
  dict,
  errorOf,
  global,
  int,
  pickle,
  program,
  storage,
  type TensorParts,
  tensor,
  text,
  torchZip,
  tuple,
} from './testing/pickle-program.ts';
import { readTorch } from './torch-reader.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const expected: Record<string, Record<string, unknown>> = JSON.parse(fixture('expected.json').toString());

/** As the fixture script describes tensors. */
const described = (tensors: Tensors) =>
  Object.fromEntries(
    [...tensors].map(([name, tensor]) => [
      name,
      { dtype: tensor.dtype, shape: tensor.shape, hex: Buffer.from(bytesOf(tensor)).toString('hex') },
    ]),
  );

const withoutModule = (tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [name.replace(/^module\./, ''), tensor]));

describe('readTorch on files that torch.save wrote', () => {
  it.each(Object.keys(expected))('reads %s bit for bit', async (name) => {
    const { tensors } = await readTorch(fixture(name), { inert: name === 'module.pt' });
    expect(described(withoutModule(tensors))).toEqual(expected[name]);
  });

  it('keeps the order of the state dict', async () => {
    const { tensors } = await readTorch(fixture('state-dict.pt'));
    expect([...tensors.keys()]).toEqual(Object.keys(expected['state-dict.pt']!));
  });

  it.each(['views.pt', 'views-legacy.pt'])('gives names of one storage one memory in %s', async (name) => {
    const { tensors } = await readTorch(fixture(name));
    const [whole, same, row] = ['whole', 'same', 'row'].map((key) => tensors.get(key)!.data);
    expect(same!.buffer).toBe(whole!.buffer);
    expect(same!.byteOffset).toBe(whole!.byteOffset);
    expect(row!.byteOffset).toBe(whole!.byteOffset + 6 * 4);
  });

  it('views the aligned file instead of copying it', async () => {
    const bytes = new Uint8Array(fixture('dtypes.pt'));
    const { tensors } = await readTorch(bytes);
    expect(tensors.get('float32')!.data.buffer).toBe(bytes.buffer);
  });

  it('takes the weights out of a training checkpoint and says so', async () => {
    const { notes } = await readTorch(fixture('training.pt'));
    expect(notes).toEqual(['read the weights under "state_dict"']);
  });

  it('prefers averaged weights', async () => {
    const { tensors, notes } = await readTorch(fixture('ema.pt'));
    expect(Array.from(tensors.get('a.bias')!.data as Float32Array)).toEqual([1, 1]);
    expect(notes).toEqual(['read the weights under "ema"']);
  });

  it('refuses a whole module by its classes, unless inert records are asked for', async () => {
    const error = await errorOf(() => readTorch(fixture('module.pt')));
    expect(error?.code).toBe('checkpoint.unsupported_global');
    expect(error?.message).toContain(
      '"torch.nn.modules.container.Sequential", "torch.nn.modules.conv.Conv2d"',
    );
  });

  it.each([
    ['complex.pt', 'wave', 'complex'],
    ['quantized.pt', 'q', 'quantized'],
    ['sparse.pt', 's', 'sparse'],
  ])('refuses %s, naming the tensor', async (name, tensorName, kind) => {
    const error = await errorOf(() => readTorch(fixture(name)));
    expect(error?.code).toBe('checkpoint.bad_tensor');
    expect(error?.message).toMatch(new RegExp(`"${tensorName}".*${kind}`));
  });

  it('refuses TorchScript and says how to convert it', async () => {
    const error = await errorOf(() => readTorch(fixture('torchscript.pt')));
    expect(error?.code).toBe('checkpoint.unsupported_format');
    expect(error?.message).toMatch(/TorchScript.*state_dict/);
  });
});

describe('readTorch on files made by hand', () => {
  const read = (parts: TensorParts) => readTorch(torchZip(pickle(dict({ w: tensor(parts) }))));
  const values = async (bytes: Uint8Array, name = 'w') => {
    const { tensors } = await readTorch(bytes);
    return Array.from(tensors.get(name)!.data as Float32Array);
  };

  it('swaps the bytes of a big-endian file', async () => {
    const bytes = Buffer.from(new Uint8Array(Float32Array.of(1, -2, 3, 4).buffer)).swap32();
    const files = [
      { name: 'archive/data/0', bytes },
      { name: 'archive/byteorder', bytes: Buffer.from('big') },
    ];
    expect(await values(torchZip(pickle(dict({ w: tensor() })), files))).toEqual([1, -2, 3, 4]);
  });

  it('refuses a byte order that does not exist', async () => {
    const files = [storage('0', [1, 2, 3, 4]), { name: 'archive/byteorder', bytes: Buffer.from('middle') }];
    expect(await codeOf(() => readTorch(torchZip(pickle(dict({ w: tensor() })), files)))).toBe(
      'checkpoint.malformed',
    );
  });

  it('reads tensors of untyped storages, as newer dtypes are saved', async () => {
    const id = tuple(
      text('storage'),
      global('torch.storage', 'UntypedStorage'),
      text('0'),
      text('cpu'),
      int(16),
    );
    const args = tuple(
      program(id, 'Q'),
      int(1),
      tuple(int(2)),
      tuple(int(1)),
      '\x89',
      '}',
      global('torch', 'float32'),
    );
    const v3 = program(global('torch._utils', '_rebuild_tensor_v3'), args, 'R');
    expect(await values(torchZip(pickle(dict({ w: v3 }))))).toEqual([2, 3]);
  });

  it('reads tensors that carry attributes', async () => {
    const inner = tensor();
    const args = inner.subarray(global('torch._utils', '_rebuild_tensor_v2').length, inner.length - 1);
    const parts = [global('torch._utils', '_rebuild_tensor_v2'), global('torch', 'Tensor'), args, '}'];
    const typed = program(global('torch._tensor', '_rebuild_from_type_v2'), tuple(...parts), 'R');
    expect(await values(torchZip(pickle(dict({ w: typed }))))).toEqual([1, 2, 3, 4]);
  });

  const badTensors: [string, TensorParts][] = [
    ['a side of 2^31 twice', { size: [2 ** 31, 2 ** 31], stride: [1, 1] }],
    ['a product over 2^53 with stride 0', { size: [2 ** 40, 2 ** 40], stride: [0, 0] }],
    ['an expansion far beyond the file', { size: [2 ** 30], stride: [0] }],
    ['a negative side', { size: [-4] }],
    ['a side beyond numbers', { size: [2n ** 62n] }],
    ['a negative stride', { stride: [-1] }],
    ['33 dimensions', { size: Array(33).fill(1), stride: Array(33).fill(1) }],
    ['fewer strides than sides', { size: [2, 2], stride: [1] }],
    ['an offset past the storage', { offset: 4, size: [1] }],
    ['a negative offset', { offset: -1 }],
    ['a stride past the storage', { size: [2], stride: [4] }],
    ['a complex storage', { type: 'ComplexFloatStorage', count: 2 }],
    ['a negative count', { count: -4 }],
    ['a count beyond numbers', { count: 2n ** 62n }],
  ];
  it.each(badTensors)('refuses %s and names the tensor', async (_, parts) => {
    const error = await errorOf(() => read(parts));
    expect(error?.code).toBe('checkpoint.bad_tensor');
    expect(error?.message).toContain('tensor "w"');
  });

  it('allows one expansion within twice the file, not many', async () => {
    const half = tensor({ size: [200_000], stride: [0] });
    expect(await codeOf(() => readTorch(torchZip(pickle(dict({ a: half })))))).toBe(null);
    expect(await codeOf(() => readTorch(torchZip(pickle(dict({ a: half, b: half })))))).toBe(
      'checkpoint.bad_tensor',
    );
  });

  it('reads empty tensors whatever their stride', async () => {
    const { tensors } = await read({ size: [0, 5], stride: [5, 1], offset: 0 });
    expect(tensors.get('w')).toMatchObject({ shape: [0, 5], data: new Float32Array(0) });
  });

  const good = pickle(dict({ w: tensor() }));
  const malformed: [string, Uint8Array][] = [
    ['no data.pkl', Buffer.concat(storedZip([storage('0', [1])]))],
    ['two data.pkl', torchZip(good, [storage('0', [1, 2, 3, 4]), { name: 'other/data.pkl', bytes: good }])],
    ['one name twice', torchZip(good, [storage('0', [1, 2, 3, 4]), storage('0', [1, 2, 3, 4])])],
    ['a missing storage', torchZip(good, [])],
    ['a storage too short', torchZip(good, [storage('0', [1, 2, 3])])],
    ['a storage too long', torchZip(good, [storage('0', [1, 2, 3, 4, 5])])],
    ['bytes after STOP', torchZip(program(good, 'N.'))],
    ['no tensors', torchZip(pickle('}'))],
    ['no dict', torchZip(pickle('K\x01'))],
    [
      'several dicts of tensors',
      torchZip(pickle(dict({ a: dict({ w: tensor() }), b: dict({ w: tensor() }) }))),
    ],
    ['a path that climbs out', torchZip(good, [storage('0', [1, 2, 3, 4]), storage('../../x', [1])])],
  ];
  it.each(malformed)('refuses %s', async (_, bytes) => {
    expect(await codeOf(() => readTorch(bytes))).toBe('checkpoint.malformed');
  });

  it('follows the only dict of tensors whatever its name', async () => {
    const bytes = torchZip(pickle(dict({ generator: dict({ w: tensor() }), epoch: int(3) })));
    expect((await readTorch(bytes)).notes).toEqual(['read the weights under "generator"']);
  });

  it('says which entries of a state dict are not tensors', async () => {
    const { notes } = await readTorch(torchZip(pickle(dict({ w: tensor(), epoch: int(3) }))));
    expect(notes).toEqual(['ignored 1 entries that are not tensors: "epoch"']);
  });

  it('keeps a tensor named __proto__ a tensor', async () => {
    const { tensors } = await readTorch(torchZip(pickle(program('}(', text('__proto__'), tensor(), 'u'))));
    expect([...tensors.keys()]).toEqual(['__proto__']);
    expect(Object.prototype).not.toHaveProperty('dtype');
  });

  it('refuses a file cut at any of its bytes', async () => {
    const bytes = torchZip(good);
    for (let cut = 4; cut < bytes.length; cut += 7) {
      expect(await codeOf(() => readTorch(bytes.subarray(0, cut)))).toBe('checkpoint.malformed');
    }
    const old = fixture('views-legacy.pt');
    for (let cut = 40; cut < old.length; cut += 23) {
      expect(await codeOf(() => readTorch(old.subarray(0, cut)))).toBe('checkpoint.malformed');
    }
  });

  it('refuses a flipped bit by the CRC, in the pickle and in a storage', async () => {
    const bytes = torchZip(good);
    for (const mark of ['storage', '\x00\x00\x80\x40']) {
      const at = Buffer.from(bytes).indexOf(mark, 0, 'latin1');
      const flipped = new Uint8Array(bytes);
      flipped[at]! ^= 4;
      expect((await errorOf(() => readTorch(flipped)))?.message).toMatch(/CRC/);
    }
  });

  it('refuses a compressed entry', async () => {
    const bytes = new Uint8Array(torchZip(good));
    const directory = Buffer.from(bytes.buffer).indexOf('PK\x01\x02', 0, 'latin1');
    bytes[directory + 10] = 8;
    const error = await errorOf(() => readTorch(bytes));
    expect(error?.message).toMatch(/stored uncompressed.*compression 8/);
  });

  it('refuses an encrypted entry', async () => {
    const bytes = new Uint8Array(torchZip(good));
    const directory = Buffer.from(bytes.buffer).indexOf('PK\x01\x02', 0, 'latin1');
    bytes[directory + 8]! |= 1;
    bytes[directory + 24]! -= 12; // the 12 bytes before encrypted content
    expect((await errorOf(() => readTorch(bytes)))?.message).toMatch(/encrypted/);
  });

  it('holds to its limits', async () => {
    const bytes = torchZip(pickle(dict({ a: tensor(), b: tensor() })));
    const code = (limits: object) =>
      codeOf(() => readTorch(bytes, { limits: { ...defaultLimits, ...limits } }));
    expect(await code({ tensors: 2 })).toBe(null);
    expect(await code({ tensors: 1 })).toBe('checkpoint.too_large');
    expect(await code({ dims: 0 })).toBe('checkpoint.bad_tensor');
    expect(await code({ pickleBytes: 100 })).toBe('checkpoint.too_large');
    expect(await code({ pickleOpcodes: 20 })).toBe('checkpoint.too_large');
    expect(await code({ pickleContainers: 5 })).toBe('checkpoint.too_large');
    expect(await code({ pickleDepth: 2 })).toBe('checkpoint.too_large');
  });

  it('reads 5,000 tensors in a moment', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`layer${i}.weight`, tensor()]));
    const start = performance.now();
    const { tensors } = await readTorch(torchZip(pickle(dict(many))));
    expect(tensors.size).toBe(5_000);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
