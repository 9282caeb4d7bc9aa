// The names that boxes of a project may have.
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { cleanLine, invalid } from '../projects/display-text.ts';
import { getProject } from '../projects/get-project.ts';
import { allLabels, inLabelTurn, readClasses, sameClass } from './label-documents.ts';

const MOST_CLASSES = 10_000;

export async function getClasses(context: Context, projectId: string): Promise<readonly string[]> {
  await getProject(context, projectId);
  return readClasses(context, projectId);
}

/**
 * Puts these classes in place of those that were there; of names that differ only in case the first one stays. Throws
 * request.invalid, and label.class_in_use when boxes would be left without their class.
 */
export async function putClasses(
  context: Context,
  projectId: string,
  classes: readonly string[],
  actor: Actor,
): Promise<readonly string[]> {
  await getProject(context, projectId);
  if (classes.length > MOST_CLASSES)
    throw invalid('body.classes', `expected at most ${MOST_CLASSES} classes, got ${classes.length}`);
  const clean = withNew(
    [],
    classes.map((name, i) => cleanLine(name, `body.classes.${i}`, 120)),
  );
  await inLabelTurn(context, projectId, async () => {
    await checkUse(context, projectId, clean);
    await writeClasses(context, projectId, clean);
  });
  await context.audit.record(actor, 'label.classes', `projects/${projectId}`, { classes: clean });
  return clean;
}

/** Adds what is not there yet. Call it within `inLabelTurn`. */
export async function addClasses(
  context: Context,
  projectId: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const before = await readClasses(context, projectId);
  const after = withNew(before, names);
  if (after.length > MOST_CLASSES)
    throw invalid('body.boxes', `expected at most ${MOST_CLASSES} classes in all, got ${after.length}`);
  if (after.length > before.length) await writeClasses(context, projectId, after);
  return after;
}

function withNew(classes: readonly string[], names: readonly string[]): readonly string[] {
  const byName = new Map(classes.map((name) => [sameClass(name), name]));
  for (const name of names) if (!byName.has(sameClass(name))) byName.set(sameClass(name), name);
  return [...byName.values()];
}

async function checkUse(context: Context, projectId: string, classes: readonly string[]): Promise<void> {
  const kept = new Set(classes.map(sameClass));
  for (const { filename, boxes } of await allLabels(context, projectId)) {
    const lost = boxes.find(({ label }) => !kept.has(sameClass(label)));
    if (lost !== undefined)
      throw new ServerError(
        'label.class_in_use',
        `boxes of the class ${lost.label} exist, e.g. on ${filename}`,
      );
  }
}

async function writeClasses({ docs }: Context, projectId: string, classes: readonly string[]): Promise<void> {
  await docs.put(docKeys.labelClasses(projectId), { classes });
}
