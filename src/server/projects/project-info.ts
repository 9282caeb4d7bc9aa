// What is answered about a project: its record, how many images it has and the first of them.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { ProjectInfo, ProjectRecord } from './project.ts';

const FIRST_IMAGES = 4;

export async function projectInfo(context: Context, record: ProjectRecord): Promise<ProjectInfo> {
  const { project_id, name, description, created_at, last_model_id, training_mode } = record;
  const images = await imagesOf(context, project_id);
  const known = { project_id, name, description, created_at, last_model_id, training_mode };
  return {
    ...known,
    num_images: images.length,
    num_ng: images.filter(([, image]) => image?.mark === 'ng').length,
    num_holdout: images.filter(([, image]) => image?.mark !== 'ng' && image?.holdout === true).length,
    first_images: images.slice(0, FIRST_IMAGES).map(([stored]) => stored),
  };
}

/** What a person said of an image. */
interface Said {
  readonly mark?: unknown;
  readonly holdout?: unknown;
}

/** Stored name and record of each, in the order in which they came. */
async function imagesOf({ docs, log }: Context, id: string): Promise<[string, Said | null][]> {
  try {
    const index = await docs.get<{ files?: Record<string, Said> }>(docKeys.images({ kind: 'project', id }));
    return Object.entries(index?.value?.files ?? {});
  } catch (error) {
    // The list of projects must not fail for one of them; asking for its images says what is wrong.
    if (!(error instanceof ServerError && error.code === 'doc.corrupt')) throw error;
    log.error({ err: error }, `the images of ${id} cannot be counted`);
    return [];
  }
}
