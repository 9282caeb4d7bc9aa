// The labels of a project in the DocStore, those of the original among them.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { KeyLocks } from '../platform/docs/key-locks.ts';
import { docKeys } from '../platform/layout.ts';
import type { ImageLabel, LabelBox, LabelDoc } from './image-label.ts';

/** null when nobody has labelled the image. Throws doc.corrupt. */
export async function readLabel(
  { docs }: Context,
  projectId: string,
  image: string,
): Promise<LabelDoc | null> {
  const key = docKeys.label(projectId, image);
  const doc = await docs.get<Partial<ImageLabel>>(key);
  if (doc === null) return null;
  const { image_width, image_height, boxes, updated_at } = doc.value ?? {};
  if (!Array.isArray(boxes)) throw new ServerError('doc.corrupt', `the record ${key} is damaged: no boxes`);
  const label: ImageLabel = {
    filename: image,
    image_width: image_width ?? 0,
    image_height: image_height ?? 0,
    boxes: boxes.map((box: LabelBox, i) => ({ ...box, id: box.id ?? `box-${i + 1}` })),
    updated_at: updated_at ?? null,
  };
  return { label, revision: doc.revision };
}

/** By stored name. */
export async function allLabels(context: Context, projectId: string): Promise<ImageLabel[]> {
  const { docs } = await context.docs.list(docKeys.labels(projectId));
  const images = docs.filter((name) => docKeys.label(projectId, name) !== docKeys.labelClasses(projectId));
  const labels = await Promise.all(images.map((image) => readLabel(context, projectId, image)));
  return labels.flatMap((found) => (found === null ? [] : [found.label]));
}

export async function readClasses({ docs }: Context, projectId: string): Promise<readonly string[]> {
  const key = docKeys.labelClasses(projectId);
  const value = (await docs.get<{ classes?: unknown } | readonly unknown[]>(key))?.value;
  if (value === undefined) return [];
  const classes = Array.isArray(value) ? value : (value as { classes?: unknown } | null)?.classes;
  if (Array.isArray(classes) && classes.every((name) => typeof name === 'string')) return classes;
  throw new ServerError('doc.corrupt', `the record ${key} is damaged: no list of classes`);
}

/** Upper and lower case make no other class. */
export const sameClass = (name: string) => name.toLowerCase();

/** The boxes under the names as the classes are now written. */
export function respelled(label: ImageLabel, classes: readonly string[]): ImageLabel {
  const spelling = new Map(classes.map((name) => [sameClass(name), name]));
  const boxes = label.boxes.map((box) => ({
    ...box,
    label: spelling.get(sameClass(box.label)) ?? box.label,
  }));
  return { ...label, boxes };
}

// A class that a box uses must not be removed between the look at the boxes and the writing.
const locksOf = new WeakMap<object, KeyLocks>();

/** One change at a time to the labels and classes of a project. */
export function inLabelTurn<T>({ docs }: Context, projectId: string, task: () => Promise<T>): Promise<T> {
  const locks = locksOf.get(docs) ?? new KeyLocks();
  locksOf.set(docs, locks);
  return locks.run(projectId, task);
}
