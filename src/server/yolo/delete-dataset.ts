// Deletes the dataset of a project. Jobs that learn from it keep it until they have ended.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { changeDatasets, needVersion } from './dataset-documents.ts';

/** Throws project.not_found, project.wrong_mode, yolo.no_dataset. */
export async function deleteDataset(context: Context, projectId: string, actor: Actor): Promise<void> {
  const { version } = await needVersion(context, projectId);
  const now = context.clock.date().toISOString();
  const retire = ({ current, retired, ...doc }: Parameters<Parameters<typeof changeDatasets>[2]>[0]) => ({
    ...doc,
    current: null,
    retired: current === null ? retired : { ...retired, [current]: now },
  });
  await changeDatasets(context, projectId, retire, { urgent: true });
  await context.audit.record(actor, 'dataset.delete', `projects/${projectId}/yolo`, { version });
}
