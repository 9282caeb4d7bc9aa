// The document with the datasets of a project: read, changed by compare-and-swap; and which versions are in use here.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { updateDoc } from '../platform/docs/update-doc.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { getProject } from '../projects/get-project.ts';
import { type DatasetDoc, type DatasetVersion, emptyDoc } from './dataset-record.ts';

export async function readDatasets({ docs }: Context, projectId: string): Promise<DatasetDoc> {
  return (await docs.get<DatasetDoc>(docKeys.yolo(projectId)))?.value ?? emptyDoc;
}

export async function changeDatasets(
  { docs }: Context,
  projectId: string,
  change: (doc: DatasetDoc) => DatasetDoc,
  options: { readonly urgent?: boolean } = {},
): Promise<void> {
  await updateDoc<DatasetDoc>(docs, docKeys.yolo(projectId), (doc) => change(doc ?? emptyDoc), options);
}

/** Throws project.not_found, project.wrong_mode. */
export async function checkYoloProject(context: Context, projectId: string): Promise<void> {
  const { training_mode } = await getProject(context, projectId);
  if (training_mode === 'yolo') return;
  const text = `expected a project of the mode yolo, this one has ${training_mode}`;
  throw new ServerError('project.wrong_mode', text);
}

/** Null when there is none. Throws project.not_found, project.wrong_mode. */
export async function currentVersion(context: Context, projectId: string): Promise<DatasetVersion | null> {
  await checkYoloProject(context, projectId);
  const { current, versions } = await readDatasets(context, projectId);
  return current === null ? null : (versions[current] ?? null);
}

/** As currentVersion, and throws yolo.no_dataset. */
export async function needVersion(context: Context, projectId: string): Promise<DatasetVersion> {
  const version = await currentVersion(context, projectId);
  if (version !== null) return version;
  throw new ServerError(
    'yolo.no_dataset',
    'the project has no dataset: upload one, or make one from its labels',
  );
}

export function folderOf(projectId: string, version: string): string {
  return blobKeys.yoloVersion(projectId, version);
}

export function without<T>(
  rows: { readonly [name: string]: T },
  name: string,
): { readonly [name: string]: T } {
  return Object.fromEntries(Object.entries(rows).filter(([other]) => other !== name));
}

// What this process itself builds or hands out; it dies with the process, and so does the work.
const heldOf = new WeakMap<object, Map<string, number>>();

function heldVersions({ docs }: Context): Map<string, number> {
  const held = heldOf.get(docs) ?? new Map<string, number>();
  heldOf.set(docs, held);
  return held;
}

/** Keeps the sweep away from a version until the returned function is called. */
export function holdVersion(context: Context, version: string): () => void {
  const held = heldVersions(context);
  held.set(version, (held.get(version) ?? 0) + 1);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    const left = held.get(version)! - 1;
    if (left > 0) held.set(version, left);
    else held.delete(version);
  };
}

export function isHeld(context: Context, version: string): boolean {
  return heldVersions(context).has(version);
}
