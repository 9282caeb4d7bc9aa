// Where the pictures of a project are looked at: polygons to look at and to leave out, which each training keeps for itself.
import { isWholePicture, parseRegions, type Regions } from '../../vision/scoring/region-mask.ts';
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { getProject } from './get-project.ts';

export type ProjectRegions = Regions & {
  /** null: nobody has set them. */
  readonly updated_at: string | null;
  readonly updated_by: string | null;
};

export interface RegionsDoc {
  readonly regions: ProjectRegions;
  /** null: nobody has set them. */
  readonly revision: string | null;
}

/** No polygons and no revision where nobody has set any. Throws project.not_found. */
export async function getRegions(context: Context, projectId: string): Promise<RegionsDoc> {
  await getProject(context, projectId);
  const doc = await context.docs.get<ProjectRegions>(docKeys.regions(projectId));
  if (doc !== null) return { regions: doc.value, revision: doc.revision };
  return { regions: { include: [], ignore: [], updated_at: null, updated_by: null }, revision: null };
}

/**
 * Puts these in place of those before; models that are there stay as they are. Throws project.not_found, option.invalid
 * naming the polygon at fault, and revision.conflict when they are not at `ifRevision` (null: never set).
 */
export async function putRegions(
  context: Context,
  projectId: string,
  given: unknown,
  { ifRevision }: { readonly ifRevision?: string | null },
  actor: Actor,
): Promise<RegionsDoc> {
  await getProject(context, projectId);
  const { include, ignore } = parseRegions(given);
  const { docs, clock, audit } = context;
  const key = docKeys.regions(projectId);
  const updated_at = clock.date().toISOString();
  const regions: ProjectRegions = { include, ignore, updated_at, updated_by: actor.name };
  const revision = await docs.put(key, regions, ifRevision === undefined ? {} : { ifRevision });
  try {
    await getProject(context, projectId);
  } catch (error) {
    // Deleted meanwhile: nothing of it must come back. For any other reason, such as a failing disk, it stays.
    if (error instanceof ServerError && error.code === 'project.not_found') await docs.delete(key);
    throw error;
  }
  const counts = { include: include.length, ignore: ignore.length };
  await audit.record(actor, 'project.regions', `projects/${projectId}`, counts);
  return { regions, revision };
}

/** What a training of now looks at; null: whole pictures. Throws project.not_found. */
export async function regionsToTrain(context: Context, projectId: string): Promise<Regions | null> {
  const { include, ignore } = (await getRegions(context, projectId)).regions;
  return isWholePicture({ include, ignore }) ? null : { include, ignore };
}
