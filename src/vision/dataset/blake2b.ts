// The content hash of pictures: BLAKE2b with a digest of 16 bytes (RFC 7693).
// Node's own blake2b512 cannot stand in: the length of the digest is part of what is hashed.

/** 32 hexadecimal digits, as Python's hashlib.blake2b(bytes, digest_size=16). */
export function blake2b16(bytes: Uint8Array): string {
  const state = Int32Array.from(initial);
  state[0]! ^= 0x01010000 | 16; // no key, one leaf, digest of 16 bytes
  const block = new Uint8Array(128);
  const words = new DataView(block.buffer);
  const m = new Int32Array(32);
  const blocks = Math.max(1, Math.ceil(bytes.length / 128));
  for (let i = 0; i < blocks; i++) {
    const end = Math.min((i + 1) * 128, bytes.length);
    block.fill(0);
    block.set(bytes.subarray(i * 128, end));
    for (let w = 0; w < 32; w++) m[w] = words.getInt32(w * 4, true);
    compress(state, m, end, i === blocks - 1);
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (let w = 0; w < 4; w++) digest.setInt32(w * 4, state[w]!, true);
  return Buffer.from(digest.buffer).toString('hex');
}

// 64-bit words as pairs of 32 bits, the low half first: word i is at [2 i] and [2 i + 1].
const initial = [
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a, 0xade682d1,
  0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
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

/** Columns, then diagonals, of the 4 x 4 words: four words for each of eight mixes. */
const quarters = Uint8Array.of(
  ...[0, 4, 8, 12],
  ...[1, 5, 9, 13],
  ...[2, 6, 10, 14],
  ...[3, 7, 11, 15],
  ...[0, 5, 10, 15],
  ...[1, 6, 11, 12],
  ...[2, 7, 8, 13],
  ...[3, 4, 9, 14],
);

/** F of RFC 7693, section 3.2. `counted` is the number of bytes so far, below 2^53. */
function compress(state: Int32Array, m: Int32Array, counted: number, isLast: boolean): void {
  const v = new Int32Array(32);
  v.set(state);
  v.set(initial, 16);
  v[24]! ^= counted >>> 0;
  v[25]! ^= Math.floor(counted / 2 ** 32);
  if (isLast) {
    v[28] = ~v[28]!;
    v[29] = ~v[29]!;
  }
  for (let round = 0; round < 12; round++) {
    const words = sigma[round % 10]!;
    for (let q = 0; q < 8; q++) {
      const a = quarters[q * 4]! * 2;
      const b = quarters[q * 4 + 1]! * 2;
      const c = quarters[q * 4 + 2]! * 2;
      const d = quarters[q * 4 + 3]! * 2;
      mix(v, m, a, b, c, d, words[q * 2]! * 2, words[q * 2 + 1]! * 2);
    }
  }
  for (let i = 0; i < 16; i++) state[i]! ^= v[i]! ^ v[i + 16]!;
}

/** G of RFC 7693, section 3.1; all indices are of low halves. In one piece and on locals, for speed. */
function mix(
  v: Int32Array,
  m: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  x: number,
  y: number,
): void {
  let al = v[a]!;
  let ah = v[a + 1]!;
  let bl = v[b]!;
  let bh = v[b + 1]!;
  let cl = v[c]!;
  let ch = v[c + 1]!;
  let dl = v[d]!;
  let dh = v[d + 1]!;
  let low = 0;
  let high = 0;

  // a += b + m[x]; d = (d ^ a) >>> 32
  low = (al + bl) | 0;
  high = (ah + bh + carry(al, bl, low)) | 0;
  al = (low + m[x]!) | 0;
  ah = (high + m[x + 1]! + carry(low, m[x]!, al)) | 0;
  low = dl ^ al;
  dl = dh ^ ah;
  dh = low;
  // c += d; b = (b ^ c) >>> 24
  low = (cl + dl) | 0;
  ch = (ch + dh + carry(cl, dl, low)) | 0;
  cl = low;
  low = bl ^ cl;
  high = bh ^ ch;
  bl = (low >>> 24) | (high << 8);
  bh = (high >>> 24) | (low << 8);
  // a += b + m[y]; d = (d ^ a) >>> 16
  low = (al + bl) | 0;
  high = (ah + bh + carry(al, bl, low)) | 0;
  al = (low + m[y]!) | 0;
  ah = (high + m[y + 1]! + carry(low, m[y]!, al)) | 0;
  low = dl ^ al;
  high = dh ^ ah;
  dl = (low >>> 16) | (high << 16);
  dh = (high >>> 16) | (low << 16);
  // c += d; b = (b ^ c) >>> 63
  low = (cl + dl) | 0;
  ch = (ch + dh + carry(cl, dl, low)) | 0;
  cl = low;
  low = bl ^ cl;
  high = bh ^ ch;
  bl = (low << 1) | (high >>> 31);
  bh = (high << 1) | (low >>> 31);

  v[a] = al;
  v[a + 1] = ah;
  v[b] = bl;
  v[b + 1] = bh;
  v[c] = cl;
  v[c + 1] = ch;
  v[d] = dl;
  v[d + 1] = dh;
}

/** The bit that x + y carries out of 32, given their sum modulo 2^32 (Hacker's Delight, 2-13). */
function carry(x: number, y: number, sum: number): number {
  return ((x & y) | ((x | y) & ~sum)) >>> 31;
}
