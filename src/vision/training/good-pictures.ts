// The pictures of a training: read once, checked, copies left out, at the size of the model and in a bounded cache.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { readPictures } from '../dataset/folder.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import type { ByteCache } from './byte-cache.ts';
import type { RefusedFile } from './events.ts';

/** Fewer say too little about how good parts differ. */
export const FEWEST_PICTURES = 5;

export interface GoodPictures {
  readonly count: number;
  /** Of each picture, the name of its file. */
  readonly names: readonly string[];
  /** SHA-256 over the pictures as they are trained on, in order. */
  readonly digest: string;
  readonly copies: number;
  readonly refused: readonly RefusedFile[];
  /** One picture at size x size. Throws dataset.changed when its file no longer holds what it held. */
  picture(index: number): Promise<Picture>;
}

/**
 * Reads all files and resizes by area. A file that cannot be used is passed over and listed; of files that show the same
 * picture only the first is used. Throws dataset.too_few_images under `fewest` different pictures, saying what was left out
 * and why, and train.degenerate when many files all show one picture.
 */
export async function readGoodPictures(
  files: readonly string[],
  size: number,
  cache: ByteCache,
  signal?: AbortSignal,
  fewest = FEWEST_PICTURES,
): Promise<GoodPictures> {
  const used: { file: string; digest: string }[] = [];
  const refused: RefusedFile[] = [];
  const copies: string[] = [];
  const seen = new Set<string>();
  for await (const verdict of readPictures(files, { signal })) {
    if (verdict.status === 'rejected') refused.push(verdict);
    if (verdict.status === 'duplicate') copies.push(verdict.file);
    if (verdict.status !== 'ok') continue;
    const small = resize(verdict.picture, size, size, 'area');
    const digest = digestOf(small);
    if (seen.has(digest)) {
      copies.push(verdict.file);
      continue;
    }
    seen.add(digest);
    await cache.put(keyOf(used.length), small.data);
    used.push({ file: verdict.file, digest });
  }
  const degenerate = used.length === 1 && copies.length >= FEWEST_PICTURES - 1;
  if (used.length < fewest || degenerate) tooFew(used.length, refused, copies, fewest);
  return {
    count: used.length,
    names: used.map(({ file }) => basename(file)),
    digest: createHash('sha256')
      .update(used.map(({ digest }) => digest).join())
      .digest('hex'),
    copies: copies.length,
    refused: refused.map(({ file, code, message }) => ({ file, code, message })),
    picture: async (index) => {
      const data = await cache.get(keyOf(index));
      return data ? { width: size, height: size, data } : readAgain(used[index]!, size);
    },
  };
}

const keyOf = (index: number) => `picture ${index}`;

function digestOf({ data }: Picture): string {
  return createHash('sha256').update(data).digest('hex');
}

async function readAgain({ file, digest }: { file: string; digest: string }, size: number): Promise<Picture> {
  for await (const verdict of readPictures([file])) {
    if (verdict.status !== 'ok') break;
    const small = resize(verdict.picture, size, size, 'area');
    if (digestOf(small) === digest) return small;
  }
  throw new OkapiError('dataset.changed', `${file} was changed or removed during the training`);
}

function tooFew(
  used: number,
  refused: readonly RefusedFile[],
  copies: readonly string[],
  fewest: number,
): never {
  if (used === 1 && copies.length >= FEWEST_PICTURES - 1)
    throw new OkapiError(
      'train.degenerate',
      `all ${copies.length + 1} files show the same picture; expected at least ${Math.max(2, fewest)} different good pictures`,
    );
  const lines = [
    ...refused.map(({ file, message }) => `${basename(file)}: ${message}`),
    ...copies.map((file) => `${basename(file)}: shows the same picture as another file`),
  ];
  const shown = lines.slice(0, 20).map((line) => `\n  ${line}`);
  if (lines.length > shown.length) shown.push(`\n  and ${lines.length - shown.length} more`);
  throw new OkapiError(
    'dataset.too_few_images',
    `training needs at least ${fewest} different good pictures, got ${used}` +
      (lines.length > 0 ? `; left out:${shown.join('')}` : ''),
  );
}
