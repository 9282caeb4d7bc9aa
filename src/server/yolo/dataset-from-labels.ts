// Makes a dataset version of the boxes that people drew on the images of a project.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedFile } from '../../vision/dataset/detection/layout.ts';
import { ServerError } from '../contract/errors.ts';
import { listImages } from '../datasets/list-images.ts';
import { pictureLimits } from '../datasets/probes.ts';
import type { ImageLabel } from '../labels/image-label.ts';
import { sameClass } from '../labels/label-documents.ts';
import { listLabels } from '../labels/list-labels.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import { checkYoloProject } from './dataset-documents.ts';
import type { DatasetVersion } from './dataset-record.ts';
import { type DatasetParts, putDataset } from './put-dataset.ts';

const FEWEST = 2;

/**
 * Every image that was labelled is in it, those that were saved without a box as images without objects; the others are left
 * out. The classes are those of the project; a fifth, drawn with a seed, is for judging. Throws dataset.too_few_images, and as
 * putDataset.
 */
export async function datasetFromLabels(
  parts: DatasetParts,
  projectId: string,
  actor: Actor,
): Promise<DatasetVersion> {
  const { context } = parts;
  await checkYoloProject(context, projectId);
  const { items, classes } = await listLabels(context, projectId);
  if (items.length < FEWEST) {
    const images = await listImages(context, { kind: 'project', id: projectId });
    const text = `expected at least ${FEWEST} labelled images, there are ${items.length} among ${images.length}`;
    throw new ServerError('dataset.too_few_images', text);
  }
  const prepare = async (folder: string) => ({
    from: {
      kind: 'files',
      files: await filesOf(context, projectId, items, classes, folder),
      classes,
    } as const,
    allowPartial: false,
    limits: pictureLimits(context.config),
  });
  return putDataset(parts, projectId, { source: { kind: 'labels' }, prepare }, actor);
}

/** The images where they lie, and a label file for each in the folder. */
async function filesOf(
  { blobs }: Context,
  projectId: string,
  labels: readonly ImageLabel[],
  classes: readonly string[],
  folder: string,
): Promise<NamedFile[]> {
  const ids = new Map(classes.map((name, id) => [sameClass(name), id]));
  const files: NamedFile[] = [];
  const stems = new Set<string>();
  for (const [i, label] of labels.entries()) {
    const key = blobKeys.image({ kind: 'project', id: projectId }, label.filename);
    const [path, stat] = [await blobs.localPath(key), await blobs.stat(key)];
    const stem = label.filename.replace(/\.[^.]*$/, '');
    // Images of the original may differ in their extension alone.
    const place = stems.has(stem.toLowerCase()) ? `${i}/` : '';
    stems.add(stem.toLowerCase());
    files.push({ name: `images/${place}${label.filename}`, path, sizeBytes: stat?.sizeBytes ?? 0 });
    const text = Buffer.from(labelText(label, ids));
    const labelPath = join(folder, `label-${i}`);
    await writeFile(labelPath, text);
    files.push({ name: `labels/${place}${stem}.txt`, path: labelPath, sizeBytes: text.length });
  }
  return files;
}

function labelText({ boxes }: ImageLabel, ids: ReadonlyMap<string, number>): string {
  return boxes
    .map(({ label, x, y, width, height }) => {
      const id = ids.get(sameClass(label));
      if (id === undefined) throw new Error(`internal: the class ${JSON.stringify(label)} is not listed`);
      return `${id} ${x + width / 2} ${y + height / 2} ${width} ${height}\n`;
    })
    .join('');
}
