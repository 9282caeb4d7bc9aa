// ZIP archives with datasets: those that people have, and the hostile ones of the list of bad inputs (rows C1 to C34).
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../../autodiff/random.ts';
import { OkapiError } from '../../errors.ts';
import { archiveLimits } from './archive-directory.ts';
import { readDetectionArchive } from './read-archive.ts';
import { blocksFile, type FileContents, plainDataset } from './testing/dataset-files.ts';
import { type ZipEntry, zipFile } from './testing/zip-file.ts';

const dataset = await plainDataset();
const entriesOf = (files: FileContents): ZipEntry[] =>
  Object.entries(files).map(([name, content]) => ({ name, content, stored: name.endsWith('.png') }));
const plain = entriesOf(dataset);
const label = plain.findIndex(({ name }) => name === 'train/labels/a0.txt');

/** The dataset with one entry changed. */
const changed = (change: Partial<ZipEntry>, at = label) =>
  plain.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
/** The dataset and another entry. */
const and = (...more: readonly ZipEntry[]) => [...plain, ...more];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

let count = 0;
async function read(
  bytes: Uint8Array,
  options: { allowPartial?: boolean; archive?: typeof archiveLimits } = {},
) {
  const name = `${++count}`;
  const path = join(dir, `${name}.zip`);
  await writeFile(path, bytes);
  return readDetectionArchive(path, join(dir, name), { allowPartial: false, ...options });
}

const codeOf = (bytes: Uint8Array) =>
  read(bytes).then(
    () => 'accepted',
    (error) => {
      if (error instanceof OkapiError) return error.code;
      throw error;
    },
  );

