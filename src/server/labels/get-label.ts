// The boxes on one image.

import { getImage } from '../datasets/get-image.ts';
import type { Context } from '../platform/context.ts';
import { getProject } from '../projects/get-project.ts';
import type { LabelDoc } from './image-label.ts';
import { readClasses, readLabel, respelled } from './label-documents.ts';

/** No boxes and no revision for an image that nobody has labelled. Throws project.not_found, image.not_found. */
export async function getLabel(context: Context, projectId: string, image: string): Promise<LabelDoc> {
  await getProject(context, projectId);
  const record = await getImage(context, { kind: 'project', id: projectId }, image);
  const found = await readLabel(context, projectId, image);
  if (found !== null)
    return { ...found, label: respelled(found.label, await readClasses(context, projectId)) };
  const { width = 0, height = 0 } = record;
  const label = { filename: image, image_width: width, image_height: height, boxes: [], updated_at: null };
  return { label, revision: null };
}
