// The pictures of an object detector's training: each decoded once, kept small, and made into samples on demand.
import { createHash } from 'node:crypto';
import type { Random } from '../../autodiff/random.ts';
import { type PictureVerdict, readPictures } from '../dataset/folder.ts';
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import { prefetch, sampleRandom } from '../dataset/prefetch.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import { ByteCache } from '../training/byte-cache.ts';
import type { RefusedFile } from '../training/events.ts';
import { drawColourShift, shiftColours } from './augment-colour.ts';
import { type DetectionAugmentation, defaultDetectionAugmentation } from './augment-settings.ts';
import { blankSample, boxesInView, drawPiece, drawView, type Piece, singlePiece } from './augment-view.ts';
import { fitPicture, frame, type Placement, placementOf, toLetterbox } from './letterbox.ts';
import { type BoxedPicture, MOSAIC_REACH, mosaicPieces } from './mosaic.ts';

/** One input of the network with its truths. */
export interface Sample {
  /** [size, size, 3] */
  readonly pixels: Uint8Array;
  /** In pixels of the sample. */
  readonly boxes: readonly LabelledBox[];
}

export interface PlainSample extends Sample {
  readonly placement: Placement;
}

/** A picture that is used, with its size as it is seen. */
export interface LoadedPicture extends LabelledPicture {
  readonly width: number;
  readonly height: number;
}

export interface SampleLoaderOptions {
  readonly pictures: readonly LabelledPicture[];
  /** Side of the samples in pixels. */
  readonly size: number;
  readonly seed: number;
  /** Memory for fitted pictures; those that do not fit are decoded again when they are needed. */
  readonly cacheBytes: number;
  /** A file for fitted pictures that memory does not hold, and how large it may become; none when left out. */
  readonly scratch?: { readonly path: string; readonly bytes: number };
  readonly augmentation?: DetectionAugmentation;
  readonly signal?: AbortSignal | undefined;
}

interface Entry extends LoadedPicture {
  /** SHA-256 of the fitted pixels. */
  readonly digest: string;
}

/** Pictures that are decoded at a time, each with all its pixels in memory. */
const DECODERS = 2;

/** Samples are functions of the pictures, the seed, the epoch and the index alone, in whatever order they are asked for. */
export class SampleLoader {
  /** The pictures that can be used, in the order given; `index` counts these. */
  readonly pictures: readonly LoadedPicture[];
  readonly refused: readonly RefusedFile[];
  /** SHA-256 over the pictures as they are trained on and their boxes, in order. */
  readonly digest: string;
  readonly #entries: readonly Entry[];
  readonly #size: number;
  readonly #seed: number;
  readonly #augmentation: DetectionAugmentation;
  readonly #cache: ByteCache;
  readonly #decoders: Promise<unknown>[] = Array.from({ length: DECODERS }, () => Promise.resolve());
  #decoded = 0;

  private constructor(
    { size, seed, augmentation = defaultDetectionAugmentation }: SampleLoaderOptions,
    cache: ByteCache,
    entries: readonly Entry[],
    refused: readonly RefusedFile[],
  ) {
    this.#size = size;
    this.#seed = seed;
    this.#augmentation = augmentation;
    this.#cache = cache;
    this.#entries = entries;
    this.pictures = entries;
    this.refused = refused;
    this.digest = createHash('sha256')
      .update(JSON.stringify(entries.map(({ digest, boxes }) => [digest, boxes])))
      .digest('hex');
  }

  /**
   * Decodes every picture once. A file that cannot be used is passed over and listed in `refused`; the caller says
   * whether enough are left. When the signal aborts, throws its reason.
   */
  static async open(options: SampleLoaderOptions): Promise<SampleLoader> {
    const { pictures, size, cacheBytes, scratch = { path: '', bytes: 0 }, signal } = options;
    const cache = new ByteCache({ memoryBytes: cacheBytes, diskBytes: scratch.bytes, path: scratch.path });
    const entries: Entry[] = [];
    const refused: RefusedFile[] = [];
    try {
      const read = (labelled: LabelledPicture) => readFitted(labelled, size);
      for await (const result of prefetch(pictures, read, { ahead: DECODERS - 1, signal })) {
        if ('code' in result) refused.push(result);
        else {
          await cache.put(keyOf(entries.length), result.fitted.data);
          entries.push(result.entry);
        }
      }
      return new SampleLoader(options, cache, entries, refused);
    } catch (error) {
      await cache.close();
      throw error;
    }
  }

