// Stored files by their addresses: each is looked up in the records; no folder is served.
import { extname } from 'node:path';
import type { FastifyReply } from 'fastify';
import { ServerError } from '../contract/errors.ts';
import { getImage } from '../datasets/get-image.ts';
import { openPreview } from '../inference/previews.ts';
import { getModel } from '../models/get-model.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { openModelFile } from '../models/open-model-file.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { answerFile, answerOpenFile } from './file-answer.ts';
import type { Call, Handlers } from './handler.ts';
import { modelOf } from './models.ts';

export const pictureTypes: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
};

export const fileHandlers: Handlers<
  | 'sceneImageFile'
  | 'projectImageFile'
  | 'previewFile'
  | 'temporaryFile'
  | 'sceneModelFile'
  | 'projectModelFile'
> = {
  sceneImageFile: (call) => image(call, { kind: 'scene', id: call.params.scene_id }),
  projectImageFile: (call) => image(call, { kind: 'project', id: call.params.project_id }),
  previewFile: preview,
  temporaryFile: preview,

  async sceneModelFile(call) {
    const record = await getModel(call.services.context, call.params.model_id);
    if (record.owner.kind !== 'scene')
      throw new ServerError('model.not_found', 'this is no model of a scene');
    return modelFile(call, record);
  },

  async projectModelFile(call) {
    const { context } = call.services;
    const { project_id } = await getProject(context, call.params.project_id);
    return modelFile(call, await modelOf(context, project_id, call.params.model_id));
  },
};

async function image(
  { services: { context }, params, request, reply }: Call<'sceneImageFile'> | Call<'projectImageFile'>,
  owner: Owner,
): Promise<FastifyReply> {
  const { filename, hash } = await getImage(context, owner, params.filename);
  const key = blobKeys.image(owner, filename);
  const stat = await context.blobs.stat(key);
  if (stat === null) throw new ServerError('blob.not_found', 'the file of this image is missing');
  return answerFile(request, reply, {
    sizeBytes: stat.sizeBytes,
    contentType: pictureTypes[extname(filename).toLowerCase()] ?? 'application/octet-stream',
    etag: hash,
    open: (range) => context.blobs.open(key, range ?? undefined),
    downloadName: null,
    immutable: true,
  });
}

async function preview({
  services: { context },
  params: { model_id, file },
  request,
  reply,
}: Call<'previewFile'> | Call<'temporaryFile'>): Promise<FastifyReply> {
  const open = await openPreview(context, model_id, file);
  return answerOpenFile(request, reply, open, { etag: file, immutable: true, downloadName: null });
}

async function modelFile(
  {
    services: { context },
    params: { file },
    request,
    reply,
  }: Call<'sceneModelFile'> | Call<'projectModelFile'>,
  { model_id, files }: ModelRecord,
): Promise<FastifyReply> {
  const open = await openModelFile(context, model_id, file);
  return answerOpenFile(request, reply, open, {
    etag: files[file]!.sha256,
    immutable: true,
    downloadName: open.filename,
  });
}
