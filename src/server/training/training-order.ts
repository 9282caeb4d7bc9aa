// What the record of a training job holds: ids and numbers, and the hash of the images' list, which is stored once.
import { ServerError } from '../contract/errors.ts';
import type { DatasetSnapshot } from '../datasets/snapshot.ts';
import type { Context } from '../platform/context.ts';
import type { DocStore, Json } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import { type TrainingMode, trainingModes } from '../projects/project.ts';

export const trainingKind = 'train';

export interface TrainingOrder {
  /** SHA-256 over the ids of the images. */
  readonly snapshot: string;
  readonly images: number;
  readonly img_size: number;
  readonly epochs: number;
  readonly lr: number | null;
  readonly base_model_id: string | null;
  readonly training_mode: TrainingMode;
}

type Fields = { readonly [name: string]: Json };

export function orderFields(order: TrainingOrder): Fields {
  return { ...order };
}

/** The order in a job's record. Records are ours; one of another version is refused as a whole. */
export function parseOrder(fields: Fields): TrainingOrder {
  const { snapshot, images, img_size, epochs, lr, base_model_id, training_mode } = fields;
  const sound =
    typeof snapshot === 'string' &&
    /^[0-9a-f]{64}$/.test(snapshot) &&
    [images, img_size, epochs].every((v) => Number.isSafeInteger(v)) &&
    (lr === null || Number.isFinite(lr)) &&
    (base_model_id === null || typeof base_model_id === 'string') &&
    trainingModes.some((mode) => mode === training_mode);
  if (sound) return fields as unknown as TrainingOrder;
  throw new ServerError('job.not_found', 'the record of the job is not one that this version understands');
}

/** The same images are one document, whoever trains on them. */
export async function putSnapshot(
  { docs, clock }: Pick<Context, 'docs' | 'clock'>,
  { images, sha256 }: DatasetSnapshot,
): Promise<void> {
  // The time makes each writing a revision of its own: a sweep that read an older one then leaves this one.
  const at = clock.date().toISOString();
  await docs.put(docKeys.snapshot(sha256), { images: images.map(({ filename }) => filename), at });
}

/** The stored names of the images, sorted by id. */
export async function getSnapshot(docs: DocStore, sha256: string): Promise<readonly string[]> {
  const doc = await docs.get<{ images: readonly string[] }>(docKeys.snapshot(sha256));
  if (doc !== null) return doc.value.images;
  throw new ServerError('dataset.changed', 'the list of the images that the job learns from is gone');
}
