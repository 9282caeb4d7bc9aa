// The records of projects in the DocStore, those of the original among them.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { Doc } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import { type ProjectRecord, trainingModes } from './project.ts';
import { slugPattern } from './project-id.ts';

/** The record and its revision, deleted projects too; null for ids that no project has, whatever their shape. */
export async function readProject({ docs }: Context, id: string): Promise<Doc<ProjectRecord> | null> {
  if (!slugPattern.test(id)) return null;
  const doc = await docs.get(docKeys.project(id));
  if (doc === null) return null;
  return { value: asProject(id, doc.value), revision: doc.revision };
}

/** Every project of which something is there, deleted ones too. One that cannot be read is logged and left out. */
export async function allProjects(context: Context): Promise<ProjectRecord[]> {
  const { folders } = await context.docs.list(docKeys.projects);
  const found = await Promise.all(
    folders.map((id) => readProject(context, id).catch(unlessCorrupt(context))),
  );
  return found.flatMap((doc) => (doc === null ? [] : [doc.value]));
}

function unlessCorrupt({ log }: Context): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof ServerError && error.code === 'doc.corrupt')) throw error;
    log.error({ err: error }, 'a project is left out: its record is damaged');
    return null;
  };
}

/** What the original left out gets its default; an unmarked time was the server's own, taken as UTC. */
function asProject(id: string, value: unknown): ProjectRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ServerError('doc.corrupt', `the record ${docKeys.project(id)} is damaged: it is no object`);
  const found = value as { [name: string]: unknown };
  const text = (name: string) => (typeof found[name] === 'string' ? found[name] : null);
  const deletedAt = text('deleted_at');
  return {
    ...found,
    project_id: id,
    name: text('name') ?? id,
    description: text('description'),
    created_at: withZone(text('created_at') ?? '1970-01-01T00:00:00Z'),
    training_mode: trainingModes.find((mode) => mode === found.training_mode) ?? 'anomaly',
    last_model_id: text('last_model_id'),
    ...(deletedAt === null ? {} : { deleted_at: deletedAt }),
  };
}

function withZone(time: string): string {
  return /(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
}
