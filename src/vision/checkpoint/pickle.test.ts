import { describe, expect, it } from 'vitest';
import { defaultLimits } from './limits.ts';
import { type PickleObject, readPickle } from './pickle.ts';
import {
  codeOf,
  errorOf,
  global,
  int,
  pickle,
  program,
  text,
  tuple,
  uint32,
  uint64,
} from './testing/pickle-program.ts';

const allowed = new Set(['torch.Size']);
const read = (bytes: Uint8Array) => readPickle(bytes, { allowed });
const value = (...parts: (Uint8Array | string)[]) => read(pickle(...parts)).value;
const t = (...items: unknown[]) => ({ kind: 'tuple', items });

describe('readPickle', () => {
  const rows: [string, Uint8Array | string, unknown][] = [
    ['None', 'N', null],
    ['True and False', '\x88\x89\x86', t(true, false)],
    ['booleans of protocol 1', 'I01\nI00\n\x86', t(true, false)],
    ['small ints', 'K\xffM\x00\x01J\xff\xff\xff\xff\x87', t(255, 256, -1)],
    ['a long that is a safe number', int(2 ** 40), 2 ** 40],
    ['a negative long', '\x8a\x01\x80', -128],
    ['a long of no bytes', '\x8a\x00', 0],
    ['a long beyond numbers', '\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00', 2n ** 63n],
    ['a long in decimal', 'L-9007199254740993L\n', -9007199254740993n],
    ['a float', 'G\x3f\xb9\x99\x99\x99\x99\x99\x9a', 0.1],
    ['text', text('üß'), 'üß'],
    ['short text', '\x8c\x02ok', 'ok'],
    ['long text', program('\x8d', uint64(2n), 'ok'), 'ok'],
    ['a Python 2 string', 'U\x02\xe9a', 'éa'],
    ['a list', '](K\x01K\x02eK\x03a', [1, 2, 3]],
    ['a nested tuple', ')\x85', t(t())],
    [
      'a dict',
      program('}(', text('a'), 'K\x01u', text('b'), 'Ns'),
      new Map<string, unknown>([
        ['a', 1],
        ['b', null],
      ]),
    ],
    ['a set', '\x8f(K\x01K\x01\x90', new Set([1])],
    ['a frozenset', '(K\x01\x91', new Set([1])],
    ['what the memo holds', 'K\x07q\x00h\x00\x86', t(7, 7)],
    ['what MEMOIZE holds', 'K\x07\x94h\x00\x86', t(7, 7)],
    ['a frame', program('\x95', uint64(2n), 'K\x01'), 1],
    ['what POP leaves', 'K\x01K\x020', 1],
    ['what POP_MARK leaves', 'K\x01(K\x02K\x031', 1],
    ['an OrderedDict', program(global('collections', 'OrderedDict'), ')R(K\x01K\x02u'), new Map([[1, 2]])],
    [
      'an OrderedDict of pairs',
      program(global('collections', 'OrderedDict'), '](K\x01K\x02\x86e\x85R'),
      new Map([[1, 2]]),
    ],
    ['an OrderedDict with attributes', program(global('collections', 'OrderedDict'), ')R}b'), new Map()],
    ['a set by its class', program(global('__builtin__', 'set'), '](K\x01e\x85R'), new Set([1])],
    ['an allowed class', global('torch', 'Size'), { kind: 'global', name: 'torch.Size' }],
    [
      'an allowed class from the stack',
      program(text('torch'), text('Size'), '\x93'),
      { kind: 'global', name: 'torch.Size' },
    ],
  ];
  it.each(rows)('reads %s', (_, parts, expected) => {
    expect(value(parts)).toEqual(expected);
  });

  it('reads bytes without copying them', () => {
    const bytes = pickle('C\x03abc');
    const found = read(bytes).value as Uint8Array;
    expect(Buffer.from(found).toString()).toBe('abc');
    expect(found.buffer).toBe(bytes.buffer);
  });

  it('says where the pickle ends, and starts where it is told', () => {
    const bytes = program('junk', pickle('K\x05'), 'tail');
    expect(readPickle(bytes, { allowed, start: 4 })).toMatchObject({ value: 5, end: 9 });
  });

  it('keeps persistent objects by their id, and the class of an old ("module", class, ...) id', () => {
    const both = program(
      tuple(text('storage'), 'K\x01'),
      'Q',
      tuple(text('module'), global('torch', 'Size'), 'NN'),
      'Q\x86',
    );
    const { value, persistent } = read(pickle(both));
    expect(persistent).toEqual([{ kind: 'persistent', id: t('storage', 1) }]);
    expect(value).toEqual(t(persistent[0], { kind: 'global', name: 'torch.Size' }));
  });
});

