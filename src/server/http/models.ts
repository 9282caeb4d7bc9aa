// Routes of models: what they are, what they say about pictures, and their files.
import type { FastifyReply } from 'fastify';
import { ServerError } from '../contract/errors.ts';
import type { DownloadQuery, ModelDetail } from '../contract/models.ts';
import type { Frozen } from '../contract/route.ts';
import { updateModel } from '../evaluation/update-model.ts';
import { deleteModel } from '../models/delete-model.ts';
import { getModel } from '../models/get-model.ts';
import { importBaseModel } from '../models/import-base-model.ts';
import { listModels } from '../models/list-models.ts';
import { modelInfo } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { modelScores } from '../models/model-scores.ts';
import { openDownload } from '../models/open-download.ts';
import { patchThreshold } from '../models/patch-threshold.ts';
import { readMetrics } from '../models/read-metrics.ts';
import type { Clock } from '../platform/clock.ts';
import type { Context } from '../platform/context.ts';
import { getProject } from '../projects/get-project.ts';
import { answerOpenFile } from './file-answer.ts';
import type { Call, Handlers } from './handler.ts';
import { onlyFile, receive } from './receive.ts';
import { invalidAt } from './validation.ts';

export const modelHandlers: Handlers<
  | 'listModels'
  | 'getModel'
  | 'getModelScores'
  | 'getModelMetrics'
  | 'deleteModel'
  | 'testModel'
  | 'updateModel'
  | 'patchThreshold'
  | 'downloadModel'
  | 'downloadProjectModel'
  | 'uploadBaseModel'
> = {
  async listModels({ services: { context }, query }) {
    return listModels(context, query);
  },

  async getModel({ services: { context }, params }) {
    return modelDetail(await getModel(context, params.model_id));
  },

  async getModelScores({ services: { context }, params }) {
    return modelScores(context, params.model_id);
  },

  async getModelMetrics({ services: { context }, params }) {
    return readMetrics(context, await getModel(context, params.model_id));
  },

  async deleteModel({ services: { context, inference }, params, actor }) {
    await deleteModel(context, params.model_id, actor, inference);
    return { ok: true };
  },

  async testModel(call) {
    const { services, params, query, actor } = call;
    // Before anything of the body is read.
    const { model_id } = await getModel(services.context, params.model_id);
    const { store = true, map, conf, iou } = query;
    const { clock } = services.context;
    return receive(call, 'image.too_large', async (files) => {
      const startMs = clock.nowMs();
      const timed = new WaitedFor(files, clock);
      const answer = await services.inference.test(model_id, timed, { store, map, conf, iou }, actor);
      const seconds = (clock.nowMs() - startMs - timed.waitedMs) / 1000;
      services.metrics.countInference({ images: answer.items.length, seconds });
      return answer;
    });
  },

  async updateModel({ services, params, body, actor }) {
    if ((body.images ?? []).length + (body.results ?? []).length === 0)
      throw invalidAt('body', 'expected at least one image or result');
    return updateModel(services, params.model_id, body, actor);
  },

  async patchThreshold({ services: { context }, params, body, actor }) {
    return modelDetail(await patchThreshold(context, params.model_id, body, actor));
  },

  async downloadModel(call) {
    return download(call, await getModel(call.services.context, call.params.model_id), call.query);
  },

  async downloadProjectModel(call) {
    const { context } = call.services;
    const { project_id } = await getProject(context, call.params.project_id);
    return download(call, await modelOf(context, project_id, call.params.model_id), call.query);
  },

  async uploadBaseModel(call) {
    const { services, params, actor } = call;
    await getProject(services.context, params.project_id);
    return receive(call, 'checkpoint.too_large', async (files) => {
      const file = await onlyFile(files);
      return importBaseModel(services, params.project_id, file, actor);
    });
  },
};

/** A stream, and how long its reader had to wait for it: the time of a test is not that of its upload. */
class WaitedFor<T> implements AsyncIterable<T> {
  waitedMs = 0;
  readonly #source: AsyncIterable<T>;
  readonly #clock: Clock;

  constructor(source: AsyncIterable<T>, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let fromMs = this.#clock.nowMs();
    for await (const item of this.#source) {
      this.waitedMs += this.#clock.nowMs() - fromMs;
      yield item;
      fromMs = this.#clock.nowMs();
    }
    this.waitedMs += this.#clock.nowMs() - fromMs;
  }
}

/** Throws model.not_found also for the models of others. */
export async function modelOf(context: Context, projectId: string, modelId: string): Promise<ModelRecord> {
  const record = await getModel(context, modelId);
  if (record.owner.kind === 'project' && record.owner.id === projectId) return record;
  throw new ServerError('model.not_found', `the project has no model ${JSON.stringify(modelId)}`);
}

async function download(
  { services: { context }, request, reply }: Call<'downloadModel'> | Call<'downloadProjectModel'>,
  { model_id, thresholds }: ModelRecord,
  { format = null }: { readonly format?: DownloadQuery['format'] | null },
): Promise<FastifyReply> {
  const file = await openDownload(context, model_id, format);
  // A bundle holds the threshold of the day.
  const etag = `${file.filename}.${thresholds.length}`;
  return answerOpenFile(request, reply, file, { etag, immutable: false, downloadName: file.filename });
}

function modelDetail(record: ModelRecord): Frozen<ModelDetail> {
  const { encoder, imported, job_id, dataset_sha256, thresholds, files, objects, updated } = record;
  return {
    ...modelInfo(record),
    encoder,
    imported,
    variant: objects?.variant ?? null,
    classes: objects?.classes ?? null,
    metrics: objects?.metrics ?? null,
    started_from: objects?.started_from ?? null,
    job_id,
    dataset_sha256,
    updated_from: updated ?? null,
    thresholds: thresholds.map(({ iou = null, uncertain = null, ...version }) => ({
      ...version,
      iou,
      uncertain,
    })),
    files: Object.entries(files).map(([name, { bytes, sha256 }]) => ({ name, bytes, sha256 })),
  };
}
