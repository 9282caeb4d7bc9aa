// Reads Python pickles into inert values. Nothing named in a pickle is ever called: there is no call in here.
import { OkapiError } from '../errors.ts';
import { type CheckpointLimits, defaultLimits } from './limits.ts';
import { quoted } from './tensors.ts';

/** A class or function by its dotted name, nothing more. */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

/** What Python would have made by calling `global` with `args`, and then filled. */
export interface PickleObject {
  readonly kind: 'object';
  readonly global: string;
  readonly args: readonly PickleValue[];
  /** What BUILD would have handed to __setstate__ or __dict__; null when there was none. */
  state: PickleValue;
  /** Entries of a dict subclass, items of a list subclass. */
  readonly entries: PickleMap;
  readonly items: PickleValue[];
}

/** An object kept outside the pickle (torch: a storage), by its id. */
export interface PicklePersistent {
  readonly kind: 'persistent';
  readonly id: PickleTuple;
}

export type PickleMap = Map<PickleValue, PickleValue>;

/** None is null, a list is an array, a dict or OrderedDict is a Map, an int is a bigint only when it must be. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleMap
  | Set<PickleValue>
  | PickleTuple
  | PickleGlobal
  | PickleObject
  | PicklePersistent;

export interface PickleOptions {
  /** Dotted names that may occur. Any other is an error, unless `inert` asks for records instead. */
  readonly allowed: ReadonlySet<string>;
  readonly inert?: boolean;
  readonly limits?: CheckpointLimits;
  /** Where the pickle starts in the bytes. */
  readonly start?: number;
}

export interface Pickle {
  readonly value: PickleValue;
  /** Every persistent object named, also those that `value` does not hold. */
  readonly persistent: readonly PicklePersistent[];
  /** The offset after STOP. */
  readonly end: number;
}

/**
 * Reads one pickle of protocol 1 to 5, as torch.save writes them. Throws checkpoint.unsupported_global naming
 * the first five names that are not allowed, checkpoint.malformed with the offset, checkpoint.too_large when a
 * budget is spent. Lengths are held against the bytes left before anything is allocated.
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): Pickle {
  const limits = options.limits ?? defaultLimits;
  const machine = newMachine(bytes, options.start ?? 0, options.allowed, limits);
  try {
    run(machine, limits);
    checkNesting(machine.stack[0]!, limits, options.inert ?? false);
  } catch (error) {
    // What a pickle tries to name matters more than how it is broken.
    if (!options.inert) refuseForeign(machine);
    throw error;
  }
  if (!options.inert) refuseForeign(machine);
  return { value: machine.stack[0]!, persistent: machine.persistent, end: machine.at };
}

/** The stack machine that a pickle is a program for. */
interface Machine {
  readonly bytes: Uint8Array;
  /** Whether the bytes end at the budget, not at the end of the file. */
  readonly cut: boolean;
  readonly view: DataView;
  readonly allowed: ReadonlySet<string>;
  readonly foreign: Set<string>;
  readonly persistent: PicklePersistent[];
  readonly stack: PickleValue[];
  /** Stack heights at which a MARK was set. */
  readonly marks: number[];
  readonly memo: PickleValue[];
  readonly memoLimit: number;
  at: number;
  containersLeft: number;
}

function newMachine(
  bytes: Uint8Array,
  at: number,
  allowed: ReadonlySet<string>,
  limits: CheckpointLimits,
): Machine {
  const within = bytes.subarray(0, at + limits.pickleBytes);
  return {
    bytes: within,
    cut: within.length < bytes.length,
    view: new DataView(within.buffer, within.byteOffset, within.byteLength),
    allowed,
    foreign: new Set(),
    persistent: [],
    stack: [],
    marks: [],
    memo: [],
    memoLimit: limits.pickleOpcodes,
    at,
    containersLeft: limits.pickleContainers,
  };
}

const STOP = 0x2e;

