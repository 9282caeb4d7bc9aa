// Routes of label classes and boxes.
import type { FastifyReply } from 'fastify';
import { getLabel } from '../labels/get-label.ts';
import type { ImageLabel, LabelDoc } from '../labels/image-label.ts';
import { getClasses, putClasses } from '../labels/label-classes.ts';
import { listLabels } from '../labels/list-labels.ts';
import { putLabel } from '../labels/put-label.ts';
import type { Handlers } from './handler.ts';
import { wantedRevision } from './wanted-revision.ts';

export const labelHandlers: Handlers<'getClasses' | 'putClasses' | 'listLabels' | 'getLabel' | 'putLabel'> = {
  async getClasses({ services: { context }, params }) {
    return { classes: await getClasses(context, params.project_id) };
  },

  async putClasses({ services: { context }, params, body, actor }) {
    return { classes: await putClasses(context, params.project_id, body.classes, actor) };
  },

  async listLabels({ services: { context }, params }) {
    return listLabels(context, params.project_id);
  },

  async getLabel({ services: { context }, params, reply }) {
    return tagged(reply, await getLabel(context, params.project_id, params.filename));
  },

  async putLabel({ services: { context }, params, body, actor, request, reply }) {
    const wanted = wantedRevision(request);
    return tagged(reply, await putLabel(context, params.project_id, params.filename, body, wanted, actor));
  },
};

function tagged(reply: FastifyReply, { label, revision }: LabelDoc): ImageLabel {
  if (revision !== null) reply.header('etag', `"${revision}"`);
  return label;
}
