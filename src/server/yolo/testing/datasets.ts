// Datasets as ZIP files for tests, staged as the API stages them, and a project to put them in.
import { writeFile } from 'node:fs/promises';
import type { FileContents } from '../../../vision/dataset/detection/testing/dataset-files.ts';
import { zipFile } from '../../../vision/dataset/detection/testing/zip-file.ts';
import type { StagedFile } from '../../datasets/image-record.ts';
import type { Context } from '../../platform/context.ts';
import { createProject } from '../../projects/create-project.ts';
import { testActor } from '../../testing/context.ts';

export async function yoloProject(context: Context, name = 'finder'): Promise<string> {
  return (await createProject(context, { name, training_mode: 'yolo' }, testActor)).project_id;
}

export function zipOf(files: FileContents): Buffer {
  return zipFile(Object.entries(files).map(([name, content]) => ({ name, content })));
}

export async function staged(
  context: Context,
  bytes: Uint8Array,
  displayName = 'parts.zip',
): Promise<StagedFile> {
  const { path, release } = context.workspace.stage();
  await writeFile(path, bytes);
  return { displayName, path, sizeBytes: bytes.length, release };
}
