// Routes of object detection. The detector is not part of this version; they say so, and who has the wrong project.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { getProject } from '../projects/get-project.ts';
import type { Handlers } from './handler.ts';

export const yoloHandlers: Handlers<
  'getYoloDataset' | 'deleteYoloDataset' | 'uploadYoloDataset' | 'trainYolo'
> = {
  getYoloDataset: ({ services, params }) => notAvailable(services.context, params.project_id),
  deleteYoloDataset: ({ services, params }) => notAvailable(services.context, params.project_id),
  uploadYoloDataset: ({ services, params }) => notAvailable(services.context, params.project_id),
  trainYolo: ({ services, params }) => notAvailable(services.context, params.project_id),
};

/** Throws project.not_found, project.wrong_mode, yolo.not_available. */
async function notAvailable(context: Context, projectId: string): Promise<never> {
  const { training_mode } = await getProject(context, projectId);
  if (training_mode !== 'yolo')
    throw new ServerError(
      'project.wrong_mode',
      `expected a project of the mode yolo, this one has ${training_mode}`,
    );
  throw new ServerError('yolo.not_available', 'this version cannot train or test object detectors yet');
}
