import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { zipOf } from './testing/bundles.ts';
import { crc32, zipEntries } from './zip.ts';

const content = new TextEncoder().encode('a part, a part, a part, a part, a part');
let stored: Uint8Array;
let deflated: Uint8Array;
beforeAll(async () => {
  stored = await zipOf(new Map([['a.txt', content]]), false);
  deflated = await zipOf(new Map([['a.txt', content]]), true);
});

/** A copy with `value` as 32 bits wherever the directory entry has the field at `offset`. */
function withField(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  const at = Buffer.from(copy.buffer).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  new DataView(copy.buffer).setUint32(at + offset, value, true);
  return copy;
}

const read = async (bytes: Uint8Array) => zipEntries(bytes).get('a.txt')!.read();

describe('an archive', () => {
  it('gives its files back, stored or deflated', async () => {
    expect(await read(stored)).toEqual(content);
    expect(await read(deflated)).toEqual(content);
    expect(zipEntries(deflated).get('a.txt')!.size).toBe(content.length);
    expect(zipEntries(await zipOf(new Map(), false)).size).toBe(0);
  });

  it.each([
    ['zip.not_a_zip', () => content],
    ['zip.not_a_zip', () => new Uint8Array()],
    ['zip.not_a_zip', () => stored.slice(0, -1)],
    ['zip.malformed', () => stored.slice(9)],
    ['zip.malformed', () => withField(stored, 24, 9)],
    ['zip.malformed', () => withField(stored, 42, 5)],
    ['zip.size_mismatch', () => withField(deflated, 24, content.length - 1)],
    ['zip.size_mismatch', () => withField(deflated, 24, content.length + 1)],
    ['zip.crc_mismatch', () => withField(stored, 16, 1)],
    ['zip.too_large', () => withField(deflated, 24, 2 ** 31)],
    ['zip.too_large', () => withField(stored, 24, 0xffffffff)],
    ['zip.encrypted', () => withField(stored, 8, 1)],
    ['zip.unsupported_compression', () => withField(stored, 10, 12)],
  ])('is refused with %s', async (code, bytes) => {
    await expect((async () => read(bytes()))()).rejects.toMatchObject({ code });
  });

  it('that is damaged anywhere gives its files or one of these errors, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(deflated.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const copy = deflated.slice();
        copy[at]! ^= mask;
        try {
          for (const entry of zipEntries(copy).values()) expect(await entry.read()).toEqual(content);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^zip\./) });
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('has the check sum that Node knows', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === nodeCrc32(bytes)),
      { seed: 1, numRuns: 50 },
    );
  });
});
