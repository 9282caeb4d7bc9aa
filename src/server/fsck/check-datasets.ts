// Checks the datasets of detection projects: their record, and each file of every version in it against size and hash.
import { Blake2b16 } from '../../vision/dataset/blake2b.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { manifestName, yamlName } from '../yolo/dataset-record.ts';
import { SWEEP_GRACE_MS } from '../yolo/sweep-datasets.ts';
import { type Inspection, isFields } from './inspection.ts';

/** After checkJobs, which finds out what versions are still needed. */
export async function checkDatasets(inspection: Inspection): Promise<void> {
  for (const id of (await inspection.stores.docs.list(docKeys.yoloDatasets)).docs)
    await checkProjectDatasets(inspection, id);
  for (const [version, job] of inspection.pinned)
    inspection.find('job.inconsistent', job, `it has not ended, but its dataset ${version} is not there`);
}

async function checkProjectDatasets(inspection: Inspection, id: string): Promise<void> {
  const key = docKeys.yolo(id);
  const record = await inspection.read(key);
  const { current, versions, building, retired } = record ?? {};
  const isSound =
    isFields(versions) &&
    isFields(building) &&
    isFields(retired) &&
    (current === null || (typeof current === 'string' && isFields(versions[current])));
  if (!isSound || inspection.deleted.has(id)) {
    if (!isSound && record !== null)
      inspection.find('record.malformed', key, 'current, versions, building or retired are not as expected');
    inspection.unknown.push(`${blobKeys.yoloVersion(id, '')}`);
    return;
  }
  if (!inspection.isThere({ kind: 'project', id })) inspection.find('dataset.orphan', key);
  // Of those that are being built, some files are there and some are not.
  for (const version of Object.keys(building))
    inspection.unknown.push(`${blobKeys.yoloVersion(id, version)}/`);
  for (const [version, record] of Object.entries(versions)) {
    const isPinned = inspection.pinned.delete(version);
    const isSwept = version !== current && !isPinned && mayBeSwept(inspection, retired[version]);
    await checkVersion(inspection, id, version, { record, isSwept });
  }
}

/** A sweep that was cut short has removed some of the files. */
function mayBeSwept({ stores: { clock } }: Inspection, retired: unknown): boolean {
  return Date.parse(String(retired)) <= clock.date().getTime() - SWEEP_GRACE_MS;
}

async function checkVersion(
  inspection: Inspection,
  id: string,
  version: string,
  { record, isSwept }: { readonly record: unknown; readonly isSwept: boolean },
): Promise<void> {
  const folder = blobKeys.yoloVersion(id, version);
  const pieces: Uint8Array[] = [];
  const manifest = isFields(record) ? record.manifest : undefined;
  const isWhole = await checkFile(inspection, `${folder}/${manifestName}`, manifest, { isSwept, pieces });
  const listed = isWhole ? filesIn(JSON.parse(Buffer.concat(pieces).toString())) : null;
  if (listed === null) {
    if (isWhole) inspection.find('record.malformed', `${folder}/${manifestName}`, 'it is no list of files');
    inspection.unknown.push(`${folder}/`);
    return;
  }
  for (const [name, expected] of listed)
    await checkFile(inspection, `${folder}/${name}`, expected, { isSwept });
}

/** The files that a manifest lists, with what they must be; null when it is none. */
function filesIn(manifest: unknown): (readonly [string, unknown])[] | null {
  if (!isFields(manifest) || !Array.isArray(manifest.pictures) || !manifest.pictures.every(isFields))
    return null;
  const files = manifest.pictures.flatMap(({ file, picture, labelFile, label }) => [
    [String(file), picture] as const,
    [String(labelFile), label] as const,
  ]);
  return [[yamlName, manifest.yaml], ...files];
}

/** Whether it is the file that was stored; its bytes are added to `pieces`. One that is being swept may be gone. */
async function checkFile(
  inspection: Inspection,
  key: string,
  expected: unknown,
  { isSwept, pieces }: { readonly isSwept: boolean; readonly pieces?: Uint8Array[] },
): Promise<boolean> {
  inspection.named.add(key);
  const { bytes, hash } = isFields(expected) ? expected : {};
  const digest = new Blake2b16();
  const sizeBytes = await inspection.hash(key, (piece) => {
    digest.update(piece);
    pieces?.push(piece);
  });
  if (sizeBytes === null) {
    if (!isSwept) inspection.find('dataset.missing', key);
  } else if (sizeBytes !== bytes)
    inspection.find('dataset.damaged', key, `expected ${String(bytes)} bytes, got ${sizeBytes}`);
  else if (hash !== digest.digest())
    inspection.find('dataset.damaged', key, 'the bytes are others than those that were stored');
  else return true;
  return false;
}
