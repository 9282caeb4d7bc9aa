// Deletes a project: first the mark in its record, which makes it gone for everybody, then its files.
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { unchanged, updateDoc } from '../platform/docs/update-doc.ts';
import { docKeys } from '../platform/layout.ts';
import { getProject, projectNotFound } from './get-project.ts';
import { cancelJobs, openJobs } from './open-jobs.ts';
import type { ProjectRecord } from './project.ts';
import { sweepProject } from './sweep-deleted.ts';

/**
 * Throws project.name_mismatch when `confirm` is not the name, and project.busy while a job of the project is not done;
 * with `force` such jobs are canceled first.
 */
export async function deleteProject(
  context: Context,
  id: string,
  { confirm, force = false }: { readonly confirm: string; readonly force?: boolean },
  actor: Actor,
): Promise<void> {
  const { name } = await getProject(context, id);
  if (normal(confirm) !== normal(name))
    throw new ServerError('project.name_mismatch', 'expected the name of the project as the confirmation');
  const owner = { kind: 'project', id } as const;
  if (!force && (await openJobs(context, owner)).length > 0)
    throw new ServerError('project.busy', 'a job of the project is not done; force=true cancels it first');
  await cancelJobs(context, owner, actor.name);
  await markDeleted(context, id);
  await context.audit.record(actor, 'project.delete', `projects/${id}`, { name, force });
  // From here on it is gone, whatever happens: what is left is removed at the next start.
  try {
    await cancelJobs(context, owner, actor.name);
    await sweepProject(context, id);
  } catch (error) {
    context.log.error({ err: error }, `files of the deleted project ${id} are left for the next start`);
  }
}

async function markDeleted({ docs, clock }: Context, id: string): Promise<void> {
  const mark = (record: ProjectRecord | null) => {
    if (record === null) throw projectNotFound(id);
    return record.deleted_at === undefined
      ? { ...record, deleted_at: clock.date().toISOString() }
      : unchanged;
  };
  await updateDoc(docs, docKeys.project(id), mark, { urgent: true });
}

const normal = (text: string) => text.normalize('NFC').trim();
