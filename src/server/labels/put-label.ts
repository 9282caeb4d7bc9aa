// Saves the boxes on one image.

import { ServerError } from '../contract/errors.ts';
import { getImage } from '../datasets/get-image.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { invalid } from '../projects/display-text.ts';
import { getProject } from '../projects/get-project.ts';
import { checkedBoxes } from './check-boxes.ts';
import type { ImageLabel, LabelDoc, NewImageLabel } from './image-label.ts';
import { addClasses } from './label-classes.ts';
import { inLabelTurn, readLabel, respelled } from './label-documents.ts';

/**
 * Boxes of a class that is not there yet add it. Throws project.not_found, image.not_found, request.invalid, and
 * revision.conflict when the label is not at `ifRevision` (null: not labelled yet).
 */
export async function putLabel(
  context: Context,
  projectId: string,
  image: string,
  body: NewImageLabel,
  { ifRevision }: { readonly ifRevision?: string | null },
  actor: Actor,
): Promise<LabelDoc> {
  await checkSize(context, projectId, image, body);
  const boxes = checkedBoxes(body, context.ids);
  const saved = await inLabelTurn(context, projectId, async () => {
    if (ifRevision !== undefined) await expectRevision(context, projectId, image, ifRevision);
    // The classes first: a box never has one that is not listed.
    const classes = await addClasses(
      context,
      projectId,
      boxes.map(({ label }) => label),
    );
    const { image_width, image_height } = body;
    const updated_at = context.clock.date().toISOString();
    const label = respelled({ filename: image, image_width, image_height, boxes, updated_at }, classes);
    return write(context, projectId, label, ifRevision);
  });
  await context.audit.record(actor, 'label.put', docKeys.label(projectId, image), { boxes: boxes.length });
  return saved;
}

async function checkSize(
  context: Context,
  projectId: string,
  image: string,
  { image_width, image_height }: NewImageLabel,
): Promise<void> {
  const { width, height } = await find(context, projectId, image);
  if (![image_width, image_height].every((side) => Number.isSafeInteger(side) && side > 0))
    throw invalid('body.image_width', 'expected the sides of the picture in whole pixels');
  // Records of the original have no size.
  if (width === undefined || height === undefined) return;
  if (width !== image_width || height !== image_height)
    throw invalid('body.image_width', `expected ${width} x ${height}, got ${image_width} x ${image_height}`);
}

async function find(context: Context, projectId: string, image: string) {
  await getProject(context, projectId);
  return getImage(context, { kind: 'project', id: projectId }, image);
}

async function expectRevision(
  context: Context,
  projectId: string,
  image: string,
  revision: string | null,
): Promise<void> {
  const found = (await readLabel(context, projectId, image))?.revision ?? null;
  if (found !== revision)
    throw new ServerError(
      'revision.conflict',
      `the label of ${image} was changed by somebody else meanwhile`,
    );
}

async function write(
  context: Context,
  projectId: string,
  label: ImageLabel,
  ifRevision: string | null | undefined,
): Promise<LabelDoc> {
  const { docs } = context;
  const key = docKeys.label(projectId, label.filename);
  const revision = await docs.put(key, label, ifRevision === undefined ? {} : { ifRevision });
  try {
    await find(context, projectId, label.filename);
  } catch (error) {
    // Deleted meanwhile: nothing of it must come back. For any other reason, such as a failing disk, it stays.
    const code = error instanceof ServerError ? error.code : null;
    if (code === 'image.not_found' || code === 'project.not_found') await docs.delete(key);
    if (code === 'project.not_found') await docs.delete(docKeys.labelClasses(projectId));
    throw error;
  }
  return { label, revision };
}
