// Takes over a data folder that the original app has written, at every start. Nothing of it is lost; what is odd is reported.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { readProject } from '../projects/project-documents.ts';
import { slugPattern } from '../projects/project-id.ts';
import {
  type Finding,
  mergeFindings,
  type PlaceReport,
  readImportReport,
  writeImportReport,
} from './import-report.ts';
import { type Entries, entriesOf, fileTimes, ownerFolder } from './local-tree.ts';
import { takeOverImages } from './original-images.ts';
import { lookAtLabels } from './original-labels.ts';
import { type ModelsPlace, takeOverModels } from './original-models.ts';
import { setAside } from './set-aside.ts';

export interface ImportSummary {
  /** Models that got a record by this call. */
  readonly models: number;
  /** All that is odd about the folder now, whenever it was found. */
  readonly findings: readonly Finding[];
}

const nothing: PlaceReport = { names: null, models: [], findings: [], more: {} };
/** Of scenes there are no records: their models lie together. */
const sceneModels = 'models';

/**
 * Adds records for pictures and models that have none, completes records, puts unreadable ones aside, and keeps a report at
 * docKeys.importReport. Where the names in a folder are those of the last call, only they are read; called again at once
 * it changes nothing.
 */
export async function importOriginal(context: Context): Promise<ImportSummary> {
  const { places: before } = await readImportReport(context);
  const places: Record<string, PlaceReport> = {};
  for (const owner of await owners(context)) {
    const place = blobKeys.owner(owner);
    const report = await lookAtOwner(context, owner, before[place] ?? nothing);
    if (report !== null) places[place] = report;
  }
  places[sceneModels] = await lookAtSceneModels(context, before[sceneModels] ?? nothing);
  places['.'] = { ...nothing, ...mergeFindings(nothing, await lookAtRoot(context)) };
  if (!isDeepStrictEqual(places, before)) await writeImportReport(context, { places });
  return told(context, before, places);
}

async function owners({ config }: Context): Promise<Owner[]> {
  const [projects, scenes] = await Promise.all([
    entriesOf(config.projects_dir),
    entriesOf(config.datasets_dir),
  ]);
  return [
    ...projects.folders.map((id): Owner => ({ kind: 'project', id })),
    ...scenes.folders.map((id): Owner => ({ kind: 'scene', id })),
  ];
}

/** null for a deleted project, which is about to go. */
async function lookAtOwner(context: Context, owner: Owner, before: PlaceReport): Promise<PlaceReport | null> {
  const place = blobKeys.owner(owner);
  const unusable = (code: Finding['code'], detail: string): PlaceReport => ({
    ...before,
    names: null,
    ...mergeFindings(before, [{ code, path: place, detail }]),
  });
  if (!slugPattern.test(owner.id))
    return unusable('name.unusable', 'expected an id of a-z, 0-9, dash and underscore');
  const folder = ownerFolder(context.config, owner);
  const repaired: Finding[] = [];
  if (owner.kind === 'project') {
    const state = await projectState(context, owner.id, folder, repaired);
    if (state === 'deleted') return null;
    if (state === 'unknown') return unusable('project.no_record', 'expected meta.json, found none');
  }
  const raw = await entriesOf(join(folder, 'raw'));
  const names = hashOf(raw);
  const models = await modelsOf(context, owner, folder, before);
  if (names === before.names && repaired.length === 0) {
    const rest = before.findings.filter(({ code }) => !code.startsWith('model.'));
    return { ...before, models: models.ids, findings: [...rest, ...models.findings] };
  }
  const found = [
    ...repaired,
    ...(await strangers(folder, place, owner)),
    ...(await takeOverImages(context, owner, raw)),
    ...(await labelFindings(context, owner, before)),
    ...models.findings,
  ];
  return { names, models: models.ids, ...mergeFindings(before, found) };
}

/** Labels are read once: those that come later are ours. */
async function labelFindings(context: Context, owner: Owner, before: PlaceReport): Promise<Finding[]> {
  if (owner.kind === 'scene') return [];
  const labels = `${docKeys.labels(owner.id)}/`;
  if (before.names !== null) return before.findings.filter(({ path }) => path.startsWith(labels));
  return lookAtLabels(context, owner.id);
}

/** A record that cannot be read is put aside and made anew: its images and models would be lost with it. */
async function projectState(
  context: Context,
  id: string,
  folder: string,
  findings: Finding[],
): Promise<'known' | 'deleted' | 'unknown'> {
  const key = docKeys.project(id);
  try {
    const doc = await readProject(context, id);
    if (doc === null) return 'unknown';
    return doc.value.deleted_at === undefined ? 'known' : 'deleted';
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'doc.corrupt')) throw error;
    const path = join(folder, 'meta.json');
    await setAside(context, key, path);
    const record: ProjectRecord = {
      project_id: id,
      name: id,
      description: null,
      created_at: (await fileTimes(path)).modifiedAt,
      training_mode: 'anomaly',
      last_model_id: null,
    };
    await context.docs.put(key, record);
    findings.push({
      code: 'record.damaged',
      path: `${key}.json`,
      detail: 'made anew under the name of the folder',
    });
    return 'known';
  }
}

