// Checks each image of each project and scene: its entry, and its file against size and hash.
import { Blake2b16 } from '../../vision/dataset/blake2b.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { type Inspection, isFields } from './inspection.ts';

export async function checkImages(inspection: Inspection): Promise<void> {
  const { docs } = inspection.stores;
  const scenes = (await docs.list(docKeys.scenes)).folders.map((id): Owner => ({ kind: 'scene', id }));
  const projects = (await docs.list(docKeys.projects)).folders.map((id): Owner => ({ kind: 'project', id }));
  for (const owner of [...projects, ...scenes]) await checkIndex(inspection, owner);
}

async function checkIndex(inspection: Inspection, owner: Owner): Promise<void> {
  const key = docKeys.images(owner);
  const found = inspection.findings.length;
  const index = await inspection.read(key);
  if (index !== null && !isFields(index.files)) inspection.find('record.malformed', key, 'files is missing');
  if (inspection.findings.length > found) {
    for (const folder of [blobKeys.images(owner), blobKeys.masks(owner), blobKeys.thumbnails(owner)])
      inspection.unknown.push(`${folder}/`);
    return;
  }
  for (const [stored, record] of Object.entries(index?.files ?? {})) {
    inspection.named.add(blobKeys.image(owner, stored));
    inspection.named.add(blobKeys.thumbnail(owner, stored));
    await checkImage(inspection, owner, stored, record);
    if (isFields(record) && record.mask !== undefined) await checkMask(inspection, owner, record.mask);
  }
  // Those that were deleted wait for the sweep; those that were missing may have come back, and are taken up at the next start.
  for (const entries of [index?.deleted, index?.missing])
    for (const stored of Object.keys(entries ?? {}))
      for (const key of [blobKeys.image(owner, stored), blobKeys.thumbnail(owner, stored)])
        inspection.named.add(key);
}

async function checkMask(inspection: Inspection, owner: Owner, mask: unknown): Promise<void> {
  const id = isFields(mask) && typeof mask.id === 'string' ? mask.id : '';
  const key = blobKeys.mask(owner, id);
  inspection.named.add(key);
  const digest = new Blake2b16();
  if ((await inspection.hash(key, (bytes) => digest.update(bytes))) === null)
    return inspection.find('mask.missing', key);
  if (digest.digest() !== id) inspection.find('mask.damaged', key);
}

async function checkImage(
  inspection: Inspection,
  owner: Owner,
  stored: string,
  record: unknown,
): Promise<void> {
  const key = blobKeys.image(owner, stored);
  if (!isFields(record)) return inspection.find('image.record', key, 'the entry is no object');
  const { filename = stored, hash, size, id } = record;
  if (filename !== stored) inspection.find('image.record', key, `the entry names ${String(filename)}`);
  // Those of the original may have an id of their own.
  if (typeof hash === 'string' && id === hash && !stored.startsWith(hash))
    inspection.find('image.record', key, 'the hash is not that of the name');
  const digest = new Blake2b16();
  const sizeBytes = await inspection.hash(key, (bytes) => digest.update(bytes));
  if (sizeBytes === null) return inspection.find('image.missing', key);
  if (typeof size === 'number' && size !== sizeBytes)
    return inspection.find('image.damaged', key, `expected ${size} bytes, got ${sizeBytes}`);
  if (typeof hash === 'string' && hash !== digest.digest())
    inspection.find('image.damaged', key, 'the bytes are others than those that were stored');
}
