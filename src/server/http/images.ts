// Routes of the images of projects and scenes: the same for both, but for the name of the owner.

import type { FastifyReply } from 'fastify';
import type { ImageList, ImagePage, UploadOptions } from '../contract/images.ts';
import type { Frozen } from '../contract/route.ts';
import { addImages, type UploadAnswer } from '../datasets/add-images.ts';
import { deleteImages, markImages } from '../datasets/change-images.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { listImages } from '../datasets/list-images.ts';
import { changeImage } from '../datasets/mark-image.ts';
import { readThumbnail } from '../datasets/read-thumbnail.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { answerUpload } from './answer-upload.ts';
import { answerBytes } from './file-answer.ts';
import type { Call, Handlers } from './handler.ts';
import { imageItem as item } from './image-item.ts';
import { pageOf } from './pages.ts';
import { receive } from './receive.ts';
import { invalidAt } from './validation.ts';

const project = ({ project_id }: { readonly project_id: string }): Owner => ({
  kind: 'project',
  id: project_id,
});
const scene = ({ scene_id }: { readonly scene_id: string }): Owner => ({ kind: 'scene', id: scene_id });

export const imageHandlers: Handlers<
  | 'uploadSceneImages'
  | 'listSceneImages'
  | 'sceneThumbnail'
  | 'deleteSceneImage'
  | 'markSceneImage'
  | 'uploadProjectImages'
  | 'listProjectImages'
  | 'projectThumbnail'
  | 'deleteProjectImage'
  | 'markProjectImage'
  | 'markProjectImages'
  | 'deleteProjectImages'
> = {
  async uploadSceneImages(call) {
    const answer = await upload(call, scene(call.params));
    return answerUpload({ scene_id: call.params.scene_id, ...answer });
  },

  async listSceneImages({ services: { context }, params, query }) {
    return list(context, scene(params), query);
  },

  sceneThumbnail: (call) => thumbnail(call, scene(call.params)),

  async deleteSceneImage({ services: { context }, params, actor }) {
    await deleteImage(context, scene(params), params.filename, actor);
    return { ok: true };
  },

  async markSceneImage({ services: { context }, params, body, actor }) {
    const owner = scene(params);
    return item(owner, await changeImage(context, owner, params.filename, body, actor));
  },

  async uploadProjectImages(call) {
    const { project_id } = call.params;
    // Before anything of the body is read.
    await getProject(call.services.context, project_id);
    const answer = await upload(call, project(call.params), call.query);
    return answerUpload({ project_id, ...answer });
  },

  async listProjectImages({ services: { context }, params, query }) {
    return list(context, project(params), query);
  },

  projectThumbnail: (call) => thumbnail(call, project(call.params)),

  async deleteProjectImage({ services: { context }, params, actor }) {
    await deleteImage(context, project(params), params.filename, actor);
    return { ok: true };
  },

  async markProjectImage({ services: { context }, params, body, actor }) {
    const owner = project(params);
    return item(owner, await changeImage(context, owner, params.filename, body, actor));
  },

  async markProjectImages({ services: { context }, params, body, actor }) {
    const { filenames, ...change } = body;
    if (Object.keys(change).length === 0) throw invalidAt('body', 'expected mark or holdout');
    return markImages(context, project(params), filenames, change, actor);
  },

  async deleteProjectImages({ services: { context }, params, body, actor }) {
    return deleteImages(context, project(params), body.filenames, actor);
  },
};

function upload(
  call: Call<'uploadSceneImages'> | Call<'uploadProjectImages'>,
  owner: Owner,
  said: UploadOptions = {},
): Promise<UploadAnswer> {
  const { services, actor } = call;
  return receive(call, 'image.too_large', (files) => addImages(services, owner, allSaid(files, said), actor));
}

async function* allSaid(
  files: AsyncIterable<StagedFile>,
  { mark, holdout }: UploadOptions,
): AsyncGenerator<StagedFile> {
  for await (const file of files)
    yield 'refused' in file ? file : { ...file, ...(mark && { mark }), ...(holdout && { holdout }) };
}

async function thumbnail(
  { services, params, request, reply }: Call<'sceneThumbnail'> | Call<'projectThumbnail'>,
  owner: Owner,
): Promise<FastifyReply> {
  const { id, bytes } = await readThumbnail(services, owner, params.filename);
  const how = { etag: `${id}.thumbnail`, immutable: true, downloadName: null };
  return answerBytes(request, reply, { bytes, contentType: 'image/webp' }, how);
}

async function list(context: Context, owner: Owner, page: ImagePage): Promise<Frozen<ImageList>> {
  const { items, ...next } = pageOf(await listImages(context, owner), page, ({ filename }) => filename);
  return { items: items.map((record) => item(owner, record)), ...next };
}
