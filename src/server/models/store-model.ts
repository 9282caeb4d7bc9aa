// Stores a model: its files, then its record, then the project's mention of it. Running it again changes nothing.
import { createHash } from 'node:crypto';
import { manifestName } from '../../vision/checkpoint/model-folder.ts';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { PutOptions } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { folderOf, newestTrained, putModel, readModel } from './model-documents.ts';
import type { ModelRecord } from './model-record.ts';

export interface NewModel {
  readonly record: ModelRecord;
  /** Local files by the names in `record.files`; they are moved where possible. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Durable once it returns. Files that are already stored as the record says need not be there locally any more, so an
 * attempt that was cut short can be repeated. A model that exists under this id stays as it is.
 */
export async function storeModel(context: Context, { record, files }: NewModel): Promise<void> {
  checkNames(record, files);
  if ((await readModel(context, record.model_id)) === null) {
    await storeFiles(context, record, files);
    await putRecord(context, record);
  }
  await nameLastModel(context, record.owner);
}

function checkNames(record: ModelRecord, files: ReadonlyMap<string, string>): void {
  const [listed, given] = [Object.keys(record.files).sort(), [...files.keys()].sort()];
  if (listed.join() !== given.join())
    throw new Error(`internal: the record lists ${listed.join(', ')}, given were ${given.join(', ')}`);
}

/** The manifest last: a folder with one is whole. */
async function storeFiles(
  context: Context,
  record: ModelRecord,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const missing = new Map<string, string>();
  for (const [name, path] of files) if (!(await isStored(context, record, name))) missing.set(name, path);
  const manifest = missing.get(manifestName);
  missing.delete(manifestName);
  const folder = folderOf(record);
  const keyed = (rows: Iterable<[string, string]>) =>
    new Map([...rows].map(([name, path]) => [`${folder}/${name}`, path]));
  if (missing.size > 0) await context.blobs.adopt(keyed(missing));
  if (manifest !== undefined) await context.blobs.adopt(keyed([[manifestName, manifest]]));
}

/** Whether the blob has the bytes of the record. Another attempt's, which no record names, is removed. */
async function isStored({ blobs }: Context, record: ModelRecord, name: string): Promise<boolean> {
  const key = `${folderOf(record)}/${name}`;
  const stat = await blobs.stat(key);
  if (stat === null) return false;
  const { bytes, sha256 } = record.files[name]!;
  if (stat.sizeBytes === bytes) {
    const hash = createHash('sha256');
    for await (const piece of await blobs.open(key)) hash.update(piece as Buffer);
    if (hash.digest('hex') === sha256) return true;
  }
  await blobs.delete(key);
  return false;
}

/** Two at once under one id are the same job twice: the first record holds. */
async function putRecord(context: Context, record: ModelRecord): Promise<void> {
  try {
    await putModel(context, record, { ifRevision: null });
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'revision.conflict')) throw error;
  }
}

/** Writes the newest trained model into a project's record, or null when none is left. Scenes have no record. */
export async function nameLastModel(
  context: Context,
  owner: Owner,
  options: Pick<PutOptions, 'urgent'> = {},
): Promise<void> {
  if (owner.kind !== 'project') return;
  const key = docKeys.project(owner.id);
  for (;;) {
    const doc = await context.docs.get<ProjectRecord>(key);
    if (doc === null) return;
    const project = doc.value;
    const last = (await newestTrained(context, owner))?.model_id ?? null;
    if (project.deleted_at !== undefined || project.last_model_id === last) return;
    const changed: ProjectRecord = { ...project, last_model_id: last };
    try {
      await context.docs.put(key, changed, { ...options, ifRevision: doc.revision });
      return;
    } catch (error) {
      if (!(error instanceof ServerError && error.code === 'revision.conflict')) throw error;
    }
  }
}
