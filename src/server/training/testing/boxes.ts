// Detection projects with a dataset of rectangles, without the way through an upload.
import type { Context } from '../../platform/context.ts';
import { testActor } from '../../testing/context.ts';
import { buildDataset } from '../../yolo/build-dataset.ts';
import type { DatasetBuilds } from '../../yolo/dataset-builds.ts';
import type { DatasetVersion } from '../../yolo/dataset-record.ts';
import { staged } from '../../yolo/testing/datasets.ts';
import { uploadDataset } from '../../yolo/upload-dataset.ts';
import { putProject } from './parts.ts';
import { type RectanglesOptions, rectanglesZip } from './rectangles.ts';

/** In this process: what the child adds is tested where it is started. */
const builds: DatasetBuilds = { build: buildDataset, close: async () => {} };

export async function putBoxProject(context: Context, id: string): Promise<void> {
  await putProject(context, id, 'yolo');
}

/** The version that is current then. */
export async function putBoxes(
  context: Context,
  projectId: string,
  options: RectanglesOptions = {},
): Promise<DatasetVersion> {
  const file = await staged(context, await rectanglesZip(options));
  try {
    return await uploadDataset({ context, builds }, projectId, file, { allowPartial: false }, testActor);
  } finally {
    if ('release' in file) await file.release?.();
  }
}
