// Pictures in folders: which files there are, what each is for, and what each turns out to hold.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, parse } from 'node:path';
import { type ErrorCode, OkapiError } from '../errors.ts';
import {
  checkBytes,
  decodePicture,
  defaultLimits,
  type PictureLimits,
  probePicture,
} from '../image/decode.ts';
import type { Picture } from '../image/picture.ts';
import { blake2b16 } from './blake2b.ts';
import { prefetch } from './prefetch.ts';

/** Names that are looked at; what a file holds is decided by its bytes. */
const extensions = ['.jpg', '.jpeg', '.png', '.webp', '.bmp', '.tif', '.tiff'];

export interface TestPicture {
  readonly file: string;
  /** The folder it lies in, null for good. */
  readonly defect: string | null;
  /** The picture that marks the defect, null when there is none. */
  readonly mask: string | null;
}

export interface DatasetFiles {
  /** Good pictures to learn from. */
  readonly train: readonly string[];
  readonly test: readonly TestPicture[];
}

/**
 * Paths of the pictures directly in a folder, sorted by name (by code unit, the same everywhere). Hidden files and
 * other extensions are passed over. Throws dataset.not_found when there is no such folder or no picture in it.
 */
export async function listPictures(dir: string): Promise<string[]> {
  const { pictures } = await contentsOf(dir);
  if (pictures.length > 0) return pictures;
  throw new OkapiError(
    'dataset.not_found',
    `expected pictures (${extensions.join(' ')}) in ${dir}, found none`,
  );
}

/**
 * The pictures of a data set. Two layouts are known:
 *   train/good, test/good, test/DEFECT, ground_truth/DEFECT (masks named x_mask.png or x.png), as MVTec AD has;
 *   pictures directly in the folder, all good.
 * Throws dataset.not_found without a folder, dataset.layout when it is neither.
 */
export async function listDataset(dir: string): Promise<DatasetFiles> {
  const { pictures, folders } = await contentsOf(dir);
  const train = folders.includes('train') ? await picturesIn(join(dir, 'train', 'good')) : [];
  const test = folders.includes('test') ? await listTest(dir) : [];
  if (train.length > 0 || test.length > 0) return { train, test };
  if (pictures.length > 0) return { train: pictures, test: [] };
  const found = folders.length === 0 ? 'nothing of the kind' : `the folders ${folders.join(', ')}`;
  throw new OkapiError(
    folders.length === 0 ? 'dataset.not_found' : 'dataset.layout',
    `expected pictures (${extensions.join(' ')}), or the folders train/good and test/..., in ${dir}, found ${found}`,
  );
}

async function listTest(dir: string): Promise<TestPicture[]> {
  const { folders } = await contentsOf(join(dir, 'test'));
  const lists = folders.map(async (folder): Promise<TestPicture[]> => {
    const files = await picturesIn(join(dir, 'test', folder));
    if (folder === 'good') return files.map((file) => ({ file, defect: null, mask: null }));
    const masks = await picturesIn(join(dir, 'ground_truth', folder));
    const maskOf = new Map(masks.map((mask) => [parse(mask).name.replace(/_mask$/, ''), mask]));
    return files.map((file) => ({ file, defect: folder, mask: maskOf.get(parse(file).name) ?? null }));
  });
  return (await Promise.all(lists)).flat();
}

/** As listPictures, but nothing is fine. */
async function picturesIn(dir: string): Promise<string[]> {
  return contentsOf(dir).then(
    ({ pictures }) => pictures,
    (error: unknown) => {
      if (error instanceof OkapiError && error.code === 'dataset.not_found') return [];
      throw error;
    },
  );
}

async function contentsOf(dir: string): Promise<{ pictures: string[]; folders: string[] }> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new OkapiError('dataset.not_found', `there is no folder ${dir}`);
    if (error.code === 'ENOTDIR')
      throw new OkapiError('dataset.not_found', `expected a folder, got the file ${dir}`);
    throw new OkapiError('disk.io_error', `cannot read the folder ${dir}: ${error.message}`, {
      cause: error,
    });
  });
  const visible = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const isPicture = (name: string) => extensions.includes(extname(name).toLowerCase());
  return {
    pictures: visible.filter((e) => !e.isDirectory() && isPicture(e.name)).map(({ name }) => join(dir, name)),
    folders: visible.filter((e) => e.isDirectory()).map(({ name }) => name),
  };
}