function run(machine: Machine, limits: CheckpointLimits): void {
  for (let count = 0; ; count++) {
    if (count >= limits.pickleOpcodes) tooLarge(`${limits.pickleOpcodes} operations`);
    const code = byte(machine);
    if (code === STOP) break;
    const operation = operations[code];
    if (operation === undefined) refuseOpcode(machine, code);
    operation(machine);
    if (machine.marks.length > limits.pickleDepth) tooLarge(`${limits.pickleDepth} levels`);
  }
  if (machine.stack.length !== 1 || machine.marks.length !== 0) {
    malformed(machine, `expected one value at STOP, got ${machine.stack.length}`);
  }
}

function refuseOpcode(machine: Machine, code: number): never {
  machine.at--;
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return malformed(
    machine,
    `expected an operation that torch.save writes, got ${refused[code] ?? 'byte'} ${hex}`,
  );
}

/** Operations that exist and that we refuse, by name for the message. */
const refused: Readonly<Record<number, string>> = {
  50: 'DUP',
  70: 'FLOAT',
  80: 'PERSID',
  83: 'STRING',
  86: 'UNICODE',
  100: 'DICT',
  103: 'GET',
  105: 'INST',
  108: 'LIST',
  111: 'OBJ',
  112: 'PUT',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  146: 'NEWOBJ_EX',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

type Operation = (m: Machine) => void;

/** What each opcode does, by its byte; the names are those of Python's pickletools. */
const operations: Readonly<Record<number, Operation>> = {
  128: (m) => checkProtocol(m), // PROTO
  149: (m) => take(m, 0, longLength(m)), // FRAME: nothing but a promise about the bytes that follow
  40: (m) => m.marks.push(m.stack.length), // MARK
  48: (m) => pop(m), // POP
  49: (m) => popMark(m), // POP_MARK

  78: (m) => push(m, null), // NONE
  136: (m) => push(m, true), // NEWTRUE
  137: (m) => push(m, false), // NEWFALSE
  71: (m) => push(m, m.view.getFloat64(take(m, 8))), // BINFLOAT
  73: (m) => push(m, intLine(m)), // INT
  74: (m) => push(m, m.view.getInt32(take(m, 4), true)), // BININT
  75: (m) => push(m, byte(m)), // BININT1
  77: (m) => push(m, m.view.getUint16(take(m, 2), true)), // BININT2
  76: (m) => push(m, whole(m, line(m).replace(/L$/, ''))), // LONG
  138: (m) => push(m, long(m, byte(m))), // LONG1
  139: (m) => push(m, long(m, uint32(m))), // LONG4

  85: (m) => push(m, latin1(chunk(m, byte(m)))), // SHORT_BINSTRING
  84: (m) => push(m, latin1(chunk(m, uint32(m)))), // BINSTRING
  140: (m) => push(m, utf8(m, chunk(m, byte(m)))), // SHORT_BINUNICODE
  88: (m) => push(m, utf8(m, chunk(m, uint32(m)))), // BINUNICODE
  141: (m) => push(m, utf8(m, chunk(m, longLength(m)))), // BINUNICODE8
  67: (m) => push(m, chunk(m, byte(m))), // SHORT_BINBYTES
  66: (m) => push(m, chunk(m, uint32(m))), // BINBYTES
  142: (m) => push(m, chunk(m, longLength(m))), // BINBYTES8
  150: (m) => push(m, chunk(m, longLength(m))), // BYTEARRAY8

  41: (m) => push(m, tuple(m, [])), // EMPTY_TUPLE
  133: (m) => push(m, tuple(m, popSome(m, 1))), // TUPLE1
  134: (m) => push(m, tuple(m, popSome(m, 2))), // TUPLE2
  135: (m) => push(m, tuple(m, popSome(m, 3))), // TUPLE3
  116: (m) => push(m, tuple(m, popMark(m))), // TUPLE
  93: (m) => push(m, counted(m, [])), // EMPTY_LIST
  97: (m) => append(m, popSome(m, 1)), // APPEND
  101: (m) => append(m, popMark(m)), // APPENDS
  125: (m) => push(m, counted(m, new Map())), // EMPTY_DICT
  115: (m) => setItems(m, popSome(m, 2)), // SETITEM
  117: (m) => setItems(m, popMark(m)), // SETITEMS
  143: (m) => push(m, counted(m, new Set())), // EMPTY_SET
  144: (m) => addItems(m, popMark(m)), // ADDITEMS
  145: (m) => push(m, counted(m, new Set(popMark(m)))), // FROZENSET

  104: (m) => push(m, recall(m, byte(m))), // BINGET
  106: (m) => push(m, recall(m, uint32(m))), // LONG_BINGET
  113: (m) => remember(m, byte(m)), // BINPUT
  114: (m) => remember(m, uint32(m)), // LONG_BINPUT
  148: (m) => remember(m, m.memo.length), // MEMOIZE

  99: (m) => push(m, named(m, line(m), line(m))), // GLOBAL
  147: (m) => stackGlobal(m), // STACK_GLOBAL
  82: (m) => push(m, made(m, popSome(m, 2))), // REDUCE
  129: (m) => push(m, made(m, popSome(m, 2))), // NEWOBJ
  98: (m) => build(m, pop(m)), // BUILD
  81: (m) => push(m, persistent(m, pop(m))), // BINPERSID
};

// Reading bytes

/** Moves past `count` bytes and returns where they start. */
function take(m: Machine, count: number, needed = count): number {
  const left = m.bytes.length - m.at;
  if (needed > left && m.cut) tooLarge(`${m.bytes.length} bytes`);
  if (needed > left) malformed(m, `expected ${needed} more bytes, got ${left}`);
  m.at += count;
  return m.at - count;
}

function byte(m: Machine): number {
  return m.bytes[take(m, 1)]!;
}

function uint32(m: Machine): number {
  return m.view.getUint32(take(m, 4), true);
}

// Rounding above 2^53 does no harm: such a length never fits.
function longLength(m: Machine): number {
  return Number(m.view.getBigUint64(take(m, 8), true));
}

function chunk(m: Machine, length: number): Uint8Array {
  const start = take(m, length);
  return m.bytes.subarray(start, start + length);
}

const longestLine = 1024;

/** A line of text without its end. */
function line(m: Machine): string {
  const end = m.bytes.subarray(m.at, m.at + longestLine).indexOf(0x0a);
  if (end < 0) malformed(m, `expected a line of at most ${longestLine} bytes`);
  const text = utf8(m, chunk(m, end));
  m.at++;
  return text;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(m: Machine, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return malformed(m, 'expected text in UTF-8');
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function checkProtocol(m: Machine): void {
  const protocol = byte(m);
  if (protocol < 1 || protocol > 5) malformed(m, `expected pickle protocol 1 to 5, got ${protocol}`);
}

// Numbers

/** Protocol 1 writes True and False as the ints 01 and 00. */
function intLine(m: Machine): PickleValue {
  const text = line(m);
  return text === '01' ? true : text === '00' ? false : whole(m, text);
}

function whole(m: Machine, text: string): number | bigint {
  if (!/^-?\d{1,40}$/.test(text)) malformed(m, 'expected a whole number of at most 40 digits');
  return narrow(BigInt(text));
}

/** Little-endian two's complement; torch's own longest is the 10 bytes of its old magic number. */
function long(m: Machine, length: number): number | bigint {
  if (length > 32) malformed(m, `expected a whole number of at most 32 bytes, got ${length}`);
  const bytes = chunk(m, length);
  const unsigned = bytes.reduceRight((value, next) => (value << 8n) | BigInt(next), 0n);
  return narrow(BigInt.asIntN(length * 8, unsigned));
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

// The stack and the memo

function push(m: Machine, value: PickleValue): void {
  m.stack.push(value);
}

function top(m: Machine): PickleValue {
  if (m.stack.length <= (m.marks.at(-1) ?? 0)) malformed(m, 'expected a value on the stack');
  return m.stack.at(-1)!;
}

function pop(m: Machine): PickleValue {
  const value = top(m);
  m.stack.pop();
  return value;
}

function popSome(m: Machine, count: number): PickleValue[] {
  const height = m.stack.length - count;
  if (height < (m.marks.at(-1) ?? 0)) malformed(m, `expected ${count} values on the stack`);
  return m.stack.splice(height);
}

function popMark(m: Machine): PickleValue[] {
  const height = m.marks.pop();
  if (height === undefined) malformed(m, 'expected a MARK');
  return m.stack.splice(height);
}

function recall(m: Machine, index: number): PickleValue {
  const value = m.memo[index];
  if (value === undefined) malformed(m, `expected a value at memo ${index}`);
  return value;
}

function remember(m: Machine, index: number): void {
  if (!(index >= 0 && index < m.memoLimit)) tooLarge(`${m.memoLimit} memo entries`);
  m.memo[index] = top(m);
}

// Containers

function counted<T>(m: Machine, container: T): T {
  if (--m.containersLeft < 0) tooLarge('so many containers');
  return container;
}

function tuple(m: Machine, items: PickleValue[]): PickleTuple {
  return counted(m, { kind: 'tuple', items });
}

function append(m: Machine, items: readonly PickleValue[]): void {
  const target = top(m);
  const list = Array.isArray(target) ? target : isObject(target) ? target.items : null;
  if (list === null) malformed(m, 'expected a list to append to');
  for (const item of items) list.push(item);
}

function setItems(m: Machine, items: readonly PickleValue[]): void {
  const target = top(m);
  const map = target instanceof Map ? target : isObject(target) ? target.entries : null;
  if (map === null) malformed(m, 'expected a dict to set items of');
  if (items.length % 2 !== 0) malformed(m, 'expected keys and values in pairs');
  for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
}

function addItems(m: Machine, items: readonly PickleValue[]): void {
  const target = top(m);
  if (!(target instanceof Set)) malformed(m, 'expected a set to add to');
  for (const item of items) target.add(item);
}

// Classes and objects

/** Python 2 names, as protocol 2 writes them, in today's spelling. */
const renamedModules: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

function named(m: Machine, module: string, name: string): PickleGlobal {
  const full = `${renamedModules.get(module) ?? module}.${name}`;
  if (!m.allowed.has(full) && !containers.has(full)) m.foreign.add(full);
  return { kind: 'global', name: full };
}

function stackGlobal(m: Machine): void {
  const [module, name] = popSome(m, 2);
  if (typeof module !== 'string' || typeof name !== 'string') malformed(m, 'expected two names');
  push(m, named(m, module, name));
}

/** Python containers that come as a call, made as our own. */
type MakeContainer = (m: Machine, args: readonly PickleValue[]) => PickleValue;

const containers: ReadonlyMap<string, MakeContainer> = new Map<string, MakeContainer>([
  ['collections.OrderedDict', (m, args) => new Map(pairs(m, args[0] ?? []))],
  ['builtins.set', (m, args) => new Set(list(m, args[0] ?? []))],
]);

function made(m: Machine, [callee, args]: readonly PickleValue[]): PickleValue {
  if (!isGlobal(callee!)) malformed(m, 'expected a class or function before REDUCE');
  if (!isTuple(args!)) malformed(m, 'expected a tuple of arguments');
  const container = containers.get(callee.name);
  if (container) return counted(m, container(m, args.items));
  const { name } = callee;
  return counted(m, {
    kind: 'object',
    global: name,
    args: args.items,
    state: null,
    entries: new Map(),
    items: [],
  });
}

function pairs(m: Machine, value: PickleValue): [PickleValue, PickleValue][] {
  return list(m, value).map((row) => {
    const items = isTuple(row) ? row.items : list(m, row);
    if (items.length !== 2) malformed(m, 'expected pairs of key and value');
    return [items[0]!, items[1]!];
  });
}

function list(m: Machine, value: PickleValue): PickleValue[] {
  return Array.isArray(value) ? value : malformed(m, 'expected a list');
}

function build(m: Machine, state: PickleValue): void {
  const target = top(m);
  if (isObject(target)) target.state = state;
  // An OrderedDict may carry attributes (state_dict() hangs _metadata there); they say nothing about weights.
  else if (!(target instanceof Map)) malformed(m, 'expected an object to BUILD');
}

/** Old torch files wrap classes as ('module', class, file, source): the class is all there is to it. */
function persistent(m: Machine, id: PickleValue): PickleValue {
  if (!isTuple(id)) malformed(m, 'expected a tuple as persistent id');
  if (id.items[0] === 'module' && id.items[1] !== undefined) return id.items[1];
  const object: PicklePersistent = counted(m, { kind: 'persistent', id });
  m.persistent.push(object);
  return object;
}

export function isTuple(value: PickleValue): value is PickleTuple {
  return kindOf(value) === 'tuple';
}

export function isGlobal(value: PickleValue): value is PickleGlobal {
  return kindOf(value) === 'global';
}

export function isObject(value: PickleValue): value is PickleObject {
  return kindOf(value) === 'object';
}

export function isPersistent(value: PickleValue): value is PicklePersistent {
  return kindOf(value) === 'persistent';
}

function kindOf(value: PickleValue): string | undefined {
  return value !== null && typeof value === 'object' && 'kind' in value ? value.kind : undefined;
}

// What the whole must satisfy

/**
 * Depth and size of the value written out as a tree, each shared part measured once: a doubling bomb is found
 * in linear time. A container inside itself is an error, but for inert objects, which may well point back.
 */
function checkNesting(root: PickleValue, limits: CheckpointLimits, cyclesAllowed: boolean): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const measure = (value: PickleValue, depth: number): number => {
    const parts = partsOf(value);
    if (parts === null) return 1;
    const known = sizes.get(value as object);
    if (known !== undefined) return known;
    if (depth > limits.pickleDepth) tooLarge(`${limits.pickleDepth} levels`);
    if (open.has(value as object)) {
      if (cyclesAllowed) return 1;
      throw new OkapiError('checkpoint.malformed', 'pickle: expected no container inside itself');
    }
    open.add(value as object);
    let size = 1;
    for (const part of parts) size += measure(part, depth + 1);
    if (size > limits.pickleOpcodes) tooLarge(`${limits.pickleOpcodes} values when written out`);
    open.delete(value as object);
    sizes.set(value as object, size);
    return size;
  };
  measure(root, 1);
}

/** The values inside a value, null for one that holds none. */
function partsOf(value: PickleValue): Iterable<PickleValue> | null {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return null;
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value.kind === 'tuple') return value.items;
  if (value.kind === 'persistent') return value.id.items;
  if (value.kind === 'global') return null;
  return [...value.args, value.state, ...value.entries.keys(), ...value.entries.values(), ...value.items];
}

function refuseForeign({ foreign }: Machine): void {
  if (foreign.size === 0) return;
  const names = [...foreign].slice(0, 5).map(quoted).join(', ');
  const more = foreign.size > 5 ? ` and ${foreign.size - 5} more` : '';
  throw new OkapiError(
    'checkpoint.unsupported_global',
    `expected plain tensors, got a pickle that names ${names}${more}; nothing in it was run. If you trust the ` +
      'file, save its weights only, in Python: torch.save(model.state_dict(), "weights.pt")',
  );
}

function malformed(m: Machine, detail: string): never {
  throw new OkapiError('checkpoint.malformed', `pickle: ${detail} (offset ${m.at})`);
}

function tooLarge(what: string): never {
  throw new OkapiError('checkpoint.too_large', `pickle: expected at most ${what}, got more`);
}
