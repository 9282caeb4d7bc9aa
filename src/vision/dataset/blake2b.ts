// The content hash of pictures: BLAKE2b with a digest of 16 bytes (RFC 7693).
// Node's own blake2b512 cannot stand in: the length of the digest is part of what is hashed. JavaScript has no fast
// 64-bit numbers, so the compression is put together as WebAssembly, which is about twenty times as fast.

/** 32 hexadecimal digits, as Python's hashlib.blake2b(bytes, digest_size=16). */
export function blake2b16(bytes: Uint8Array): string {
  return new Blake2b16().update(bytes).digest();
}

/** The same hash of bytes that come in pieces. */
export class Blake2b16 {
  readonly #memory: Uint8Array;
  readonly #words: DataView;
  readonly #compress: Compress;
  /** Bytes that wait in the buffer; the last block must wait, since only `digest` knows that it is the last. */
  #held = 0;
  #compressed = 0;

  constructor() {
    const { memory, compress } = new Wasm.Instance(compiled()).exports;
    this.#memory = new Uint8Array(memory.buffer);
    this.#words = new DataView(memory.buffer);
    this.#compress = compress;
    for (const [i, word] of initial.entries()) {
      this.#words.setBigUint64(STATE + i * 8, word, true);
      this.#words.setBigUint64(INITIAL + i * 8, word, true);
    }
    this.#words.setBigUint64(STATE, initial[0]! ^ BigInt(0x01010000 | 16), true); // no key, one leaf, 16 bytes
  }

  update(bytes: Uint8Array): this {
    for (let at = 0; at < bytes.length; ) {
      if (this.#held === BUFFER_BYTES) this.#flush(BUFFER_BYTES);
      const count = Math.min(BUFFER_BYTES - this.#held, bytes.length - at);
      this.#memory.set(bytes.subarray(at, at + count), BUFFER + this.#held);
      this.#held += count;
      at += count;
    }
    return this;
  }

  /** Call it once, at the end. */
  digest(): string {
    const last = Math.max(0, Math.ceil(this.#held / BLOCK) - 1) * BLOCK;
    if (last > 0) this.#flush(last);
    const total = BigInt(this.#compressed + this.#held - last);
    this.#memory.copyWithin(BUFFER, BUFFER + last, BUFFER + this.#held);
    this.#memory.fill(0, BUFFER + this.#held - last, BUFFER + BLOCK);
    this.#compress(1, total, -1n);
    return Buffer.from(this.#memory.subarray(STATE, STATE + 16)).toString('hex');
  }

  /** Compresses whole blocks from the start of the buffer, none of them the last. */
  #flush(count: number): void {
    this.#compress(count / BLOCK, BigInt(this.#compressed + BLOCK), 0n);
    this.#compressed += count;
    if (count === BUFFER_BYTES) this.#held = 0;
  }
}

/** F of RFC 7693, section 3.2, over blocks in a row. `counted`: bytes up to the end of the first. `last`: 0, or -1. */
type Compress = (blocks: number, counted: bigint, last: bigint) => void;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly compress: Compress;
}

const initial = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];

/** Which message words each of the ten permutations takes; the last two rounds repeat the first two. */
const sigma = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/** Columns, then diagonals, of the 4 x 4 words: the four words of each of eight mixes. */
const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

// The memory: one page of 64 KiB that holds the state, the initial words and a buffer of whole blocks.
const BLOCK = 128;
const STATE = 0;
const INITIAL = 64;
const BUFFER = 128;
const BUFFER_BYTES = 65536 - BUFFER;

/** What we use of the global, which the types of Node leave out. */
const Wasm = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly;

interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
}

let module: object | undefined;

/** Compiled when the first hash is asked for, and kept: it is a constant. */
function compiled(): object {
  module ??= new Wasm.Module(Uint8Array.from(moduleBytes()));
  return module;
}

// The instructions in use (WebAssembly core specification, 5.4).
const [I32, I64] = [0x7f, 0x7e];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const i32 = (value: number) => [0x41, ...signed(value)];
const i32Add = [0x6a];
const i64Const = (value: number) => [0x42, ...signed(value)];
const i64Add = [0x7c];
const i64Xor = [0x85];
const rotateRight = (bits: number) => [...i64Const(bits), 0x8a];
const load = (offset: number) => [0x29, 3, ...unsigned(offset)];
const store = (offset: number) => [0x37, 3, ...unsigned(offset)];
const loopWhile = (body: number[], condition: number[]) => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

// The locals: three parameters, the place in the buffer, the sixteen working words and the sixteen of the message.
const [BLOCKS, COUNTED, LAST, PLACE] = [0, 1, 2, 3];
const v = (i: number) => 4 + i;
const m = (i: number) => 20 + i;
const words = Array.from({ length: 16 }, (_, i) => i);

function moduleBytes(): number[] {
  const locals = [2, 1, I32, 32, I64];
  const code = [...locals, ...i32(BUFFER), ...set(PLACE), ...loopWhile(oneBlock(), blocksLeft()), 0x0b];
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I64, I64, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, 1, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('compress'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ];
}

function oneBlock(): number[] {
  return [
    ...words.flatMap((i) => [...get(PLACE), ...load(i * 8), ...set(m(i))]),
    // The state and the initial words lie one after the other.
    ...words.flatMap((i) => [...i32(STATE), ...load(i * 8), ...set(v(i))]),
    ...[...get(v(12)), ...get(COUNTED), ...i64Xor, ...set(v(12))],
    ...[...get(v(14)), ...get(LAST), ...i64Xor, ...set(v(14))],
    ...Array.from({ length: 12 }, (_, round) => mixes(sigma[round % 10]!)).flat(),
    ...words.slice(0, 8).flatMap((i) => {
      const fed = [...i32(STATE), ...load(i * 8), ...get(v(i)), ...i64Xor, ...get(v(i + 8)), ...i64Xor];
      return [...i32(STATE), ...fed, ...store(i * 8)];
    }),
    ...[...get(PLACE), ...i32(BLOCK), ...i32Add, ...set(PLACE)],
    ...[...get(COUNTED), ...i64Const(BLOCK), ...i64Add, ...set(COUNTED)],
  ];
}

/** Counts one block down; true while there are more. */
function blocksLeft(): number[] {
  return [...get(BLOCKS), ...i32(-1), ...i32Add, ...set(BLOCKS), ...get(BLOCKS)];
}

function mixes(order: readonly number[]): number[] {
  return quarters.flatMap(([a, b, c, d], q) =>
    mix(v(a), v(b), v(c), v(d), m(order[q * 2]!), m(order[q * 2 + 1]!)),
  );
}

/** G of RFC 7693, section 3.1. */
function mix(a: number, b: number, c: number, d: number, x: number, y: number): number[] {
  const add = (...of: number[]) => [
    ...of.flatMap((l, i) => (i ? [...get(l), ...i64Add] : get(l))),
    ...set(of[0]!),
  ];
  const turn = (to: number, by: number, bits: number) => [
    ...get(to),
    ...get(by),
    ...i64Xor,
    ...rotateRight(bits),
    ...set(to),
  ];
  return [
    ...[...add(a, b, x), ...turn(d, a, 32), ...add(c, d), ...turn(b, c, 24)],
    ...[...add(a, b, y), ...turn(d, a, 16), ...add(c, d), ...turn(b, c, 63)],
  ];
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text, 'latin1')];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const isLast = value >= -64 && value < 64;
  return isLast ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
