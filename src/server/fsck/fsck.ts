// Walks all records and files and says what does not fit. It changes nothing.

import { blobKeys, docKeys } from '../platform/layout.ts';
import { checkDatasets } from './check-datasets.ts';
import { checkImages } from './check-images.ts';
import { checkJobs, checkJournals } from './check-jobs.ts';
import { checkLabels } from './check-labels.ts';
import { checkModels } from './check-models.ts';
import { checkLastModels, checkProjects } from './check-projects.ts';
import { checkUnreferenced } from './check-unreferenced.ts';
import type { Finding } from './finding.ts';
import { asOwner, Inspection, type Stores } from './inspection.ts';

export interface FsckOptions {
  /** Called with the key of each record and file before it is read. */
  readonly onProgress?: (subject: string) => void;
  /** Files that writers of the file stores left unfinished. */
  readonly unfinished?: AsyncIterable<string>;
}

/** The stores must be openable; a record or file that cannot be used is a finding. Throws disk.io_error. */
export async function fsck(
  stores: Stores,
  { onProgress = () => {}, unfinished }: FsckOptions = {},
): Promise<Finding[]> {
  const inspection = new Inspection(stores, onProgress);
  await checkProjects(inspection);
  await checkImages(inspection);
  await checkLabels(inspection);
  await checkModels(inspection);
  checkLastModels(inspection);
  await checkJobs(inspection);
  await checkDatasets(inspection);
  await checkJournals(inspection);
  await checkKeys(inspection);
  await checkEvaluations(inspection);
  await checkRest(inspection, '.okapi');
  await checkUnreferenced(inspection);
  for await (const path of unfinished ?? []) inspection.find('file.unfinished', path);
  return inspection.findings;
}

/** Their records, and the files with their pictures. */
async function checkEvaluations(inspection: Inspection): Promise<void> {
  const { docs } = inspection.stores;
  for (const model of (await docs.list(docKeys.evaluations)).folders)
    for (const id of (await docs.list(docKeys.evaluationsOf(model))).docs) {
      const record = await inspection.read(docKeys.evaluation(model, id));
      const owner = asOwner(record?.owner);
      if (record !== null && owner === null)
        inspection.find('record.malformed', docKeys.evaluation(model, id), 'owner is not as expected');
      if (owner === null) {
        inspection.unknown.push(`/${model}/${id}.json`);
        continue;
      }
      const file = blobKeys.evaluation(owner, model, id);
      inspection.named.add(file);
      if ((await inspection.hash(file, () => {})) === null) inspection.find('evaluation.missing', file);
    }
}

async function checkKeys(inspection: Inspection): Promise<void> {
  for (const name of (await inspection.stores.docs.list('.okapi/keys')).docs) {
    const key = `.okapi/keys/${name}`;
    const record = await inspection.read(key);
    if (record !== null && !(record.name === name && typeof record.sha256 === 'string'))
      inspection.find('record.malformed', key, 'name or sha256 are not as expected');
  }
}

/** That all other records of the server can be read. */
async function checkRest(inspection: Inspection, folder: string): Promise<void> {
  const { docs, folders } = await inspection.stores.docs.list(folder);
  for (const name of docs) await inspection.read(`${folder}/${name}`);
  for (const name of folders.filter((name) => !checked.has(`${folder}/${name}`)))
    await checkRest(inspection, `${folder}/${name}`);
}

const checked = new Set([
  docKeys.models,
  docKeys.evaluations,
  docKeys.jobs,
  docKeys.yoloDatasets,
  '.okapi/keys',
  '.okapi/audit',
  '.okapi/results',
]);

/** Deletes what was found unreferenced; the keys. No server may use the stores meanwhile. */
export async function removeUnreferenced(
  { blobs }: Pick<Stores, 'blobs'>,
  findings: readonly Finding[],
): Promise<string[]> {
  const keys = findings.flatMap(({ kind, subject }) => (kind === 'blob.unreferenced' ? [subject] : []));
  for (const key of keys) await blobs.delete(key);
  return keys;
}
