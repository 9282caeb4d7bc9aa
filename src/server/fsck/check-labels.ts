// Checks labels and their classes.
import { docKeys } from '../platform/layout.ts';
import { type Fields, type Inspection, isFields } from './inspection.ts';

export async function checkLabels(inspection: Inspection): Promise<void> {
  for (const id of inspection.projects) await checkProjectLabels(inspection, id);
}

async function checkProjectLabels(inspection: Inspection, id: string): Promise<void> {
  const { docs } = await inspection.stores.docs.list(docKeys.labels(id));
  const classes = docs.includes('classes') ? await classesOf(inspection, id) : new Set<string>();
  const images = await imagesOf(inspection, id);
  for (const image of docs.filter((name) => name !== 'classes')) {
    const key = docKeys.label(id, image);
    const label = await inspection.read(key);
    if (images !== null && !images.has(image)) inspection.find('label.orphan', key);
    if (label === null) continue;
    const { boxes } = label;
    if (!Array.isArray(boxes) || !boxes.every(isBox)) {
      inspection.find('record.malformed', key, 'a box is not within the picture');
      continue;
    }
    const unlisted = boxes.find((box) => classes?.has(String(box.label).toLowerCase()) === false);
    if (unlisted !== undefined) inspection.find('label.class', key, String(unlisted.label));
  }
}

/** null when the list cannot be read. */
async function classesOf(inspection: Inspection, id: string): Promise<Set<string> | null> {
  const key = docKeys.labelClasses(id);
  inspection.begin(key);
  // The original may have a plain list.
  const value = await inspection.stores.docs.get(key).then(
    (doc) => doc?.value,
    () => undefined,
  );
  if (value === undefined) {
    await inspection.read(key);
    return null;
  }
  const list = isFields(value) ? value.classes : value;
  if (Array.isArray(list)) return new Set(list.map((name) => String(name).toLowerCase()));
  inspection.find('record.malformed', key, 'there is no list of classes');
  return null;
}

/** null when they cannot be read, which is said elsewhere. */
async function imagesOf({ stores }: Inspection, id: string): Promise<Set<string> | null> {
  const index = await stores.docs.get<Fields>(docKeys.images({ kind: 'project', id })).then(
    (doc) => (doc === null ? {} : doc.value?.files),
    () => undefined,
  );
  return isFields(index) ? new Set(Object.keys(index)) : null;
}

function isBox(box: unknown): boolean {
  if (!isFields(box) || typeof box.label !== 'string') return false;
  const { x, y, width, height } = box as { [name: string]: number };
  const within = (start: unknown, length: unknown) =>
    typeof start === 'number' &&
    typeof length === 'number' &&
    start >= 0 &&
    length > 0 &&
    start + length <= 1.001;
  return within(x, width) && within(y, height);
}