describe('readDetectionArchive', () => {
  it('reads a dataset as from a folder', async () => {
    const { classes, pictures, notes } = await read(zipFile(plain));
    expect(classes).toEqual(['cat', 'dog']);
    expect(pictures.map(({ name, split }) => `${split} ${name}`)).toEqual([
      ...[0, 1, 2, 3].map((i) => `train train/images/a${i}.png`),
      ...[4, 5].map((i) => `val val/images/a${i}.png`),
    ]);
    expect(pictures[0]).toMatchObject({ width: 48, height: 40, type: 'png', boxes: [{ classId: 0 }] });
    expect(pictures.every(({ file }) => file.startsWith(dir) && existsSync(file))).toBe(true);
    expect(notes).toEqual([]);
  });

  it.each<[string, Buffer]>([
    [
      'a folder around everything, and folders as entries',
      zipFile([
        { name: 'parts/' },
        { name: 'parts/train/' },
        ...plain.map((e) => ({ ...e, name: `parts/${e.name}` })),
      ]),
    ],
    [
      'names with backslashes',
      zipFile(plain.map((e) => ({ ...e, name: String(e.name).replaceAll('/', '\\') }))),
    ],
    ['names that begin with ./', zipFile(plain.map((e) => ({ ...e, name: `./${e.name}` })))],
    [
      'C12 ZIP64',
      zipFile(
        plain.map((e) => ({ ...e, zip64: true })),
        { count64: plain.length },
      ),
    ],
    ['C4 a setuid bit, which means nothing here', zipFile(changed({ mode: 0o104755 }))],
    [
      'C15 names that are no UTF-8',
      zipFile(
        plain
          .map((e) => ({
            ...e,
            flags: 0,
            name: Buffer.concat([
              Buffer.from(String(e.name).replace(/a\d\..*/, '')),
              Buffer.from([0x83, 0x5c]),
              Buffer.from(/[^/]*$/.exec(String(e.name))![0]),
            ]),
          }))
          .filter(({ name }) => !name.toString('latin1').includes('yaml')),
      ),
    ],
    ['C15 a flag of UTF-8 that lies', zipFile(and({ name: Buffer.from([0x66, 0xff, 0x2e]), content: 'x' }))],
    ['C16 extra fields of no meaning', zipFile(changed({ extra: Buffer.from([0x99, 0x99, 2, 0, 1, 2]) }))],
    [
      'C16 extra fields of 64 KB',
      zipFile(
        changed({ extra: Buffer.concat([Buffer.from([0x99, 0x99, 0xf0, 0xff]), Buffer.alloc(0xfff0)]) }),
      ),
    ],
    [
      'C18 a program before the archive, with offsets that count it',
      zipFile(plain, { prefix: Buffer.from('#!/bin/sh\n') }),
    ],
    ['a comment', zipFile(plain, { comment: Buffer.from('made by hand') })],
    [
      'C13 sizes behind the bytes',
      zipFile(changed({ flags: 0x808, local: { ...plain[label]!, flags: 0x808, size: 0, crc: 0 } })),
    ],
  ])('accepts %s', async (_, bytes) => {
    const { pictures } = await read(bytes);
    expect(pictures.filter(({ boxes }) => boxes.length === 1)).toHaveLength(6);
  });

  it('C7, C17 opens nothing but pictures, labels and lists of names, and says so', async () => {
    const bytes = zipFile(
      and(
        { name: 'inner.zip', content: zipFile(plain), crc: 1 },
        { name: 'README.md', content: 'x', crc: 1 },
        { name: '__MACOSX/._a', content: 'x' },
        { name: '.DS_Store', content: 'x' },
        { name: 'train/images/Thumbs.db', content: 'x' },
        { name: '.git/config', content: 'x' },
      ),
    );
    const { notes, health } = await read(bytes);
    expect(notes).toEqual([
      '4: files of systems and programs were ignored',
      '2: files of other kinds were not opened',
    ]);
    expect(health.ignoredFiles).toBe(4);
    expect(await readdir(join(dir, String(count)))).toHaveLength(plain.length);
  });

  const unsafe = [
    '../x.txt',
    '..\\x.txt',
    'a/../../x.txt',
    '/etc/x.txt',
    'C:\\x.txt',
    '\\\\host\\x.txt',
    '~/x.txt',
    '~root/x',
    'a\0b.txt',
    '',
    '..',
    `${'d/'.repeat(500)}x.txt`,
    'n'.repeat(2000),
  ];
  it.each(unsafe.map((name) => [JSON.stringify(name.slice(0, 30)), name]))(
    'C3, C33 refuses the name %s and writes nothing',
    async (_, name) => {
      const error = await read(zipFile([{ name, content: 'x' }, ...plain])).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'zip.unsafe_path', message: /^expected names of files inside/ });
      expect(error.message).not.toMatch(/\p{Cc}/u);
      expect(await readdir(join(dir, String(count)))).toEqual([]);
    },
  );

  it.each<[string, Buffer, string]>([
    ['C1 no bytes', Buffer.alloc(0), 'zip.not_a_zip'],
    ['C1 a PDF', Buffer.from('%PDF-1.7 and so on'.repeat(9)), 'zip.not_a_zip'],
    ['C1 text', Buffer.from('hello'), 'zip.not_a_zip'],
    [
      'C2 an end record in the comment',
      zipFile(plain, { comment: zipFile([{ name: 'x' }]) }),
      'zip.truncated',
    ],
    [
      'C4 a link',
      zipFile(and({ name: 'a.png', content: '/etc/passwd', mode: 0o120777 })),
      'zip.link_not_allowed',
    ],
    ['C4 a pipe', zipFile(and({ name: 'a.png', mode: 0o010644 })), 'zip.link_not_allowed'],
    ['C4 a device', zipFile(and({ name: 'a.png', mode: 0o060644 })), 'zip.link_not_allowed'],
    [
      'C5 10 GB in 10 MB',
      zipFile(
        and(...Array.from({ length: 4 }, (_, i) => ({ name: `b${i}`, content: 'x', size: 2 ** 32 - 2 }))),
      ),
      'zip.too_large',
    ],
    ['C5 entries over each other', zipFile(and({ ...plain[0]!, sharesFirst: true })), 'zip.duplicate_entry'],
    [
      'C5 bytes that two entries share',
      zipFile([{ name: 'same.txt', content: 'abc' }, { name: 'same.txt/', sharesFirst: true }, ...plain]),
      'zip.inconsistent',
    ],
    [
      'C6 more bytes than it claims',
      zipFile(changed({ content: 'x'.repeat(1e7), size: 10 })),
      'zip.size_mismatch',
    ],
    ['C6 far fewer bytes than it claims', zipFile(changed({ size: 1e6 })), 'zip.size_mismatch'],
    ['C6 4 GiB claimed', zipFile(changed({ size: 2 ** 32 - 2 })), 'zip.too_large'],
    ['C6 a stored file of another size', zipFile(changed({ stored: true, size: 7 })), 'zip.size_mismatch'],
    ['C8 ZipCrypto', zipFile(changed({ flags: 0x801 })), 'zip.encrypted'],
    ['C8 AES', zipFile(changed({ flags: 0x801, method: 99 })), 'zip.encrypted'],
    ['C8 strong encryption', zipFile(changed({ flags: 0x841 })), 'zip.encrypted'],
    ['C8 a masked directory', zipFile(changed({ flags: 0x2800 })), 'zip.encrypted'],
    ['C11 an end record that counts too few', zipFile(plain, { count: 1 }), 'zip.inconsistent'],
    ['C11 an end record that counts too many', zipFile(plain, { count: 60_000 }), 'zip.truncated'],
    ['C11 an end record that counts 4e9', zipFile(plain, { count64: 4e9 }), 'zip.malformed'],
    ['C12 sizes of 2^63', zipFile(changed({ zip64: true, size: 2n ** 63n })), 'zip.malformed'],
    [
      'C13 another name before the bytes',
      zipFile(changed({ local: { name: 'train/labels/a9.txt' } })),
      'zip.inconsistent',
    ],
    [
      'C13 another size before the bytes',
      zipFile(changed({ local: { ...plain[label]!, size: 9 } })),
      'zip.inconsistent',
    ],
    [
      'C13 another compression before the bytes',
      zipFile(changed({ local: { ...plain[label]!, method: 0 } })),
      'zip.inconsistent',
    ],
    [
      'C13 other flags before the bytes',
      zipFile(changed({ local: { ...plain[label]!, flags: 0x801 } })),
      'zip.inconsistent',
    ],
    [
      'C13 another CRC before the bytes',
      zipFile(changed({ local: { ...plain[label]!, crc: 1 } })),
      'zip.inconsistent',
    ],
    ['C14 a name twice', zipFile(and(plain[0]!)), 'zip.duplicate_entry'],
    [
      'C14 names that differ in case',
      zipFile(and({ name: 'TRAIN/images/A0.png', content: 'x' })),
      'zip.duplicate_entry',
    ],
    [
      'C14 names that are equal in NFC',
      zipFile(and({ name: 'caf\u00e9' }, { name: 'cafe\u0301' })),
      'zip.duplicate_entry',
    ],
    [
      'C14 a file that is a folder',
      zipFile(and({ name: 'train/images', content: 'x' })),
      'zip.duplicate_entry',
    ],
    [
      'C14 a folder that is a file',
      zipFile([{ name: 'x' }, { name: 'x/y/z' }, ...plain]),
      'zip.duplicate_entry',
    ],
    [
      'C16 an extra field that is longer than it is',
      zipFile(changed({ extra: Buffer.from([0x99, 0x99, 0xff, 0xff, 1]) })),
      'zip.malformed',
    ],
    [
      'C18 a program before the archive, not counted',
      Buffer.concat([Buffer.alloc(100, 1), zipFile(plain)]),
      'zip.malformed',
    ],
    ['C18 bytes behind the archive', zipFile(plain, { suffix: Buffer.alloc(100) }), 'zip.truncated'],
    ['C19 a wrong CRC', zipFile(changed({ crc: 1 })), 'zip.crc_mismatch'],
    [
      'C25 a label file of more than 1 MiB',
      zipFile(changed({ content: '0 0.5 0.5 0.5 0.5\n'.repeat(60_000) })),
      'dataset.too_large',
    ],
    [
      'C27 a data.yaml of 5 MB',
      zipFile(changed({ content: Buffer.alloc(5e6, 0x20) }, plain.length - 1)),
      'dataset.too_large',
    ],
    ['C33 a folder with content', zipFile(and({ name: 'f/', content: 'x' })), 'zip.malformed'],
    ['nothing in it', zipFile([]), 'dataset.layout'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });

  it.each([
    [1, 'shrink'],
    [6, 'implode'],
    [9, 'deflate64'],
    [12, 'bzip2'],
    [14, 'LZMA'],
    [93, 'zstd'],
    [77, 'method 77'],
  ])('C9 refuses compression %i and names it', async (method, name) => {
    await expect(read(zipFile(changed({ method })))).rejects.toMatchObject({
      code: 'zip.unsupported_compression',
      message: `expected files stored or deflated, got "train/labels/a0.txt" compressed with ${name}`,
    });
  });

  it('C2 refuses an archive that is cut anywhere', async () => {
    const whole = zipFile(plain);
    for (let i = 1; i <= 20; i++)
      expect(await codeOf(whole.subarray(0, Math.floor((whole.length * i) / 21)))).toBe('zip.truncated');
    for (const short of [1, 10, 22]) expect(await codeOf(whole.subarray(0, -short))).toBe('zip.truncated');
  });

  it('C5 refuses entries whose bytes overlap, as the bombs of Fifield do', async () => {
    // The second entry's header lies inside the bytes of the first, which are stored.
    const inner = zipFile([{ name: 'b.txt', content: 'bb', stored: true }]);
    const outer = zipFile([
      { name: 'a.txt', content: inner, stored: true },
      { name: 'b.txt', content: 'bb', stored: true },
    ]);
    const at = outer.lastIndexOf(Buffer.from('b.txt')) - 4;
    outer.writeUInt32LE(outer.indexOf(inner), at);
    await expect(read(outer)).rejects.toMatchObject({ code: 'zip.overlap', message: /"a.txt" and "b.txt"/ });
  });

  it('C5 refuses by the ratio over the whole archive', async () => {
    const bytes = zipFile(and({ name: 'big.bin', content: Buffer.alloc(70 * 2 ** 20) }));
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'zip.too_large',
      message: /20 bytes unpacked for each/,
    });
  });

  it('C11, C33 stops at the limits of entries and folders', async () => {
    const archive = { ...archiveLimits, entries: 100, folders: 50 };
    const many = (suffix: string, length: number) =>
      zipFile(Array.from({ length }, (_, i) => ({ name: `${i}${suffix}` })));
    await expect(read(many('.txt', 101), { archive })).rejects.toMatchObject({ code: 'zip.too_large' });
    await expect(read(many('/', 51), { archive })).rejects.toMatchObject({
      code: 'zip.malformed',
      message: /at most 50 folders/,
    });
    expect([archiveLimits.entries, archiveLimits.ratio]).toEqual([200_000, 20]);
  });

  it('C21, C29 names the entry of a bad label or picture, and leaves pictures out when it may', async () => {
    const bad = zipFile(changed({ content: '9 0.5 0.5 0.5 0.5' }));
    await expect(read(bad)).rejects.toMatchObject({
      code: 'dataset.labels',
      message: /train\/labels\/a0.txt:1: /,
    });
    const cut = (await blocksFile(0)).subarray(0, 200);
    const bytes = zipFile(
      changed(
        { content: cut },
        plain.findIndex(({ name }) => name === 'train/images/a0.png'),
      ),
    );
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'dataset.pictures',
      message: /found 1 that cannot:\ntrain\/images\/a0.png: .*\(image.truncated\)/,
    });
    const { pictures, health } = await read(bytes, { allowPartial: true });
    expect([pictures.length, health.corruptImages.count]).toEqual([5, 1]);
  });

  it('reads names with characters that act on a terminal, and shows them so that they do not', async () => {
    const name = 'train/labels/a0\r\n\u202e.txt';
    const picture = plain.find((entry) => entry.name === 'train/images/a0.png')!;
    const odd = [
      { ...picture, name: 'train/images/a0\r\n\u202e.png' },
      { ...plain[label]!, name, content: '7' },
    ];
    await expect(read(zipFile(and(...odd)))).rejects.toMatchObject({
      code: 'dataset.labels',
      message: /\ntrain\/labels\/a0%0d%0a%e2%80%ae\.txt:1: /,
    });
  });

  it('names entries so that they act on no terminal', async () => {
    const bytes = zipFile(and({ name: '\u001b[31m\u202egnp.x', mode: 0o120777 }));
    await expect(read(bytes)).rejects.toMatchObject({ message: /"%1b\[31m%e2%80%aegnp\.x"/ });
  });
});

