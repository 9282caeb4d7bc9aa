// The hash against digests of Python: hashlib.blake2b(bytes, digest_size=16).hexdigest().
import { expect, it } from 'vitest';
import { Blake2b16, blake2b16 } from './blake2b.ts';

/** (i * 7 + i // 251) % 256 for i in range(length) */
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + Math.floor(i / 251)) % 256);

it.each([
  [0, 'cae66941d9efbd404e4d88758ea67670'],
  [3, '0670ccd376552c74b1e07587db0a9977'],
  [64, 'ad9c189907f620b9d04c89202dccad8e'],
  [127, '40efb3ed1b6eb973c5f774422adb0230'],
  [128, '06e5bcee475a6bf6d9b8a07c6f4ae80a'],
  [129, '2ec7e7bf8a8265ffd68aadd70ecd2b7e'],
  [255, 'c4f9d7455b45b915919dffbc8022243d'],
  [256, 'c5b5fd848e36b008e47b0915754da920'],
  [257, '4da087b1c60e4b10d6462183d11b6e0d'],
  [100000, '01631ac222a8f222ce6dbbd07aa719da'],
])('of %i bytes is that of Python', (length, digest) => {
  expect(blake2b16(bytes(length))).toBe(digest);
});

it.each([1, 127, 128, 65407, 65408, 65409])('does not depend on pieces of %i bytes', (piece) => {
  const all = bytes(65408 * 2 + 128);
  for (const length of [65408, 65409, 65408 + 128, 65408 * 2, all.length]) {
    const hash = new Blake2b16();
    for (let at = 0; at < length; at += piece) hash.update(all.subarray(at, Math.min(at + piece, length)));
    expect(hash.digest()).toBe(wholeDigests.get(length));
  }
});

/** Also of Python. */
const wholeDigests = new Map([
  [65408, '611ac392882740ded2924f727dd8118b'],
  [65409, 'e9cf123e2e075e262b1852066f4e6271'],
  [65536, 'ed26305d90579fd85f1ba94350733930'],
  [130816, '41cd28f2c06a7c415589f334c50f4f2e'],
  [130944, 'c59a9df9c283b94aa05b3891a67e9978'],
]);