  /** The letterboxed picture with all its boxes. Throws dataset.changed when its file no longer holds what it held. */
  async plain(index: number): Promise<PlainSample> {
    const { picture, boxes } = await this.#boxed(index);
    const placement = placementOf(this.#entry(index), this.#size);
    return {
      pixels: frame(picture, this.#size).data,
      boxes: boxes.map(({ classId, box }) => ({ classId, box: toLetterbox(box, placement) })),
      placement,
    };
  }

  /** A changed view of the picture, among three others when `mosaic` is on. Throws as `plain`. */
  async train(index: number, epoch: number, { mosaic }: { readonly mosaic: boolean }): Promise<Sample> {
    const random = sampleRandom(this.#seed, epoch, index);
    if (!mosaic) {
      const { picture, boxes } = await this.#boxed(index);
      return this.#sample([singlePiece(picture, boxes, this.#size)], random, 0);
    }
    const others = Array.from({ length: 3 }, () => random.int(this.#entries.length));
    const four = await Promise.all(random.shuffled([index, ...others]).map((i) => this.#boxed(i)));
    return this.#sample(mosaicPieces(four), random, MOSAIC_REACH * this.#size);
  }

  /** Gives the cache back. */
  async close(): Promise<void> {
    await this.#cache.close();
  }

  #sample(pieces: readonly Piece[], random: Random, reach: number): Sample {
    const view = drawView(random, this.#size, reach, this.#augmentation);
    const shift = drawColourShift(random, this.#augmentation);
    const pixels = blankSample(this.#size);
    for (const piece of pieces) {
      // The border stays as serving shows it: only what comes from pictures changes its colours.
      shiftColours(pixels, this.#size, drawPiece(pixels, this.#size, piece, view), shift);
    }
    const boxes = pieces.flatMap((piece) => boxesInView(piece, view, this.#size, this.#augmentation));
    return { pixels, boxes };
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new Error(`internal: no picture ${index} among ${this.#entries.length}`);
    return entry;
  }

  async #boxed(index: number): Promise<BoxedPicture> {
    const entry = this.#entry(index);
    const data = await this.#cache.get(keyOf(index));
    if (data === null) return { picture: await this.#decodeAgain(entry), boxes: entry.boxes };
    const { width, height } = placementOf(entry, this.#size);
    return { picture: { width, height, data }, boxes: entry.boxes };
  }

  /** Waits for one of the decoders, so that many samples asked for at once do not decode all at once. */
  #decodeAgain(entry: Entry): Promise<Picture> {
    const turn = this.#decoded++ % DECODERS;
    const picture = this.#decoders[turn]!.then(() => readAgain(entry, this.#size));
    this.#decoders[turn] = picture.catch(() => {});
    return picture;
  }
}

const keyOf = (index: number) => `picture ${index}`;

async function readFitted(
  { file, boxes }: LabelledPicture,
  size: number,
): Promise<{ entry: Entry; fitted: Picture } | RefusedFile> {
  const verdict = await readOne(file);
  if (verdict.status === 'rejected') return { file, code: verdict.code, message: verdict.message };
  const { width, height } = verdict.picture;
  const fitted = fitPicture(verdict.picture, size);
  return { entry: { file, boxes, width, height, digest: digestOf(fitted) }, fitted };
}

async function readAgain({ file, digest }: Entry, size: number): Promise<Picture> {
  const verdict = await readOne(file);
  if (verdict.status === 'ok') {
    const fitted = fitPicture(verdict.picture, size);
    if (digestOf(fitted) === digest) return fitted;
  }
  throw new OkapiError('dataset.changed', `${file} was changed or removed during the training`);
}

/** The verdict on one file; alone it is no copy of another. */
async function readOne(file: string): Promise<Exclude<PictureVerdict, { status: 'duplicate' }>> {
  for await (const verdict of readPictures([file])) {
    if (verdict.status !== 'duplicate') return verdict;
  }
  throw new Error(`internal: no verdict on ${file}`);
}

function digestOf({ data }: Picture): string {
  return createHash('sha256').update(data).digest('hex');
}