describe('mutated archives', () => {
  it('C34 2,000 of them: each is read or refused with a code, within two seconds', async () => {
    const random = new Random(34);
    const seeds = [
      zipFile(plain),
      zipFile(plain.map((e) => ({ ...e, stored: false }))),
      zipFile(
        plain.map((e) => ({ ...e, zip64: true })),
        { count64: plain.length },
      ),
      zipFile(changed({ flags: 0x808 }), { comment: Buffer.from('c') }),
    ];
    const codes = new Map<string, number>();
    let slowest = 0;
    const tryOne = async () => {
      const start = performance.now();
      const code = await codeOf(mutated(random.pick(seeds), random));
      slowest = Math.max(slowest, performance.now() - start);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    };
    for (let i = 0; i < 250; i++) await Promise.all(Array.from({ length: 8 }, tryOne));
    expect(slowest).toBeLessThan(2000);
    // The mutations reach the checks behind the first one.
    expect(codes.size).toBeGreaterThan(8);
    for (const code of codes.keys()) expect(code).toMatch(/^(accepted|(zip|dataset)\.[a-z_]+)$/);
  }, 60_000);
});

const signatures = [0x04034b50, 0x02014b50, 0x06054b50];

/** Changes fields of headers, for the most part: bytes at random would hardly ever meet them. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const kind = random.uniform();
  if (kind < 0.1) return copy.subarray(0, random.int(copy.length));
  if (kind < 0.15) {
    const [a, b] = [random.int(copy.length), random.int(copy.length)];
    return Buffer.concat([copy.subarray(0, Math.max(a, b)), copy.subarray(Math.min(a, b))]);
  }
  for (let n = 0; n <= random.int(3); n++) {
    const signature = Buffer.alloc(4);
    signature.writeUInt32LE(random.pick(signatures));
    const header = copy.indexOf(signature, random.int(copy.length));
    const at = header < 0 || random.chance(0.2) ? random.int(copy.length) : header + random.int(50);
    if (at + 4 > copy.length) continue;
    const values = [0, 1, 0xff, 0xffff, 0x7fffffff, 0xffffffff, random.bits()];
    if (random.chance(0.5)) copy[at] = random.pick(values) & 0xff;
    else copy.writeUInt32LE(random.pick(values), at);
  }
  return copy;
}