/** What one file turned out to be. `hash` is the BLAKE2b of its bytes, 32 hexadecimal digits. */
export type PictureVerdict =
  | { readonly status: 'ok'; readonly file: string; readonly hash: string; readonly picture: Picture }
  | { readonly status: 'duplicate'; readonly file: string; readonly hash: string; readonly of: string }
  | {
      readonly status: 'rejected';
      readonly file: string;
      readonly code: ErrorCode;
      readonly message: string;
    };

export interface ReadOptions {
  readonly limits?: PictureLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One verdict for each file, in order; a bad file does not stop the others. A file with the bytes of an earlier good
 * one is its duplicate. Two files are decoded ahead, so about three pictures are in memory besides those kept.
 */
export async function* readPictures(
  files: readonly string[],
  { limits = defaultLimits, signal }: ReadOptions = {},
): AsyncGenerator<PictureVerdict, void, undefined> {
  const firstOf = new Map<string, string>();
  const verdicts = prefetch(files, (file) => readOne(file, limits), { ahead: 2, signal });
  for await (const verdict of verdicts) {
    if (verdict.status !== 'ok') {
      yield verdict;
      continue;
    }
    const { file, hash } = verdict;
    const of = firstOf.get(hash);
    if (of === undefined) firstOf.set(hash, file);
    yield of === undefined ? verdict : { status: 'duplicate', file, hash, of };
  }
}

/** The sizes of the files that hold pictures, in order, without decoding any; others are passed over. */
export async function* readPictureSizes(
  files: readonly string[],
  signal?: AbortSignal,
  limits: PictureLimits = defaultLimits,
): AsyncGenerator<
  { readonly file: string; readonly size: { width: number; height: number } },
  void,
  undefined
> {
  for (const file of files) {
    signal?.throwIfAborted();
    try {
      const { width, height } = probePicture(await readBytes(file, limits), limits);
      yield { file, size: { width, height } };
    } catch (error) {
      if (!(error instanceof OkapiError)) throw error;
    }
  }
}

async function readOne(file: string, limits: PictureLimits): Promise<PictureVerdict> {
  try {
    const bytes = await readBytes(file, limits);
    return { status: 'ok', file, picture: await decodePicture(bytes, limits), hash: blake2b16(bytes) };
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    return { status: 'rejected', file, code: error.code, message: error.message };
  }
}

/** The bytes of a file; one over the limit is refused before it is read. */
async function readBytes(file: string, limits: PictureLimits): Promise<Uint8Array> {
  try {
    checkBytes((await stat(file)).size, limits);
    return await readFile(file);
  } catch (error) {
    if (error instanceof OkapiError) throw error;
    throw new OkapiError('disk.io_error', `cannot read the file: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** One byte a pixel: 1 where the defect is, 0 elsewhere. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * The mask in a picture file: every pixel that is not black. In JPEG and WebP files, which blur edges, every pixel of
 * at least half brightness. Throws as decodePicture, with the name of the file.
 */
export async function readMask(file: string, limits: PictureLimits = defaultLimits): Promise<Mask> {
  try {
    const bytes = await readBytes(file, limits);
    const { type } = probePicture(bytes, limits);
    const { width, height, data } = await decodePicture(bytes, limits);
    const least = type === 'jpeg' || type === 'webp' ? 128 : 1;
    const mask = new Uint8Array(width * height);
    for (let i = 0, at = 0; i < mask.length; i++, at += 3) {
      mask[i] = Math.max(data[at]!, data[at + 1]!, data[at + 2]!) >= least ? 1 : 0;
    }
    return { width, height, data: mask };
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    throw new OkapiError(error.code, `${error.message} (${file})`, { cause: error });
  }
}
