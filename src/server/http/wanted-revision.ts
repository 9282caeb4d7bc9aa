// The condition of a change: If-Match names a revision; `If-None-Match: *` wants none to be there.
import type { FastifyRequest } from 'fastify';

export function wantedRevision({ headers }: FastifyRequest): { readonly ifRevision?: string | null } {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch === '*') return { ifRevision: null };
  return ifMatch === undefined || ifMatch === '*' ? {} : { ifRevision: ifMatch.replace(/^W\/|"/g, '') };
}
