// Routes of masks and evaluations.
import type { ImageItem } from '../contract/images.ts';
import type { Frozen } from '../contract/route.ts';
import { getImage } from '../datasets/get-image.ts';
import { deleteMask, openMask, putMask } from '../datasets/masks.ts';
import { addToGood } from '../evaluation/add-to-good.ts';
import { compare } from '../evaluation/compare.ts';
import { driftOf } from '../evaluation/drift.ts';
import { evaluationDetail, evaluationInfo, evaluationsOf } from '../evaluation/evaluation-record.ts';
import { startEvaluation } from '../evaluation/start-evaluation.ts';
import { getHygiene } from '../hygiene/get-hygiene.ts';
import { inspectImage } from '../inference/inspect-image.ts';
import { getModel } from '../models/get-model.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { answerOpenFile } from './file-answer.ts';
import type { Handlers } from './handler.ts';
import { imageItem } from './image-item.ts';
import { onlyFile, receive } from './receive.ts';

const project = ({ project_id }: { readonly project_id: string }): Owner => ({
  kind: 'project',
  id: project_id,
});

export const evaluationHandlers: Handlers<
  | 'putMask'
  | 'getMask'
  | 'deleteMask'
  | 'evaluateModel'
  | 'listEvaluations'
  | 'getEvaluation'
  | 'compareModels'
  | 'inspectImage'
  | 'getHygiene'
  | 'addResultToGood'
  | 'getDrift'
> = {
  async putMask(call): Promise<Frozen<ImageItem>> {
    const { services, params, actor } = call;
    const owner = project(params);
    // Before anything of the body is read.
    await getImage(services.context, owner, params.filename);
    return receive(call, 'image.too_large', async (files) =>
      imageItem(owner, await putMask(services, owner, params.filename, await onlyFile(files), actor)),
    );
  },

  async getMask({ services: { context }, params, request, reply }) {
    const { id, ...file } = await openMask(context, project(params), params.filename);
    const how = { etag: id, immutable: false, downloadName: null };
    return answerOpenFile(request, reply, { ...file, contentType: 'image/png' }, how);
  },

  async deleteMask({ services: { context }, params, actor }) {
    await deleteMask(context, project(params), params.filename, actor);
    return { ok: true };
  },

  async evaluateModel({ services: { context }, params, body, actor }) {
    return startEvaluation(context, params.model_id, body, actor);
  },

  async listEvaluations({ services: { context }, params }) {
    const evaluations = await evaluationsOf(context, await getModel(context, params.model_id));
    return { items: evaluations.map((record) => evaluationInfo(record)) };
  },

  async getEvaluation({ services: { context }, params }) {
    return evaluationDetail(context, params.evaluation_id);
  },

  async compareModels({ services: { context }, params, query }) {
    const { project_id } = await getProject(context, params.project_id);
    return compare(context, project_id, query.models.split(','));
  },

  async inspectImage({ services, params, actor }) {
    return inspectImage(services, params.model_id, params.filename, actor);
  },

  async getHygiene({ services: { context, pictureChecks: checks }, params }) {
    return getHygiene({ context, checks }, project(params));
  },

  async addResultToGood({ services, params, actor }) {
    const { project_id } = await getProject(services.context, params.project_id);
    const owner = project({ project_id });
    const { status, image } = await addToGood(services, owner, params.result_id, actor);
    return { status, image: imageItem(owner, image) };
  },

  async getDrift({ services: { context, pictureChecks: checks }, params, query }) {
    return driftOf({ context, checks }, params.model_id, query);
  },
};
