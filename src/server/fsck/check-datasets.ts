// Checks the datasets of detection projects: their record, and each file of the current version against size and hash.
import { Blake2b16 } from '../../vision/dataset/blake2b.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { manifestName, yamlName } from '../yolo/dataset-record.ts';
import { type Inspection, isFields } from './inspection.ts';

export async function checkDatasets(inspection: Inspection): Promise<void> {
  for (const id of (await inspection.stores.docs.list(docKeys.yoloDatasets)).docs)
    await checkProjectDatasets(inspection, id);
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
  // Of those that are being built or swept, some files are there and some are not.
  const others = [...Object.keys(building), ...Object.keys(versions)].filter(
    (version) => version !== current,
  );
  for (const version of others) inspection.unknown.push(`${blobKeys.yoloVersion(id, version)}/`);
  if (current !== null)
    await checkVersion(inspection, id, current, versions[current] as { manifest?: unknown });
}

async function checkVersion(
  inspection: Inspection,
  id: string,
  version: string,
  { manifest }: { readonly manifest?: unknown },
): Promise<void> {
  const folder = blobKeys.yoloVersion(id, version);
  const pieces: Uint8Array[] = [];
  const isWhole = await checkFile(inspection, `${folder}/${manifestName}`, manifest, pieces);
  const listed = isWhole ? filesIn(JSON.parse(Buffer.concat(pieces).toString())) : null;
  if (listed === null) {
    if (isWhole) inspection.find('record.malformed', `${folder}/${manifestName}`, 'it is no list of files');
    inspection.unknown.push(`${folder}/`);
    return;
  }
  for (const [name, expected] of listed) await checkFile(inspection, `${folder}/${name}`, expected);
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

/** Whether it is the file that was stored; its bytes are added to `pieces`. */
async function checkFile(
  inspection: Inspection,
  key: string,
  expected: unknown,
  pieces?: Uint8Array[],
): Promise<boolean> {
  inspection.named.add(key);
  const { bytes, hash } = isFields(expected) ? expected : {};
  const digest = new Blake2b16();
  const sizeBytes = await inspection.hash(key, (piece) => {
    digest.update(piece);
    pieces?.push(piece);
  });
  if (sizeBytes === null) inspection.find('dataset.missing', key);
  else if (sizeBytes !== bytes)
    inspection.find('dataset.damaged', key, `expected ${String(bytes)} bytes, got ${sizeBytes}`);
  else if (hash !== digest.digest())
    inspection.find('dataset.damaged', key, 'the bytes are others than those that were stored');
  else return true;
  return false;
}
