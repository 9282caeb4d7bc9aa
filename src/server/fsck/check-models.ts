// Checks each model: its record, and each file against size and SHA-256.
import { createHash } from 'node:crypto';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { asOwner, type Inspection, isFields } from './inspection.ts';

export async function checkModels(inspection: Inspection): Promise<void> {
  for (const id of (await inspection.stores.docs.list(docKeys.models)).docs) await checkModel(inspection, id);
}

async function checkModel(inspection: Inspection, id: string): Promise<void> {
  const key = docKeys.model(id);
  inspection.models.add(id);
  const record = await inspection.read(key);
  const owner = asOwner(record?.owner);
  const sound = record?.model_id === id && owner !== null && isFields(record.files);
  if (!sound) {
    if (record !== null)
      inspection.find('record.malformed', key, 'model_id, owner or files are not as expected');
    // Its folder lies with one owner or another.
    inspection.unknown.push(`/${id}/`);
    return;
  }
  if (!inspection.isThere(owner) && !inspection.deleted.has(owner.id)) inspection.find('model.orphan', key);
  const folder = blobKeys.model(owner, id, record.imported === true);
  for (const [name, expected] of Object.entries(record.files as object)) {
    inspection.named.add(`${folder}/${name}`);
    await checkFile(inspection, `${folder}/${name}`, expected);
  }
}

async function checkFile(inspection: Inspection, key: string, expected: unknown): Promise<void> {
  const { bytes, sha256 } = isFields(expected) ? expected : {};
  const digest = createHash('sha256');
  const sizeBytes = await inspection.hash(key, (piece) => digest.update(piece));
  if (sizeBytes === null) inspection.find('model.missing', key);
  else if (sizeBytes !== bytes)
    inspection.find('model.damaged', key, `expected ${String(bytes)} bytes, got ${sizeBytes}`);
  else if (digest.digest('hex') !== sha256)
    inspection.find('model.damaged', key, 'the bytes are others than those that were stored');
}
