// Makes a project: one record, under an id that no other has.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { isConflict } from '../platform/docs/update-doc.ts';
import { docKeys } from '../platform/layout.ts';
import { cleanLine, cleanText, invalid } from './display-text.ts';
import { type ProjectRecord, type TrainingMode, trainingModes } from './project.ts';
import { slugOf, stampOf } from './project-id.ts';

export interface NewProject {
  readonly name: string;
  readonly description?: string | null;
  readonly training_mode?: TrainingMode;
}

/** Throws request.invalid for a blank or long name, a long description, an unknown mode. */
export async function createProject(
  context: Context,
  { name, description = null, training_mode = 'anomaly' }: NewProject,
  actor: Actor,
): Promise<ProjectRecord> {
  if (!trainingModes.includes(training_mode))
    throw invalid('body.training_mode', `expected ${trainingModes.join(', ')}`);
  const date = context.clock.date();
  const fields = {
    name: cleanLine(name, 'body.name', 120),
    description: description === null ? null : cleanText(description, 'body.description', 2000),
    created_at: date.toISOString(),
    training_mode,
    last_model_id: null,
  };
  const record = await putNew(context, `${slugOf(fields.name)}-${stampOf(date)}`, fields);
  await context.audit.record(actor, 'project.create', `projects/${record.project_id}`, { name: record.name });
  return record;
}

/** Under the plain id, or with a suffix when it is taken. */
async function putNew(
  { docs, ids }: Context,
  plainId: string,
  fields: Omit<ProjectRecord, 'project_id'>,
): Promise<ProjectRecord> {
  for (let id = plainId; ; id = `${plainId}-${ids.random().slice(-6)}`) {
    const record: ProjectRecord = { project_id: id, ...fields };
    try {
      await docs.put(docKeys.project(id), record, { ifRevision: null });
      return record;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
