// What a training learns from: the images of an owner at one moment, and a hash that names them.
import { createHash } from 'node:crypto';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { readIndex } from './image-index.ts';
import type { ImageRecord } from './image-record.ts';

export interface DatasetSnapshot {
  /** Sorted by id. Images that are marked as bad or held out are not among them. */
  readonly images: readonly ImageRecord[];
  /** SHA-256 over the ids, one a line. */
  readonly sha256: string;
}

/** Throws project.not_found. The images do not change any more: a file stays as long as a job of the owner has not ended. */
export async function snapshot(context: Context, owner: Owner): Promise<DatasetSnapshot> {
  await checkOwner(context, owner);
  const { index } = await readIndex(context, owner);
  const images = Object.values(index.files)
    .filter(({ mark, holdout }) => mark !== 'ng' && holdout !== true)
    .sort((a, b) => order(a.id, b.id) || order(a.filename, b.filename));
  const hash = createHash('sha256');
  for (const { id } of images) hash.update(`${id}\n`);
  return { images, sha256: hash.digest('hex') };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
