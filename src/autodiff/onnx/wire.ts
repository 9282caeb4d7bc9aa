// The protobuf wire format: tagged varints, fixed words and length-delimited bytes, written and read.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Arrays from this size on are kept as views and copied once, into the finished buffer. */
const VIEW_BYTES = 256;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Collects the fields of one message. Big byte arrays are referenced, not copied, until `finish`. */
export class WireWriter {
  #chunks: Uint8Array[] = [];
  #pending: number[] = [];
  #flushed = 0;

  get size(): number {
    return this.#flushed + this.#pending.length;
  }

  int(field: number, value: number | bigint): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  float(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#append(float32Bytes([value]));
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#varint(bytes.length);
    this.#append(bytes);
  }

  string(field: number, text: string): void {
    this.bytes(field, utf8.encode(text));
  }

  packedInts(field: number, values: readonly (number | bigint)[]): void {
    if (values.length === 0) return;
    const body = new WireWriter();
    for (const value of values) body.#varint(value);
    this.message(field, body);
  }

  packedFloats(field: number, values: readonly number[]): void {
    if (values.length > 0) this.bytes(field, float32Bytes(values));
  }

  message(field: number, body: WireWriter): void {
    this.#tag(field, BYTES);
    this.#varint(body.size);
    for (const chunk of body.#take()) this.#append(chunk);
  }

  /** The message as one buffer; the writer is empty afterwards. */
  finish(): Uint8Array {
    const out = new Uint8Array(this.size);
    let at = 0;
    for (const chunk of this.#take()) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= 0xffffffff && Number.isInteger(value)) {
      let rest = value;
      while (rest > 127) {
        this.#pending.push((rest % 128) + 128);
        rest = Math.floor(rest / 128);
      }
      this.#pending.push(rest);
      return;
    }
    let rest = int64Bits(value);
    while (rest > 127n) {
      this.#pending.push(Number(rest & 127n) + 128);
      rest >>= 7n;
    }
    this.#pending.push(Number(rest));
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length < VIEW_BYTES) {
      for (const byte of bytes) this.#pending.push(byte);
      return;
    }
    this.#flush();
    this.#chunks.push(bytes);
    this.#flushed += bytes.length;
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#chunks.push(Uint8Array.from(this.#pending));
    this.#flushed += this.#pending.length;
    this.#pending = [];
  }

  #take(): Uint8Array[] {
    this.#flush();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#flushed = 0;
    return chunks;
  }
}

/** What to do with each field number of a message; a number that is not listed is skipped. */
export type FieldTable<T> = Readonly<Record<number, (target: T, reader: WireReader) => void>>;

/** Reads the fields of one message. Every fault is an Error that names the byte offset in the whole file. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;
  #wire = VARINT;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Where the reader stands, in bytes from the start of the file. */
  get offset(): number {
    return this.#at;
  }

  /** Hands every listed field to its rule and returns `target`. */
  fields<T>(table: FieldTable<T>, target: T): T {
    while (this.#at < this.#end) {
      const key = this.#uint32();
      this.#wire = key & 7;
      const field = key >>> 3;
      if (field === 0) this.fail('field number 0');
      const rule = table[field];
      if (rule) rule(target, this);
      else this.#skip();
    }
    return target;
  }

  /** A signed 64-bit integer: a number where that is exact, else a bigint. */
  int64(): number | bigint {
    this.#expect(VARINT);
    return this.#varint();
  }

  /** An integer that fits a number exactly. */
  int(): number {
    const at = this.#at;
    const value = this.int64();
    if (typeof value === 'bigint') throw faultAt(at, `${value} is no safe integer`);
    return value;
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#view.getFloat32(this.#advance(4), true);
  }

  bytes(): Uint8Array {
    this.#expect(BYTES);
    const length = this.#length();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    const at = this.#at;
    const bytes = this.bytes();
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw faultAt(at, 'text is not UTF-8');
    }
  }

  message<T>(table: FieldTable<T>, target: T): T {
    const inner = this.#inner();
    return inner.fields(table, target);
  }

  /** One element, or a packed run of them, appended to `out`. */
  ints(out: (number | bigint)[]): void {
    if (this.#wire === VARINT) {
      out.push(this.#varint());
      return;
    }
    const inner = this.#inner();
    while (inner.#at < inner.#end) out.push(inner.#varint());
  }

  floats(out: number[]): void {
    this.#fixed(FIXED32, 4, (at) => out.push(this.#view.getFloat32(at, true)));
  }

  doubles(out: number[]): void {
    this.#fixed(FIXED64, 8, (at) => out.push(this.#view.getFloat64(at, true)));
  }

  fail(message: string): never {
    throw faultAt(this.#at, message);
  }

  #inner(): WireReader {
    this.#expect(BYTES);
    const length = this.#length();
    const start = this.#advance(length);
    return new WireReader(this.#bytes, start, start + length);
  }

  #fixed(single: number, width: number, take: (at: number) => void): void {
    if (this.#wire === single) {
      take(this.#advance(width));
      return;
    }
    this.#expect(BYTES);
    const length = this.#length();
    if (length % width !== 0) this.fail(`${length} bytes are no whole number of ${width}-byte values`);
    const start = this.#advance(length);
    for (let at = start; at < start + length; at += width) take(at);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) this.fail(`expected wire type ${wire}, got ${this.#wire}`);
  }

  #length(): number {
    const at = this.#at;
    const length = this.#varint();
    if (typeof length === 'bigint' || length < 0) throw faultAt(at, `length ${length}`);
    return length;
  }

  #advance(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) {
      this.fail(`${count} bytes announced, ${this.#end - start} left`);
    }
    this.#at += count;
    return start;
  }

  #skip(): void {
    if (this.#wire === VARINT) this.#varint();
    else if (this.#wire === FIXED64) this.#advance(8);
    else if (this.#wire === BYTES) this.#advance(this.#length());
    else if (this.#wire === FIXED32) this.#advance(4);
    else this.fail(`unknown wire type ${this.#wire}`);
  }

  #uint32(): number {
    const at = this.#at;
    const value = this.#varint();
    if (typeof value === 'bigint' || value < 0 || value > 0xffffffff) throw faultAt(at, `field key ${value}`);
    return value;
  }

  #varint(): number | bigint {
    let low = 0; // bits 0 to 31
    let high = 0; // bits 32 to 63
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#advance(1)]!;
      const bits = (byte & 127) * 2 ** (shift % 32);
      if (shift < 32) {
        low += bits % 2 ** 32;
        high += Math.floor(bits / 2 ** 32);
      } else {
        high += bits;
      }
      if (byte < 128) return signed64(low, high % 2 ** 32);
    }
    return this.fail('varint longer than 10 bytes');
  }
}

function faultAt(offset: number, message: string): Error {
  return new Error(`onnx: ${message} at offset ${offset}`);
}

/** Two unsigned halves as one signed integer. */
function signed64(low: number, high: number): number | bigint {
  if (high < 0x200000) return high * 2 ** 32 + low;
  const value = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  return value >= -(2n ** 53n) + 1n && value < 0n ? Number(value) : value;
}

/** The two's complement bits of a signed (or unsigned) 64-bit integer. */
function int64Bits(value: number | bigint): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Error(`onnx: ${value} is no integer that can be written exactly; pass a bigint`);
  }
  const wide = BigInt(value);
  if (wide < -(2n ** 63n) || wide >= 2n ** 64n) throw new Error(`onnx: ${value} does not fit 64 bits`);
  return BigInt.asUintN(64, wide);
}

function float32Bytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
