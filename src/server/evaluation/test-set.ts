// What a model is evaluated on: the images that people have marked or held out and that it has not learnt from.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import { readIndex } from '../datasets/image-index.ts';
import type { ImageRecord, Mark } from '../datasets/image-record.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { learntFrom, siblingOf } from './learnt-from.ts';

export type MarkedImage = ImageRecord & { readonly mark: Mark };

export interface TestSet {
  /** Sorted by stored name. */
  readonly images: readonly MarkedImage[];
  /** Marked images left out, because one of the models has learnt from them; null when that is not known of one of them. */
  readonly seen: number | null;
  /** SHA-256 over names, marks and masks: the same set is told from another. */
  readonly sha256: string;
}

/**
 * Throws model.not_found for one of `unseenBy`, also for one of another owner, and dataset.too_few_images when nothing is left.
 */
export async function testSet(
  context: Context,
  model: ModelRecord,
  unseenBy: readonly string[] = [],
): Promise<TestSet> {
  const others = await Promise.all(unseenBy.map((id) => siblingOf(context, model, id)));
  const learnt = await Promise.all([model, ...others].map((each) => learntFrom(context, each)));
  const { index } = await readIndex(context, model.owner);
  const marked = Object.values(index.files).flatMap(withTruth);
  const images = marked
    .filter(({ filename }) => !learnt.some((names) => names?.has(filename)))
    .sort((a, b) => (a.filename < b.filename ? -1 : 1));
  const left = marked.length - images.length;
  if (images.length === 0)
    throw new ServerError(
      'dataset.too_few_images',
      `an evaluation needs images marked ok or ng that the model has not learnt from: ${marked.length} are marked, and it has learnt from ${left} of them. Mark new ones, or hold good ones out and train again`,
    );
  return { images, seen: learnt.includes(null) ? null : left, sha256: hashOf(images) };
}

/** An image that is held out is good unless it is marked otherwise. */
function withTruth(image: ImageRecord): MarkedImage[] {
  const { mark, holdout } = image;
  if (mark === undefined && holdout !== true) return [];
  return [{ ...image, mark: mark ?? 'ok' }];
}

function hashOf(images: readonly MarkedImage[]): string {
  const hash = createHash('sha256');
  for (const { filename, mark, mask } of images) hash.update(`${filename} ${mark} ${mask?.id ?? '-'}\n`);
  return hash.digest('hex');
}
