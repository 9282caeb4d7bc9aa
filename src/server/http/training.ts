// Routes that start trainings.
import { startTraining } from '../training/start-training.ts';
import type { Handlers } from './handler.ts';

export const trainingHandlers: Handlers<'trainScene' | 'trainProject'> = {
  async trainScene({ services: { context }, body, actor }) {
    const { scene_id, ...settings } = body;
    return startTraining(context, { kind: 'scene', id: scene_id }, settings, actor);
  },

  async trainProject({ services: { context }, params, body, actor }) {
    const { base_model_id, ...settings } = body;
    const request = base_model_id == null ? settings : { ...settings, base_model_id };
    return startTraining(context, { kind: 'project', id: params.project_id }, request, actor);
  },
};
