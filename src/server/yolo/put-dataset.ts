// Puts a new dataset version in place of the current one: its files, then its record and the turn to it in one writing.
import { join } from 'node:path';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { readProject } from '../projects/project-documents.ts';
import { type BuildRequest, type BuiltDataset, localName } from './build-dataset.ts';
import type { DatasetBuilds } from './dataset-builds.ts';
import {
  changeDatasets,
  checkYoloProject,
  folderOf,
  holdVersion,
  readDatasets,
  without,
} from './dataset-documents.ts';
import { type DatasetVersion, isVersionFile } from './dataset-record.ts';

export interface DatasetParts {
  readonly context: Context;
  readonly builds: DatasetBuilds;
}

/** What the new version is made of; `prepare` is given the folder that it is built in. */
export interface NewDataset {
  readonly source: DatasetVersion['source'];
  prepare(folder: string): Promise<Omit<BuildRequest, 'folder'>>;
}

/**
 * The version that is current once this returns; the one before stays until no job and no download needs it. Whatever fails,
 * the one before stays current and nothing of the new one is left. Throws project.not_found, project.wrong_mode, and the zip.*,
 * dataset.* and disk.* errors.
 */
export async function putDataset(
  { context, builds }: DatasetParts,
  projectId: string,
  { source, prepare }: NewDataset,
  actor: Actor,
): Promise<DatasetVersion> {
  await checkYoloProject(context, projectId);
  const id = `v-${context.ids.random()}`;
  const work = `dataset-${id}`;
  const release = holdVersion(context, id);
  try {
    const folder = await context.workspace.jobFolder(work);
    const built = await builds.build({ ...(await prepare(folder)), folder });
    const version = recordOf(context, id, source, built, actor);
    await store(context, projectId, version, built, folder);
    await context.audit.record(actor, 'dataset.replace', `projects/${projectId}/yolo`, {
      version: id,
      source: source.kind,
      train_images: built.health.train.images,
      val_images: built.health.val.images,
    });
    return version;
  } finally {
    release();
    // The next start removes it, too; what was answered stays.
    await context.workspace
      .removeJobFolder(work)
      .catch((error: unknown) => context.log.warn({ err: error }, `the folder of ${work} is left behind`));
  }
}

function recordOf(
  { clock }: Context,
  version: string,
  source: DatasetVersion['source'],
  { files: _, ...built }: BuiltDataset,
  actor: Actor,
): DatasetVersion {
  const created_at = clock.date().toISOString();
  return { version, created_at, created_by: actor.name, source, ...built };
}

async function store(
  context: Context,
  projectId: string,
  version: DatasetVersion,
  { files }: BuiltDataset,
  folder: string,
): Promise<void> {
  const id = version.version;
  const places = files.map((name) => [keyOf(projectId, id, name), join(folder, localName(name))] as const);
  // Named first, so that a sweep knows whose the files are when this is cut short.
  await changeDatasets(context, projectId, (doc) => ({
    ...doc,
    building: { ...doc.building, [id]: version.created_at },
  }));
  try {
    await context.blobs.adopt(new Map(places));
    await changeDatasets(context, projectId, ({ current, versions, building, retired }) => ({
      current: id,
      versions: { ...versions, [id]: version },
      building: without(building, id),
      retired: current === null ? retired : { ...retired, [current]: version.created_at },
    }));
    // A project that was deleted meanwhile must not come back with these files.
    await checkYoloProject(context, projectId);
  } catch (error) {
    await discard(context, projectId, id).catch((cause: unknown) =>
      context.log.warn({ err: cause, projectId }, 'files of a failed dataset are left for the sweep'),
    );
    throw error;
  }
}

/** The names come from a child that has read hostile files. */
function keyOf(projectId: string, version: string, name: string): string {
  if (!isVersionFile(name))
    throw new Error(`internal: a dataset has no file ${JSON.stringify(name.slice(0, 80))}`);
  return `${folderOf(projectId, version)}/${name}`;
}

/** Of a version that did not become current; or of a project that is gone. */
async function discard(context: Context, projectId: string, id: string): Promise<void> {
  const project = await readProject(context, projectId);
  const isGone = project === null || project.value.deleted_at !== undefined;
  // When only the last sync of the record failed, it names the version already.
  if (!isGone && Object.hasOwn((await readDatasets(context, projectId)).versions, id)) return;
  await context.blobs.deleteAll(folderOf(projectId, id));
  if (isGone) return void (await context.docs.delete(docKeys.yolo(projectId)));
  await changeDatasets(context, projectId, (doc) => ({ ...doc, building: without(doc.building, id) }), {
    urgent: true,
  });
}
