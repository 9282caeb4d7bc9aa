// What a model is evaluated on: the images that people have marked and that it has not learnt from.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import { readIndex } from '../datasets/image-index.ts';
import type { ImageRecord, Mark } from '../datasets/image-record.ts';
import { getModel } from '../models/get-model.ts';
import { readModel } from '../models/model-documents.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';

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
  const others = await Promise.all(unseenBy.map((id) => modelOfSameOwner(context, model, id)));
  const learnt = await Promise.all([model, ...others].map((each) => learntFrom(context, each)));
  const { index } = await readIndex(context, model.owner);
  const marked = Object.values(index.files).filter((image): image is MarkedImage => image.mark !== undefined);
  const images = marked
    .filter(({ filename }) => !learnt.some((names) => names?.has(filename)))
    .sort((a, b) => (a.filename < b.filename ? -1 : 1));
  const left = marked.length - images.length;
  if (images.length === 0)
    throw new ServerError(
      'dataset.too_few_images',
      `an evaluation needs images marked ok or ng that the model has not learnt from: ${marked.length} are marked, and it has learnt from ${left} of them`,
    );
  return { images, seen: learnt.includes(null) ? null : left, sha256: hashOf(images) };
}

async function modelOfSameOwner(context: Context, model: ModelRecord, id: string): Promise<ModelRecord> {
  const record = await getModel(context, id);
  if (record.owner.kind === model.owner.kind && record.owner.id === model.owner.id) return record;
  throw new ServerError('model.not_found', `the project has no model ${JSON.stringify(id)}`);
}

/** Stored names of images, those of the models that it was started from too; null when that is not known. */
async function learntFrom(
  context: Context,
  model: ModelRecord,
  visited: readonly string[] = [],
): Promise<ReadonlySet<string> | null> {
  const own = await imagesOf(context, model);
  const { base_model_id: base } = model;
  if (own === null || base === null || visited.includes(base)) return own === null ? null : new Set(own);
  const record = await readModel(context, base);
  // What a base model that is gone has learnt from, nobody knows.
  const before =
    record === null ? null : await learntFrom(context, record.value, [...visited, model.model_id]);
  return before === null ? null : new Set([...own, ...before]);
}

async function imagesOf(
  { docs }: Context,
  { dataset_sha256 }: ModelRecord,
): Promise<readonly string[] | null> {
  if (dataset_sha256 === null) return null;
  const doc = await docs.get<{ readonly images: readonly string[] }>(docKeys.snapshot(dataset_sha256));
  return doc?.value.images ?? null;
}

function hashOf(images: readonly MarkedImage[]): string {
  const hash = createHash('sha256');
  for (const { filename, mark, mask } of images) hash.update(`${filename} ${mark} ${mask?.id ?? '-'}\n`);
  return hash.digest('hex');
}
