// What is answered about a project: its record and how many images it has.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { ProjectInfo, ProjectRecord } from './project.ts';

export async function projectInfo(context: Context, record: ProjectRecord): Promise<ProjectInfo> {
  const { project_id, name, description, created_at, last_model_id, training_mode } = record;
  const num_images = await countImages(context, project_id);
  return { project_id, name, description, created_at, num_images, last_model_id, training_mode };
}

async function countImages({ docs, log }: Context, id: string): Promise<number> {
  try {
    const index = await docs.get<{ files?: object }>(docKeys.images({ kind: 'project', id }));
    return Object.keys(index?.value?.files ?? {}).length;
  } catch (error) {
    // The list of projects must not fail for one of them; asking for its images says what is wrong.
    if (!(error instanceof ServerError && error.code === 'doc.corrupt')) throw error;
    log.error({ err: error }, `the images of ${id} cannot be counted`);
    return 0;
  }
}
