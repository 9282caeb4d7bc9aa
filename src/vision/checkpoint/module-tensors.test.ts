import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTensors } from './read-tensors.ts';
import { bytesOf, type Tensors, toFloat32 } from './tensors.ts';
import {
  codeOf,
  dict,
  errorOf,
  global,
  int,
  pickle,
  program,
  tensor,
  text,
  torchZip,
  tuple,
} from './testing/pickle-program.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const expected: Record<string, object> = JSON.parse(fixture('modules-expected.json').toString());
const described = (tensors: Tensors) =>
  Object.fromEntries(
    [...tensors].map(([name, each]) => [
      name,
      { dtype: each.dtype, shape: each.shape, hex: Buffer.from(bytesOf(each)).toString('hex') },
    ]),
  );
const read = (bytes: Uint8Array) => readTensors(bytes, { inert: true });

describe('whole modules in a pickle', () => {
  it.each(Object.keys(expected))('give the weights of %s as state_dict() names them', async (name) => {
    const { tensors } = await read(fixture(name));
    expect(described(tensors)).toEqual(expected[name]);
  });

  it('are averaged weights before others', async () => {
    const [averaged, plain] = await Promise.all([
      read(fixture('detection-ema.pt')),
      read(fixture('detection.pt')),
    ]);
    expect(averaged.notes).toEqual(['read the weights under "ema"']);
    expect(plain.notes).toEqual(['read the weights under "model"']);
    const first = (tensors: Tensors) => toFloat32(tensors.get('model.0.conv.weight')!, 'w')[0]!;
    expect(first(averaged.tensors) - first(plain.tensors)).toBeCloseTo(1, 2);
  });

  it('leave out buffers that are not kept, and tensors that are no weights', async () => {
    const { tensors } = await read(fixture('detection.pt'));
    expect([...tensors.keys()].filter((name) => /grid|stride|anchors/.test(name))).toEqual([]);
    expect(tensors.get('model.1.m.0.bn.running_mean')!.dtype).toBe('float16');
  });

  it('tell their class, the names of their classes and their layout', async () => {
    expect((await read(fixture('detection.pt'))).module).toEqual({
      className: 'ultralytics.nn.tasks.DetectionModel',
      classes: ['crack', 'scratch', 'รอยแตก'],
      yaml: { nc: 3, backbone: [[-1, 1, 'Conv', [64, 3, 2]]], head: [], scale: 'n', channels: null },
    });
    expect((await read(fixture('classification.pt'))).module).toEqual({
      className: 'ultralytics.nn.tasks.ClassificationModel',
      classes: ['good', 'bad'],
      yaml: null,
    });
    expect((await read(fixture('state-dict.pt'))).module).toBeNull();
  });

  it('are refused, unrun, unless inert records are asked for', async () => {
    const error = await errorOf(() => readTensors(fixture('detection.pt')));
    expect(error?.code).toBe('checkpoint.unsupported_global');
    expect(error?.message).toContain('ultralytics.nn.tasks.DetectionModel');
  });
});