/** One payload in each way that a pickle can reach a function: nothing may run, and the name must be said. */
const attacks: Record<string, (module: string, name: string) => Uint8Array> = {
  REDUCE: (module, name) => pickle(global(module, name), tuple(text('id')), 'R'),
  'REDUCE inside a dict': (module, name) => pickle('}', text('weight'), global(module, name), ')Rs'),
  STACK_GLOBAL: (module, name) => pickle(text(module), text(name), '\x93', tuple(text('id')), 'R'),
  'STACK_GLOBAL over the memo': (module, name) =>
    pickle(text(module), 'q\x000', text(name), 'q\x010h\x00h\x01\x93)R'),
  NEWOBJ: (module, name) => pickle(global(module, name), ')\x81'),
  NEWOBJ_EX: (module, name) => pickle(global(module, name), ')}\x92'),
  BUILD: (module, name) =>
    pickle(global(module, name), ')\x81}', text('__setstate__'), global(module, name), 'sb'),
  OBJ: (module, name) => pickle('(', global(module, name), text('id'), 'o'),
  'protocol 0': (module, name) => program(`c${module}\n${name}\n(S'id'\ntR.`),
  'a broken tail': (module, name) => program('\x80\x02', global(module, name), '\xff\xff'),
  'no STOP': (module, name) => program('\x80\x02', global(module, name)),
};

const functions: [string, string][] = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['subprocess', 'Popen'],
  ['builtins', 'eval'],
  ['__builtin__', 'exec'],
  ['builtins', 'getattr'],
  ['runpy', '_run_code'],
  ['pip', 'main'],
  ['torch.hub', 'load'],
  ['torch', 'load'],
  ['numpy.testing._private.utils', 'runstring'],
  ['functools', 'partial'],
  ['operator', 'attrgetter'],
  ['collections', 'OrderedDict.__reduce__'],
  ['torch', 'Size.__class__'],
];

describe('a pickle that names a function', () => {
  const rows = Object.entries(attacks).flatMap(([way, attack]) =>
    functions.map(([module, name]) => [way, `${module}.${name}`, attack(module, name)] as const),
  );
  it.each(rows)('is refused by name: %s of %s', async (_, name, bytes) => {
    const error = await errorOf(() => read(bytes));
    expect(error?.code).toBe('checkpoint.unsupported_global');
    expect(error?.message).toContain(name.replace('__builtin__', 'builtins'));
  });

  it('is refused when INST names it, an operation that torch.save never writes', async () => {
    const error = await errorOf(() => read(program('(ios\nsystem\n.')));
    expect(error).toMatchObject({
      code: 'checkpoint.malformed',
      message: expect.stringMatching(/INST 0x69 \(offset 1\)/),
    });
  });

  it('has five names listed and the others counted', async () => {
    const names = Array.from({ length: 7 }, (_, i) => program(global('evil', `f${i}`), '0'));
    const error = await errorOf(() => read(pickle(...names, 'N')));
    expect(error?.message).toMatch(/"evil.f0", .*"evil.f4" and 2 more/);
  });

  it('becomes an inert record when asked for', () => {
    const bytes = pickle(global('os', 'system'), tuple(text('id')), 'R}', text('a'), 'K\x01sb');
    const { value } = readPickle(bytes, { allowed, inert: true });
    expect(value as PickleObject).toEqual({
      kind: 'object',
      global: 'os.system',
      args: ['id'],
      state: new Map([['a', 1]]),
      entries: new Map(),
      items: [],
    });
  });
});

