// Whether there is such a project, or can be such a scene.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { slugPattern } from '../projects/project-id.ts';

/** Throws project.not_found, or scene.not_found for an id that no scene can have; scenes have no record of their own. */
export async function checkOwner(context: Context, { kind, id }: Owner): Promise<void> {
  if (kind === 'project') await getProject(context, id);
  else if (!slugPattern.test(id))
    throw new ServerError('scene.not_found', 'there can be no scene of this id');
}
