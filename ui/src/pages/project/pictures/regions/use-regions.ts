// The areas of a project with their revision, so that two people do not overwrite each other.
import { useQuery } from '@tanstack/react-query';
import { api, type ResultOf } from '../../../../server/client.ts';

export type Regions = Pick<ResultOf<'getRegions'>, 'include' | 'ignore'>;

export interface StoredRegions {
  readonly regions: Regions;
  readonly updatedAt: string | null;
  readonly updatedBy: string | null;
  /** As the ETag says it; null: nobody has set any. */
  readonly revision: string | null;
}

export const regionsKey = (projectId: string) => ['regions', projectId] as const;

export function useRegions(projectId: string) {
  return useQuery({ queryKey: regionsKey(projectId), queryFn: () => fetchRegions(projectId) });
}

export async function fetchRegions(projectId: string): Promise<StoredRegions> {
  return stored((onHeaders) => api.getRegions({ project_id: projectId, onHeaders }));
}

/** @param over the revision that they take the place of; undefined: whatever is there */
export async function saveRegions(
  projectId: string,
  regions: Regions,
  over: string | null | undefined,
): Promise<StoredRegions> {
  const condition: Record<string, string> =
    over === undefined ? {} : over === null ? { 'if-none-match': '*' } : { 'if-match': over };
  return stored((onHeaders) =>
    api.putRegions({ project_id: projectId, body: regions, headers: condition, onHeaders }),
  );
}

async function stored(
  ask: (onHeaders: (headers: Headers) => void) => Promise<ResultOf<'getRegions'>>,
): Promise<StoredRegions> {
  let revision: string | null = null;
  const { include, ignore, updated_at, updated_by } = await ask((headers) => {
    revision = headers.get('etag');
  });
  return { regions: { include, ignore }, updatedAt: updated_at, updatedBy: updated_by, revision };
}
