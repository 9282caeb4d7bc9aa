// All projects, newest first.
import type { Context } from '../platform/context.ts';
import type { ProjectRecord } from './project.ts';
import { allProjects } from './project-documents.ts';

export async function listProjects(context: Context): Promise<ProjectRecord[]> {
  const projects = (await allProjects(context)).filter(({ deleted_at }) => deleted_at === undefined);
  return projects.sort(
    (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.project_id < b.project_id ? 1 : -1),
  );
}
