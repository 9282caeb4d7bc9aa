// One project by its id.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { ProjectRecord } from './project.ts';
import { readProject } from './project-documents.ts';

/** Throws project.not_found, also for deleted projects. */
export async function getProject(context: Context, id: string): Promise<ProjectRecord> {
  const record = (await readProject(context, id))?.value;
  if (record === undefined || record.deleted_at !== undefined) throw projectNotFound(id);
  return record;
}

export function projectNotFound(id: string): ServerError {
  return new ServerError('project.not_found', `there is no project ${JSON.stringify(id.slice(0, 200))}`);
}
