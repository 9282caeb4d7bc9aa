// Routes of regions.
import type { FastifyReply } from 'fastify';
import { getRegions, type ProjectRegions, putRegions, type RegionsDoc } from '../projects/regions.ts';
import type { Handlers } from './handler.ts';
import { wantedRevision } from './wanted-revision.ts';

export const regionHandlers: Handlers<'getRegions' | 'putRegions'> = {
  async getRegions({ services: { context }, params, reply }) {
    return tagged(reply, await getRegions(context, params.project_id));
  },

  async putRegions({ services: { context }, params, body, actor, request, reply }) {
    const wanted = wantedRevision(request);
    return tagged(reply, await putRegions(context, params.project_id, body, wanted, actor));
  },
};

function tagged(reply: FastifyReply, { regions, revision }: RegionsDoc): ProjectRegions {
  if (revision !== null) reply.header('etag', `"${revision}"`);
  return regions;
}