describe('a broken pickle', () => {
  const rows: [string, Uint8Array][] = [
    ['nothing', program()],
    ['no STOP', program('\x80\x02N')],
    ['STOP on an empty stack', pickle()],
    ['two values at STOP', pickle('NN')],
    ['an open MARK at STOP', pickle('N(')],
    ['protocol 6', program('\x80\x06N.')],
    ['an unknown opcode', pickle('\xff')],
    ['an extension', pickle('\x82\x01')],
    ['an out-of-band buffer', pickle('\x97')],
    ['a text persistent id', pickle('Pkey\n')],
    ['an int cut short', program('\x80\x02J\x01')],
    ['bytes of 2^63', pickle('\x8e', uint64(2n ** 63n))],
    ['text of 4 GB', pickle('X', uint32(2 ** 32 - 1))],
    ['a frame past the end', pickle('\x95', uint64(2n ** 62n), 'N')],
    ['a long of 1 GB', pickle('\x8b', uint32(2 ** 30))],
    ['a long of 200 bytes', pickle('\x8a\xc8', Buffer.alloc(200))],
    ['a decimal of 5,000 digits', pickle(`L${'9'.repeat(500)}\n`)],
    ['a decimal with letters', pickle('I0x10\n')],
    ['a line without end', pickle(`c${'x'.repeat(5000)}`)],
    ['text that is not UTF-8', pickle('X', uint32(2), '\xff\xfe')],
    ['an empty memo', pickle('h\x00')],
    ['a memo of nothing', program('\x80\x02q\x00N.')],
    ['a tuple of too few', pickle('K\x01\x87')],
    ['a tuple across a MARK', pickle('K\x01(K\x02\x86')],
    ['TUPLE without MARK', pickle('K\x01t')],
    ['a dict of odd items', pickle('}(K\x01u')],
    ['items set on a number', pickle('K\x01(K\x01K\x02u')],
    ['items appended to a dict', pickle('}K\x01a')],
    ['items added to a list', pickle('](K\x01\x90')],
    ['REDUCE of a number', pickle('K\x01)R')],
    ['REDUCE of what REDUCE gave', pickle(global('torch', 'Size'), ')R)R')],
    ['REDUCE without a tuple', pickle(global('torch', 'Size'), ']R')],
    ['BUILD on a list', pickle(']}b')],
    ['STACK_GLOBAL of numbers', pickle('K\x01K\x02\x93')],
    ['a persistent id that is no tuple', pickle('K\x01Q')],
    ['an OrderedDict of a number', pickle(global('collections', 'OrderedDict'), 'K\x01\x85R')],
    ['a list inside itself', pickle(']q\x00h\x00a')],
    ['a dict inside a tuple inside itself', pickle('}q\x00K\x01h\x00\x85s')],
  ];
  it.each(rows)('is refused: %s', async (_, bytes) => {
    expect(await codeOf(() => read(bytes))).toBe('checkpoint.malformed');
  });
});

describe('a pickle without measure', () => {
  const rows: [string, Uint8Array][] = [
    ['MARKs a million deep', pickle('('.repeat(1_000_000))],
    ['tuples a million deep', pickle(')', '\x85'.repeat(1_000_000))],
    ['lists 65 deep', pickle(']'.repeat(65), 'a'.repeat(64))],
    ['five million operations', pickle('N0'.repeat(2_500_000), 'N')],
    ['half a million dicts', pickle('}0'.repeat(500_000), 'N')],
    ['a memo index of 2^31', pickle('Nr', uint32(2 ** 31))],
    ['doubling by memo to 2^40', pickle(']q\x00', ...doublings(40))],
  ];
  it.each(rows)('is refused in time: %s', async (_, bytes) => {
    const start = performance.now();
    expect(await codeOf(() => read(bytes))).toBe('checkpoint.too_large');
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('is refused by the byte, when its budget is small', async () => {
    const limits = { ...defaultLimits, pickleBytes: 100 };
    const bytes = pickle(text('x'.repeat(92)));
    expect(await codeOf(() => readPickle(bytes, { allowed, limits }))).toBe(null);
    expect(await codeOf(() => readPickle(pickle(text('x'.repeat(93))), { allowed, limits }))).toBe(
      'checkpoint.too_large',
    );
  });

  it('may share parts when written out it stays small', () => {
    expect(value(']q\x00', ...doublings(5))).toHaveLength(2);
  });
});

/** list(n + 1) = [list(n), list(n)], each kept in the memo and taken off the stack, but for the last. */
function doublings(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) =>
    program('0]q', byte(n + 1), '(h', byte(n), 'h', byte(n), 'e'),
  );
}

function byte(value: number): Uint8Array {
  return Uint8Array.of(value);
}
