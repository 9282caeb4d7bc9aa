// Routes of object detection: the dataset of a project, and the training that learns from it.
import type { Services } from '../services.ts';
import { startYoloTraining } from '../training/start-yolo-training.ts';
import { datasetHealth, datasetInfo } from '../yolo/dataset-answers.ts';
import { checkYoloProject, currentVersion, needVersion } from '../yolo/dataset-documents.ts';
import { datasetFromLabels } from '../yolo/dataset-from-labels.ts';
import { datasetPictures, openDatasetPicture } from '../yolo/dataset-pictures.ts';
import { deleteDataset } from '../yolo/delete-dataset.ts';
import { openDatasetZip } from '../yolo/open-dataset-zip.ts';
import type { DatasetParts } from '../yolo/put-dataset.ts';
import { uploadDataset } from '../yolo/upload-dataset.ts';
import { answerFile, answerOpenFile } from './file-answer.ts';
import { pictureTypes } from './files.ts';
import type { Handlers } from './handler.ts';
import { pageOf } from './pages.ts';
import { onlyFile, receive } from './receive.ts';

export const yoloHandlers: Handlers<
  | 'getYoloDataset'
  | 'getYoloHealth'
  | 'listYoloPictures'
  | 'yoloPictureFile'
  | 'downloadYoloDataset'
  | 'deleteYoloDataset'
  | 'uploadYoloDataset'
  | 'makeYoloDataset'
  | 'trainYolo'
> = {
  async getYoloDataset({ services: { context }, params: { project_id } }) {
    return datasetInfo(project_id, await currentVersion(context, project_id));
  },

  async getYoloHealth({ services: { context }, params }) {
    return datasetHealth(await needVersion(context, params.project_id));
  },

  async listYoloPictures({ services: { context }, params, query }) {
    const { split, class: label, ...page } = query;
    const wanted = { ...(split !== undefined && { split }), ...(label !== undefined && { label }) };
    const all = await datasetPictures(context, params.project_id, wanted);
    return { ...pageOf(all, { limit: 60, ...page }, ({ file }) => file), total: all.length };
  },

  async yoloPictureFile({ services: { context }, params, request, reply }) {
    const { project_id, filename } = params;
    const { hash, sizeBytes, extension, open } = await openDatasetPicture(context, project_id, filename);
    return answerFile(request, reply, {
      sizeBytes,
      contentType: pictureTypes[extension] ?? 'application/octet-stream',
      etag: hash,
      open: (range) => open(range ?? undefined),
      downloadName: null,
      immutable: true,
    });
  },

  async downloadYoloDataset({ services: { context }, params, request, reply }) {
    const { version, filename, ...file } = await openDatasetZip(context, params.project_id);
    return answerOpenFile(request, reply, file, { etag: version, immutable: false, downloadName: filename });
  },

  async deleteYoloDataset({ services: { context }, params, actor }) {
    await deleteDataset(context, params.project_id, actor);
    return { ok: true };
  },

  async uploadYoloDataset(call) {
    const { services, params, query, actor } = call;
    const { project_id } = params;
    // Before anything of the body is read.
    await checkYoloProject(services.context, project_id);
    const options = { allowPartial: query.allow_partial ?? false };
    return receive(call, 'zip.too_large', async (files) => {
      const file = await onlyFile(files);
      const version = await uploadDataset(partsOf(services), project_id, file, options, actor);
      return datasetInfo(project_id, version);
    });
  },

  async makeYoloDataset({ services, params: { project_id }, actor }) {
    return datasetInfo(project_id, await datasetFromLabels(partsOf(services), project_id, actor));
  },

  async trainYolo({ services: { context, weightsChecks }, params, body, actor }) {
    return startYoloTraining({ context, weightsChecks }, params.project_id, body, actor);
  },
};

function partsOf({ context, datasets }: Services): DatasetParts {
  return { context, builds: datasets };
}
