// Preview pictures: random names, so that nobody can guess them; they expire, and a journal for each hour remembers when.
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Task } from '../../vision/detectors/detector.ts';
import { ServerError } from '../contract/errors.ts';
import type { BlobKey } from '../platform/blobs/blob-store.ts';
import type { Context } from '../platform/context.ts';
import type { DocKey } from '../platform/docs/doc-store.ts';
import { blobKeys } from '../platform/layout.ts';
import type { PreviewPaths } from './inspect-request.ts';

const journals = '.okapi/previews' as DocKey;
const namePattern = /^[0-9a-f]{32}\.(png|jpg|npy)$/;
const contentTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.npy': 'application/octet-stream',
};
const HOUR_MS = 3_600_000;

interface Remembered {
  readonly model_id: string;
  readonly names: readonly string[];
}

/** The pictures of one test on their way from the child to the store. */
export interface StagedPreviews {
  readonly paths: PreviewPaths;
  /** Stores the files that the child has written; then their addresses work. */
  store(written: { readonly reconstruction: boolean }): Promise<PreviewPaths>;
  /** Removes what was not stored. */
  release(): Promise<void>;
}

type Part = keyof PreviewPaths;

const partsOf: Readonly<Record<Task, readonly Part[]>> = {
  anomaly: ['image', 'heatmap', 'overlay'],
  detect: ['image', 'overlay'],
};
/** Only when they are asked for: a map takes several times the room of a picture. */
const furtherOf: Readonly<Record<Task, readonly Part[]>> = {
  anomaly: ['map', 'reconstruction'],
  detect: [],
};

export function stagePreviews(
  context: Context,
  modelId: string,
  task: Task,
  { withMap = false }: { readonly withMap?: boolean } = {},
): StagedPreviews {
  const parts = [...partsOf[task], ...(withMap ? furtherOf[task] : [])];
  const staged = parts.map((part) => [part, context.workspace.stage()] as const);
  const each = (value: (part: Part) => string): PreviewPaths => {
    const rows = Object.fromEntries(parts.map((part) => [part, value(part)]));
    const none = { heatmap: null, map: null, reconstruction: null };
    return { ...none, ...(rows as { readonly image: string; readonly overlay: string }) };
  };
  const local = new Map(staged.map(([part, { path }]) => [part, path]));
  const names = new Map(
    parts.map((part) => [part, `${context.ids.random()}${part === 'map' ? '.npy' : '.jpg'}`]),
  );
  // Written while the child works: what comes into being is remembered, and names that come to nothing do no harm.
  const entry: Remembered = { model_id: modelId, names: [...names.values()] };
  const journal = `${journals}/${hourOf(context.clock.date())}`;
  const remembered = context.docs.append(journal, [entry], { durable: true });
  remembered.catch(() => {}); // `store` tells.
  return {
    paths: each((part) => local.get(part)!),
    async store({ reconstruction }) {
      const drawn = parts.filter((part) => part !== 'reconstruction' || reconstruction);
      const files = drawn.map(
        (part) => [blobKeys.preview(modelId, names.get(part)!), local.get(part)!] as const,
      );
      await remembered;
      // As the history, pictures wait for no disk: a power cut may take those of the last seconds. A map cannot be seen to be
      // cut, so it waits.
      await context.blobs.adopt(new Map(files), { durable: drawn.includes('map') });
      const urls = each((part) => `/static/preview/${modelId}/${names.get(part)}`);
      return reconstruction ? urls : { ...urls, reconstruction: null };
    },
    async release() {
      await Promise.all(staged.map(([, { release }]) => release()));
    },
  };
}

/** One preview. Throws blob.not_found for whatever is not a preview of this model, no longer, or not whole after a power cut. */
export async function openPreview(
  { blobs }: Context,
  modelId: string,
  name: string,
): Promise<{ readonly stream: Readable; readonly contentType: string; readonly sizeBytes: number }> {
  const isName = namePattern.test(name) && /^[a-z0-9_-]{1,200}$/.test(modelId);
  const key = blobKeys.preview(modelId, name);
  const stat = isName ? await blobs.stat(key) : null;
  if (stat === null || !(await isWhole(blobs, key, stat.sizeBytes)))
    throw new ServerError('blob.not_found', 'there is no such preview; previews expire');
  const contentType = contentTypes[extname(name)]!;
  return { stream: await blobs.open(key), contentType, sizeBytes: stat.sizeBytes };
}

/** By the first and the last bytes: what a power cut took from a file reads as nothing or as zeros. */
async function isWhole(blobs: Context['blobs'], key: BlobKey, sizeBytes: number): Promise<boolean> {
  // Only pictures of tests are written without waiting for the disk.
  if (!key.endsWith('.jpg')) return true;
  const marker = async (start: number) => buffer(await blobs.open(key, { start, end: start + 2 }));
  return (
    sizeBytes > 4 &&
    (await marker(0)).equals(Buffer.from([0xff, 0xd8])) &&
    (await marker(sizeBytes - 2)).equals(Buffer.from([0xff, 0xd9]))
  );
}

/**
 * Deletes the previews of hours that ended longer than config.inference.preview_hours ago, and returns how many. Only what
 * the journals name is touched. Cut short, it goes on the next time.
 */
export async function sweepPreviews({ docs, blobs, clock, config }: Context): Promise<number> {
  const expired = hourOf(new Date(clock.date().getTime() - (config.inference.preview_hours + 1) * HOUR_MS));
  const hours = (await docs.list(journals)).journals.filter((hour) => hour <= expired);
  let deleted = 0;
  for (const hour of hours) {
    const entries = await docs.read<Remembered>(`${journals}/${hour}`);
    for (const { model_id, names } of entries.map(({ value }) => value))
      for (const name of names) if (await blobs.delete(blobKeys.preview(model_id, name))) deleted++;
    await docs.deleteJournal(`${journals}/${hour}`);
  }
  return deleted;
}

/** "2026-01-02T03"; sorts as time does. */
function hourOf(date: Date): string {
  return date.toISOString().slice(0, 13);
}
