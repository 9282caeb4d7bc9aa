// The dataset that a training learns from: the version of one moment, which stays whatever takes its place.
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import type { LabelledDataset } from '../../vision/dataset/labelled.ts';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { folderOf, needVersion, readDatasets } from './dataset-documents.ts';
import { type DatasetManifest, type DatasetVersion, manifestName } from './dataset-record.ts';

/** The field of a job's request that names the version it learns from. The sweep keeps those of jobs that have not ended. */
export const pinField = 'dataset_version';

/**
 * The current version. A job whose request names it in `pinField` keeps it; between this and the adding of the job the sweep
 * leaves it alone for SWEEP_GRACE_MS. Throws project.not_found, project.wrong_mode, yolo.no_dataset.
 */
export async function pinDataset(
  context: Context,
  projectId: string,
): Promise<{ readonly version: DatasetVersion; readonly dataset: LabelledDataset }> {
  const version = await needVersion(context, projectId);
  return { version, dataset: await openDataset(context, projectId, version.version) };
}

/** A version with the paths of local files, read-only. Throws dataset.changed when it is gone, doc.corrupt when damaged. */
export async function openDataset(
  context: Context,
  projectId: string,
  version: string,
): Promise<LabelledDataset> {
  const { classes, pictures } = await readManifest(context, projectId, version);
  const folder = folderOf(projectId, version);
  const all = {
    train: [] as LabelledDataset['train'][number][],
    val: [] as LabelledDataset['val'][number][],
  };
  for (const { split, file, boxes } of pictures) {
    all[split].push({
      file: await context.blobs.localPath(`${folder}/${file}`).catch(gone),
      boxes: boxes.map(([classId, ...box]) => ({ classId, box })),
    });
  }
  return { classes, ...all };
}

/** Throws dataset.changed, doc.corrupt. */
export async function readManifest(
  context: Context,
  projectId: string,
  version: string,
): Promise<DatasetManifest> {
  const record = (await readDatasets(context, projectId)).versions[version];
  if (record === undefined) return gone();
  const bytes = await context.blobs.read(`${folderOf(projectId, version)}/${manifestName}`);
  if (bytes === null) return gone();
  if (blake2b16(bytes) === record.manifest.hash)
    return JSON.parse(new TextDecoder().decode(bytes)) as DatasetManifest;
  throw new ServerError(
    'doc.corrupt',
    `the manifest of the dataset ${version} is not the one that was stored`,
  );
}

function gone(error?: unknown): never {
  const isGone = error === undefined || (error instanceof ServerError && error.code === 'blob.not_found');
  if (!isGone) throw error;
  throw new ServerError('dataset.changed', 'the dataset, or a file of it, is not there any more');
}
