// The pictures of a training: read once, checked, copies left out, at the size of the model and in a bounded cache.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Random } from '../../autodiff/random.ts';
import { readPictures } from '../dataset/folder.ts';
import { OkapiError } from '../errors.ts';
import { crop } from '../image/crop.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { seenTiles, type TileCut, tilePixels } from '../scoring/tile-pixels.ts';
import type { ByteCache } from './byte-cache.ts';
import type { RefusedFile } from './events.ts';

/** Fewer say too little about how good parts differ. */
export const FEWEST_PICTURES = 5;

/**
 * What a training learns from. A piece is what the model looks at in one go: a whole picture, or one tile of it. Whatever is
 * left out to judge by is left out by pictures, since tiles of one picture overlap.
 */
export interface GoodPictures {
  /** How many pictures are used. */
  readonly count: number;
  /** Of each picture, the name of its file. */
  readonly names: readonly string[];
  /** For each piece the picture, 0 to count - 1, that it is or is cut from; picture by picture. */
  readonly pieces: readonly number[];
  /** Indices of the pieces to learn from. */
  readonly learnt: readonly number[];
  /** How pictures are cut; null: not at all. */
  readonly cut: TileCut | null;
  /** SHA-256 over the pictures as they are trained on, in order. */
  readonly digest: string;
  readonly copies: number;
  readonly refused: readonly RefusedFile[];
  /** One piece at size x size. Throws dataset.changed when its file no longer holds what it held. */
  picture(piece: number): Promise<Picture>;
  /** The piece as it was cut, before it was resized; a whole picture as it is trained on. Throws as picture. */
  asCut(piece: number): Promise<Picture>;
}

/** How pictures are cut, and which of their tiles are learnt. */
export interface LearntCut extends TileCut {
  /** The most tiles to learn from, the same number of each picture; with more pictures, one of each. */
  readonly mostLearnt: number;
  /** Draws them. */
  readonly seed: number;
}

/**
 * Reads all files and resizes by area, whole or tile by tile. A file that cannot be used is passed over and listed; of files that show the same
 * picture only the first is used. Throws dataset.too_few_images under `fewest` different pictures, saying what was left out
 * and why, and train.degenerate when many files all show one picture.
 */
export async function readGoodPictures(
  files: readonly string[],
  size: number,
  cache: ByteCache,
  signal?: AbortSignal,
  fewest = FEWEST_PICTURES,
  seeded: LearntCut | null = null,
  onPicture: () => void = () => {},
): Promise<GoodPictures> {
  const used: UsedPicture[] = [];
  const pieces: number[] = [];
  const learnt: number[] = [];
  const refused: RefusedFile[] = [];
  const copies: string[] = [];
  const seen = new Set<string>();
  for await (const verdict of readPictures(files, { signal })) {
    onPicture();
    if (verdict.status === 'rejected') refused.push(verdict);
    if (verdict.status === 'duplicate') copies.push(verdict.file);
    if (verdict.status !== 'ok') continue;
    const { file } = verdict;
    const cut = piecesOf(verdict.picture, size, seeded);
    if (seen.has(cut.digest)) {
      copies.push(file);
      continue;
    }
    seen.add(cut.digest);
    const [picture, first] = [used.length, pieces.length];
    used.push({ file, digest: cut.digest, first });
    for (let k = 0; k < cut.count; k++) pieces.push(picture);
    for (const k of drawn(cut.count, files.length, picture, seeded)) {
      learnt.push(first + k);
      await cache.put(keyOf(first + k), cut.piece(k).data);
    }
  }
  const degenerate = used.length === 1 && copies.length >= FEWEST_PICTURES - 1;
  if (used.length < fewest || degenerate) tooFew(used.length, refused, copies, fewest);
  const again = lastOf((picture: UsedPicture) => readAgain(picture, size, seeded));
  const pieceIn = async (piece: number) => {
    const picture = used[pieces[piece]!]!;
    return { cut: await again(picture), k: piece - picture.first };
  };
  return {
    count: used.length,
    names: used.map(({ file }) => basename(file)),
    pieces,
    learnt,
    cut: seeded && { plan: seeded.plan, regions: seeded.regions },
    digest: createHash('sha256')
      .update(used.map(({ digest }) => digest).join())
      .digest('hex'),
    copies: copies.length,
    refused: refused.map(({ file, code, message }) => ({ file, code, message })),
    picture: async (piece) => {
      const data = await cache.get(keyOf(piece));
      if (data) return { width: size, height: size, data };
      const { cut, k } = await pieceIn(piece);
      return cut.piece(k);
    },
    asCut: async (piece) => {
      const { cut, k } = await pieceIn(piece);
      return cut.asCut(k);
    },
  };
}

/** All pieces of the pictures that some pieces belong to. */
export function wholePictures({ pieces }: Pick<GoodPictures, 'pieces'>, some: readonly number[]): number[] {
  const pictures = new Set(some.map((piece) => pieces[piece]!));
  return [...pieces.keys()].filter((piece) => pictures.has(pieces[piece]!));
}

interface UsedPicture {
  readonly file: string;
  readonly digest: string;
  /** Its first piece. */
  readonly first: number;
}

const keyOf = (piece: number) => `picture ${piece}`;

interface Pieces {
  readonly count: number;
  readonly digest: string;
  piece(index: number): Picture;
  asCut(index: number): Picture;
}

/** Throws what seenTiles throws. */
function piecesOf(picture: Picture, size: number, cut: TileCut | null): Pieces {
  if (cut === null) {
    const small = resize(picture, size, size, 'area');
    return { count: 1, digest: digestOf(small), piece: () => small, asCut: () => small };
  }
  const seen = seenTiles(cut, picture, size);
  return {
    count: seen.length,
    digest: digestOf(picture),
    piece: (k) => tilePixels(picture, seen[k]!, size),
    asCut: (k) => crop(picture, seen[k]!.tile),
  };
}

/** Which of a picture's pieces are learnt, in order: all, or by chance this picture's share of the most that are. */
function drawn(count: number, pictures: number, picture: number, cut: LearntCut | null): number[] {
  const all = [...Array(count).keys()];
  if (cut === null) return all;
  const share = Math.max(1, Math.floor(cut.mostLearnt / pictures));
  if (count <= share) return all;
  const random = new Random(cut.seed).fork(`tiles of picture ${picture}`);
  return random
    .shuffled(all)
    .slice(0, share)
    .sort((a, b) => a - b);
}

/** As `make`, but what it made last is kept: pieces of one picture are asked for one after the other. */
function lastOf<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  let last: { readonly key: K; readonly made: Promise<V> } | null = null;
  return (key) => {
    if (last?.key !== key) last = { key, made: make(key) };
    return last.made;
  };
}

function digestOf({ data }: Picture): string {
  return createHash('sha256').update(data).digest('hex');
}

async function readAgain({ file, digest }: UsedPicture, size: number, cut: TileCut | null): Promise<Pieces> {
  for await (const verdict of readPictures([file])) {
    if (verdict.status !== 'ok') break;
    const again = piecesOf(verdict.picture, size, cut);
    if (again.digest === digest) return again;
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
