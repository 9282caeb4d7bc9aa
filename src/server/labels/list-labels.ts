// All labelled images of a project, and the classes.

import { listImages } from '../datasets/list-images.ts';
import type { Context } from '../platform/context.ts';
import { getProject } from '../projects/get-project.ts';
import type { ImageLabel } from './image-label.ts';
import { allLabels, readClasses, respelled } from './label-documents.ts';

export interface LabelList {
  /** By stored name. */
  readonly items: readonly ImageLabel[];
  readonly classes: readonly string[];
}

export async function listLabels(context: Context, projectId: string): Promise<LabelList> {
  await getProject(context, projectId);
  const classes = await readClasses(context, projectId);
  const images = await listImages(context, { kind: 'project', id: projectId });
  const there = new Set(images.map(({ filename }) => filename));
  const labels = await allLabels(context, projectId);
  const items = labels.filter(({ filename }) => there.has(filename));
  return { items: items.map((label) => respelled(label, classes)), classes };
}
