// Checks the records of projects, and which of them are there at all.
import { OkapiError } from '../../vision/errors.ts';
import { parseRegions } from '../../vision/scoring/region-mask.ts';
import { docKeys } from '../platform/layout.ts';
import { trainingModes } from '../projects/project.ts';
import type { Fields, Inspection } from './inspection.ts';

export async function checkProjects(inspection: Inspection): Promise<void> {
  const { folders } = await inspection.stores.docs.list(docKeys.projects);
  for (const id of folders) await checkProject(inspection, id);
}

/** Once the models are known. */
export function checkLastModels(inspection: Inspection): void {
  for (const [id, last] of inspection.lastModels)
    if (!inspection.models.has(last)) inspection.find('project.last_model', docKeys.project(id), last);
}

async function checkProject(inspection: Inspection, id: string): Promise<void> {
  const key = docKeys.project(id);
  const found = inspection.findings.length;
  const record = await inspection.read(key);
  if (record === null && inspection.findings.length === found) {
    // A creation or deletion that was cut short may leave empty folders, which are nothing.
    if (!(await isEmpty(inspection, `projects/${id}`)))
      inspection.find('project.no_record', `projects/${id}`);
    return;
  }
  inspection.projects.add(id);
  await checkRegions(inspection, id);
  if (record === null) return;
  if (typeof record.deleted_at === 'string') {
    inspection.deleted.add(id);
    inspection.find('project.unswept', `projects/${id}`);
  } else if (typeof record.last_model_id === 'string') inspection.lastModels.set(id, record.last_model_id);
  const wrong = wrongField(record, id);
  if (wrong !== null) inspection.find('record.malformed', key, wrong);
}

async function checkRegions(inspection: Inspection, id: string): Promise<void> {
  const key = docKeys.regions(id);
  const record = await inspection.read(key);
  if (record === null) return;
  try {
    const { include, ignore } = record;
    parseRegions({ include, ignore });
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    inspection.find('record.malformed', key, error.message);
  }
}

async function isEmpty(inspection: Inspection, folder: string): Promise<boolean> {
  const { docs, blobs } = inspection.stores;
  const found = await docs.list(folder);
  if (found.docs.length > 0 || found.journals.length > 0 || (await blobs.list(folder)).length > 0)
    return false;
  for (const name of found.folders) if (!(await isEmpty(inspection, `${folder}/${name}`))) return false;
  return true;
}

/** The original leaves out what has a default. */
function wrongField(record: Fields, id: string): string | null {
  const { project_id = id, name, training_mode = 'anomaly', created_at } = record;
  if (project_id !== id) return 'project_id is that of another project';
  if (typeof name !== 'string') return 'name is missing';
  if (!trainingModes.some((mode) => mode === training_mode)) return 'training_mode is unknown';
  if (Number.isNaN(Date.parse(String(created_at)))) return 'created_at is no time';
  return null;
}
