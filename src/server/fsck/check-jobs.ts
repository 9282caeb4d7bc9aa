// Checks the records of jobs, their journals and all other journals.

import { type JobState, jobStates } from '../contract/job-states.ts';
import { docKeys, journalKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { isDone } from '../platform/queue/transitions.ts';
import { pinField } from '../yolo/pin-dataset.ts';
import { asOwner, type Fields, type Inspection, isFields } from './inspection.ts';

export async function checkJobs(inspection: Inspection): Promise<void> {
  const { docs, journals } = await inspection.stores.docs.list(docKeys.jobs);
  const busy = new Map<string, string>();
  for (const id of docs) await checkJob(inspection, id, busy);
  for (const id of journals) {
    await inspection.readJournal(journalKeys.jobEvents(id));
    if (!docs.includes(id)) inspection.find('journal.orphan', journalKeys.jobEvents(id));
  }
}

export async function checkJournals(inspection: Inspection): Promise<void> {
  for (const folder of ['.okapi/audit', '.okapi/results'])
    for (const name of (await inspection.stores.docs.list(folder)).journals)
      await inspection.readJournal(`${folder}/${name}`);
}

async function checkJob(inspection: Inspection, id: string, busy: Map<string, string>): Promise<void> {
  const key = docKeys.job(id);
  const job = await inspection.read(key);
  if (job === null) return;
  const state = jobStates.find((name) => name === job.state);
  const owner = asOwner(job.owner);
  const sound = job.job_id === id && typeof job.model_id === 'string' && Number.isSafeInteger(job.attempt);
  if (state === undefined || owner === null || !sound)
    return inspection.find(
      'record.malformed',
      key,
      'job_id, state, owner, model_id or attempt are not as expected',
    );
  const contradiction = contradictionOf(inspection, job, state, owner, busy.get(`${owner.kind}/${owner.id}`));
  if (contradiction !== null) inspection.find('job.inconsistent', key, contradiction);
  if (isDone(state)) return;
  busy.set(`${owner.kind}/${owner.id}`, id);
  const version = isFields(job.request) ? job.request[pinField] : undefined;
  // A project that is deleted takes its datasets along, and this job with them.
  if (typeof version === 'string' && inspection.isThere(owner)) inspection.pinned.set(version, key);
}

function contradictionOf(
  inspection: Inspection,
  job: Fields,
  state: JobState,
  owner: Owner,
  other: string | undefined,
): string | null {
  if (isDone(state)) {
    if (typeof job.finished_at !== 'string') return `it is ${state} but has no finished_at`;
    if (state === 'failed' && typeof job.failure !== 'object') return 'it failed but does not say why';
    return null;
  }
  if (typeof job.finished_at === 'string') return `it is ${state} but has a finished_at`;
  if (!inspection.isThere(owner)) return `it is ${state} but its project is not there`;
  return other === undefined ? null : `it is ${state}, and so is the job ${other} of the same images`;
}
