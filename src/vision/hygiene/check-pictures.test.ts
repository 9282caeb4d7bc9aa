// What the check finds in generated parts among which some things are wrong, and that it leaves sound sets alone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../dataset/sample-parts.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { openEncoder } from '../encoders/table.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { type OpenedRuntime, openRuntime } from '../runtime/open-runtime.ts';
import { checkPictures, type PictureToCheck } from './check-pictures.ts';

let dir: string;
let runtime: OpenedRuntime;
let encoder: Encoder;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  runtime = await openRuntime({ device: 'cpu', threads: 1 });
  encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

const good = (i: number) => samplePart('textures', 300 + i, undefined, 128).picture;
const level = (picture: Picture, change: (v: number) => number): Picture => ({
  ...picture,
  data: Uint8Array.from(picture.data, (v) => Math.max(0, Math.min(255, Math.round(change(v))))),
});
/** With a hole of 28 pixels square. */
const holed = (picture: Picture): Picture => ({
  ...picture,
  data: picture.data.map((v, i) => {
    const [x, y] = [Math.floor(i / 3) % picture.width, Math.floor(i / 3 / picture.width)];
    return x >= 50 && x < 78 && y >= 40 && y < 68 ? 20 : v;
  }),
});
const blurredPart = (picture: Picture) => resize(resize(picture, 24, 24, 'area'), 128, 128, 'bilinear');

async function write(pictures: Readonly<Record<string, Picture | Uint8Array>>): Promise<PictureToCheck[]> {
  const folder = await mkdtemp(join(dir, 'set-'));
  return Promise.all(
    Object.entries(pictures).map(async ([name, picture]) => {
      const file = join(folder, name);
      await writeFile(file, picture instanceof Uint8Array ? picture : await encodePicture(picture, 'png'));
      return { name, file };
    }),
  );
}
const goodOnes = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`good ${String(i).padStart(2, '0')}`, good(i)]),
  );
const check = (pictures: readonly PictureToCheck[], options = {}) =>
  checkPictures(pictures, { runtime, encoder, ...options });

describe('checkPictures', () => {
  it('names what is odd, copied, blurred, too bright and cut, each with its figure and a sentence', async () => {
    const { flags, checked, unread, notes, quality } = await check(
      await write({
        ...goodOnes(14),
        'x bad': holed(good(23)),
        'x blurred': blurredPart(good(20)),
        'x bright': level(good(21), (v) => v + 90),
        'x copy': await encodePicture(good(3), 'jpeg', { quality: 90 }),
        'x cut': resize(good(22), 128, 96, 'area'),
        'x broken': Buffer.from('no picture'),
      }),
    );
    expect(checked).toBe(19);
    expect(quality.size).toBe(19);
    expect(notes).toEqual([]);
    expect(unread).toMatchObject([{ name: 'x broken', code: 'image.unsupported_type' }]);
    const found = (kind: string) => flags.filter((flag) => flag.kind === kind).map(({ name }) => name);
    expect(found('odd')).toContain('x bad');
    expect(found('near_duplicate')).toEqual(['x copy']);
    expect(found('blurred')).toContain('x blurred');
    expect(found('exposure')).toEqual(['x bright']);
    expect(found('size')).toEqual(['x cut']);
    expect(flags.filter(({ name }) => name.startsWith('good'))).toEqual([]);
    expect(flags.find(({ kind }) => kind === 'near_duplicate')).toMatchObject({ other: 'good 03' });
    for (const { sentence, figure } of flags) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(sentence).not.toMatch(/NaN|undefined|Infinity/);
      expect(Number.isFinite(figure)).toBe(true);
    }
  });

  it('is the same each time, and whatever the order of the files', async () => {
    const set = await write(goodOnes(10));
    const once = await check(set);
    expect(await check(set)).toEqual(once);
    expect(once.flags).toEqual([]);
  });

  it('says what cannot be told of few pictures, and still finds copies', async () => {
    const { flags, notes } = await check(await write({ a: good(1), b: good(2), c: good(1) }));
    expect(flags).toMatchObject([{ kind: 'near_duplicate', name: 'c', other: 'a', figure: 0 }]);
    expect(notes[0]).toContain('3 pictures are too few to say what is usual');
  });

  it('takes one picture and none', async () => {
    expect(await check(await write({ a: good(1) }))).toMatchObject({ checked: 1, flags: [] });
    expect(await check([])).toMatchObject({ checked: 0, flags: [], leftOut: 0 });
  });

  it('finds that pictures are all the same, and divides by nothing', async () => {
    const same = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, good(1)]));
    const { flags } = await check(await write(same));
    expect(flags.map(({ kind }) => kind)).toEqual(Array(8).fill('near_duplicate'));
    const flat = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64).fill(255) };
    const white = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, flat]));
    const { flags: none } = await check(await write(white));
    expect(JSON.stringify(none)).not.toMatch(/NaN|null,"typical"/);
  });

  it('looks at no more than so many, drawn by the seed, and says so', async () => {
    const set = await write(goodOnes(12));
    const { checked, leftOut, notes, quality } = await check(set, { most: 9 });
    expect([checked, leftOut]).toEqual([9, 3]);
    expect(notes).toEqual(['9 pictures were drawn at random; the other 3 were not looked at']);
    const other = await check(set, { most: 9, seed: 1 });
    expect([...other.quality.keys()]).not.toEqual([...quality.keys()]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(check(await write(goodOnes(2)), { signal: stop.signal })).rejects.toThrow('enough');
  });
});