describe('hostile modules', () => {
  /** A record of class `a.Net` with this state. */
  const record = (...state: readonly (Uint8Array | string)[]) =>
    program(global('a', 'Net'), tuple(), '\x81', ...state, 'b');
  const module = (
    parts: Readonly<Record<string, Uint8Array>>,
    more: Readonly<Record<string, Uint8Array>> = {},
  ) =>
    record(dict({ _parameters: dict({ w: tensor() }), _buffers: dict({}), _modules: dict(parts), ...more }));
  const file = (...parts: readonly (Uint8Array | string)[]) => torchZip(pickle(...parts));
  const get = (index: number) => program('h', String.fromCharCode(index));
  const put = (index: number) => program('q', String.fromCharCode(index));

  it('are malformed inside themselves', async () => {
    // The record is remembered before its state is built, so that the state can hold it.
    const self = program(
      global('a', 'Net'),
      tuple(),
      '\x81',
      put(0),
      dict({ _parameters: dict({ w: tensor() }), _modules: dict({ a: get(0) }) }),
      'b',
    );
    const error = await errorOf(() => read(file(self)));
    expect(error?.code).toBe('checkpoint.malformed');
    expect(error?.message).toContain('no module inside itself');
  });

  it('are too large when they nest too deep', async () => {
    let nested = module({});
    for (let i = 0; i < 40; i++) nested = module({ a: nested });
    expect(await codeOf(() => read(file(nested)))).toBe('checkpoint.too_large');
  });

  it('are too large when each part stands twice in the next', async () => {
    let doubled = program(module({}), put(0));
    for (let i = 1; i < 18; i++)
      doubled = program(doubled, '0', module({ a: get(i - 1), b: get(i - 1) }), put(i));
    const start = performance.now();
    expect(await codeOf(() => read(file(doubled)))).toBe('checkpoint.too_large');
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it.each([
    ['a state that is no dict', record(int(3))],
    ['no parameters', record(dict({ _modules: dict({}) }))],
    ['parameters that are a list', record(dict({ _parameters: program(']') }))],
    ['parts that are a list', record(dict({ _parameters: dict({}), _modules: program(']') }))],
    ['parts that are numbers', record(dict({ _parameters: dict({}), _modules: dict({ a: int(1) }) }))],
    [
      'parts under a tuple',
      record(dict({ _parameters: dict({}), _modules: program('}', tuple(), module({}), 's') })),
    ],
    ['a weight that is a name', record(dict({ _parameters: dict({ w: global('os', 'system') }) }))],
    ['no state', program(global('a', 'Net'), tuple(), '\x81')],
  ])('are malformed with %s', async (_, value) => {
    expect(await codeOf(() => read(file(dict({ model: value }))))).toBe('checkpoint.malformed');
    expect(await codeOf(() => read(file(value)))).toBe('checkpoint.malformed');
  });

  it('name the tensor that does not fit its storage', async () => {
    const error = await errorOf(() =>
      read(file(record(dict({ _parameters: dict({ w: tensor({ size: [9] }) }) })))),
    );
    expect(error?.code).toBe('checkpoint.bad_tensor');
    expect(error?.message).toContain('"w"');
  });

  it('have no names and no layout when those are not plain, too long, too many, cyclic or with gaps', async () => {
    const facts = async (more: Record<string, Uint8Array>) => (await read(file(module({}, more)))).module!;
    const cyclic = program(']', put(7), get(7), 'a');
    const long = text('x'.repeat(600));
    const gap = program('}(', int(0), text('a'), int(2), text('b'), 'u');
    const many = program('](', ...Array.from({ length: 21_000 }, () => text('a')), 'e');
    for (const names of [
      int(3),
      text('abc'),
      dict({}),
      cyclic,
      program('](', long, 'e'),
      gap,
      many,
      tensor(),
    ])
      expect((await facts({ names })).classes).toBeNull();
    for (const yaml of [tensor(), global('os', 'system'), cyclic, many])
      expect((await facts({ yaml })).yaml).toBeNull();
    const proto = dict({ __proto__: int(1) });
    expect(Object.keys((await facts({ yaml: program('}(', text('__proto__'), int(1), 'u') })).yaml!)).toEqual(
      ['__proto__'],
    );
    expect((await facts({ yaml: proto })).yaml).toEqual({});
    expect(({} as Record<string, unknown>).nc).toBeUndefined();
  });

  it('have names in a list, or by number in any order', async () => {
    const facts = async (names: Uint8Array) => (await read(file(module({}, { names })))).module!.classes;
    expect(await facts(program('](', text('a'), text('b'), 'e'))).toEqual(['a', 'b']);
    expect(await facts(program('}(', int(1), text('b'), int(0), text('a'), 'u'))).toEqual(['a', 'b']);
  });
});