async function modelsOf(
  context: Context,
  owner: Owner,
  folder: string,
  before: PlaceReport,
): Promise<{ ids: string[]; findings: Finding[] }> {
  if (owner.kind === 'scene') return { ids: [], findings: [] };
  const places: ModelsPlace[] = [
    { folder: join(folder, 'models'), owner, imported: false },
    { folder: join(folder, 'imports'), owner, imported: true },
  ];
  const taken = [];
  for (const place of places) taken.push(await takeOverModels(context, place, new Set(before.models)));
  return {
    ids: [...before.models, ...taken.flatMap(({ ids }) => ids)],
    findings: taken.flatMap(({ findings }) => findings),
  };
}

async function lookAtSceneModels(context: Context, before: PlaceReport): Promise<PlaceReport> {
  const place = { folder: context.config.models_dir, owner: null, imported: false };
  const { ids, findings } = await takeOverModels(context, place, new Set(before.models));
  return { names: null, models: [...before.models, ...ids], ...mergeFindings(before, findings) };
}

const known = {
  project: {
    folders: ['raw', 'models', 'imports', 'labels', 'yolo', 'masks', 'thumbnails', 'evaluations'],
    // Where its pictures are looked at.
    files: ['meta.json', 'regions.json'],
  },
  scene: { folders: ['raw', 'masks', 'thumbnails', 'evaluations'], files: [] as string[] },
};

async function strangers(folder: string, place: string, { kind }: Owner): Promise<Finding[]> {
  const { files, folders, other } = await entriesOf(folder);
  return unknownAmong(
    folders.filter((name) => !known[kind].folders.includes(name)),
    [...files.filter((name) => !known[kind].files.includes(name)), ...other],
    place,
  );
}

/** Folders beside those of the original and ours; loose files among the folders of projects and scenes. */
async function lookAtRoot({ config }: Context): Promise<Finding[]> {
  const root = await entriesOf(config.data_dir);
  const configured = [config.projects_dir, config.datasets_dir, config.models_dir, config.tmp_dir];
  const isOurs = (name: string) =>
    ['preview', '.okapi'].includes(name) || configured.includes(join(config.data_dir, name));
  const sections = await Promise.all(
    [
      ['projects', config.projects_dir],
      ['datasets', config.datasets_dir],
      ['models', config.models_dir],
    ].map(async ([name, folder]) => {
      const { files, other } = await entriesOf(folder!);
      return unknownAmong([], [...files, ...other], name!);
    }),
  );
  return [
    ...unknownAmong(
      root.folders.filter((name) => !isOurs(name)),
      [...root.files, ...root.other],
      null,
    ),
    ...sections.flat(),
  ];
}

function unknownAmong(folders: readonly string[], files: readonly string[], place: string | null): Finding[] {
  const path = (name: string) => (place === null ? name : `${place}/${name}`);
  return [
    ...folders.map(
      (name): Finding => ({ code: 'folder.unknown', path: path(name), detail: 'left as it is' }),
    ),
    ...files.map((name): Finding => ({ code: 'file.unknown', path: path(name), detail: 'left as it is' })),
  ];
}

function hashOf({ files, folders, other }: Entries): string {
  const hash = createHash('sha256');
  const pictures = files.filter((name) => name !== '_index.json');
  for (const name of [...pictures, '/', ...folders, '/', ...other]) hash.update(`${name}\n`);
  return hash.digest('hex');
}

type Places = Readonly<Record<string, PlaceReport>>;

/** Says in the log what is new, a line for each place. */
function told({ log }: Context, before: Places, after: Places): ImportSummary {
  for (const [place, { findings, more }] of Object.entries(after)) {
    const seen = new Set(before[place]?.findings.map(({ code, path }) => `${code} ${path}`));
    const fresh = findings.filter(({ code, path }) => !seen.has(`${code} ${path}`));
    if (fresh.length > 0) log.warn({ place, findings: fresh, more }, 'odd in the data folder');
  }
  const models = modelCount(after) - modelCount(before);
  if (models > 0) log.info({ models }, 'models of the original were taken over');
  return { models: Math.max(0, models), findings: Object.values(after).flatMap(({ findings }) => findings) };
}

const modelCount = (places: Places) =>
  Object.values(places).reduce((sum, { models }) => sum + models.length, 0);
