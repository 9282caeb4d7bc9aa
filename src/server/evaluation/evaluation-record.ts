// Evaluations as they are stored: the figures as a record, pictures and curves as one file beside it.
import { ServerError } from '../contract/errors.ts';
import type {
  AnomalyEvaluationDetail,
  AnomalyEvaluationInfo,
  EvaluationDetail,
  EvaluationInfo,
} from '../contract/evaluations.ts';
import type { ObjectsEvaluationDetail, ObjectsEvaluationInfo } from '../contract/objects-evaluations.ts';
import type { Frozen } from '../contract/route.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';

interface Owned {
  readonly owner: Owner;
}

export type AnomalyRecord = Frozen<AnomalyEvaluationInfo> & Owned;
export type ObjectsRecord = Frozen<ObjectsEvaluationInfo> & Owned;
export type EvaluationRecord = AnomalyRecord | ObjectsRecord;

/** What grows with the number of pictures. */
export type AnomalyPictures = Frozen<Omit<AnomalyEvaluationDetail, keyof AnomalyEvaluationInfo>>;
export type ObjectsPictures = Frozen<Omit<ObjectsEvaluationDetail, keyof ObjectsEvaluationInfo>>;
export type EvaluationPictures = AnomalyPictures | ObjectsPictures;

/** The file first, then the record: an evaluation that is listed is always complete. One that is there stays as it is. */
export async function storeEvaluation(
  { blobs, docs }: Context,
  record: EvaluationRecord,
  pictures: EvaluationPictures,
): Promise<void> {
  const { owner, model_id, evaluation_id } = record;
  const key = docKeys.evaluation(model_id, evaluation_id);
  if ((await docs.get(key)) !== null) return;
  const file = blobKeys.evaluation(owner, model_id, evaluation_id);
  // Of an attempt that was cut short.
  await blobs.delete(file);
  await blobs.put(file, Buffer.from(JSON.stringify(pictures)));
  await docs.put(key, record);
}

/** Whether a job has stored its evaluation. */
export async function isEvaluated(
  { docs }: Context,
  { model_id, job_id }: { readonly model_id: string; readonly job_id: string },
): Promise<boolean> {
  return (await docs.get(docKeys.evaluation(model_id, job_id))) !== null;
}

/** Of one model, newest first. */
export async function evaluationsOf(
  { docs }: Context,
  { model_id }: Pick<ModelRecord, 'model_id'>,
): Promise<EvaluationRecord[]> {
  const { docs: ids } = await docs.list(docKeys.evaluationsOf(model_id));
  const found = await Promise.all(
    ids.map((id) => docs.get<EvaluationRecord>(docKeys.evaluation(model_id, id))),
  );
  return found
    .flatMap((doc) => (doc === null ? [] : [withTask(doc.value)]))
    .sort((a, b) => order(b.created_at, a.created_at) || order(b.evaluation_id, a.evaluation_id));
}

/** Throws evaluation.not_found. */
export async function getEvaluation({ docs }: Context, id: string): Promise<EvaluationRecord> {
  for (const model of (await docs.list(docKeys.evaluations)).folders) {
    const doc = await docs.get<EvaluationRecord>(docKeys.evaluation(model, id));
    if (doc !== null) return withTask(doc.value);
  }
  throw new ServerError('evaluation.not_found', `there is no evaluation ${JSON.stringify(id.slice(0, 64))}`);
}

/** Older records were all of models that find anomalies, name no task, and know no scores in place of pictures and no suggestion. */
function withTask(stored: EvaluationRecord): EvaluationRecord {
  if (stored.task === 'detect') return stored;
  const { counts } = stored;
  return {
    ...stored,
    task: 'anomaly',
    counts: { ...counts, left_out: counts.left_out ?? 0 },
    suggestion: stored.suggestion ?? null,
    good_side: stored.good_side ?? (counts.ok > 0 ? 'pictures' : 'none'),
  };
}

/** Throws evaluation.not_found when the file is gone. */
export async function readPictures(context: Context, record: AnomalyRecord): Promise<AnomalyPictures>;
export async function readPictures(context: Context, record: EvaluationRecord): Promise<EvaluationPictures>;
export async function readPictures(
  { blobs }: Context,
  { owner, model_id, evaluation_id }: EvaluationRecord,
): Promise<EvaluationPictures> {
  const bytes = await blobs.read(blobKeys.evaluation(owner, model_id, evaluation_id));
  if (bytes === null)
    throw new ServerError('evaluation.not_found', 'the pictures of this evaluation are gone');
  return JSON.parse(new TextDecoder().decode(bytes)) as EvaluationPictures;
}

/** An evaluation whole. Throws evaluation.not_found. */
export async function evaluationDetail(context: Context, id: string): Promise<Frozen<EvaluationDetail>> {
  const record = await getEvaluation(context, id);
  // The file is of the task of the record: they are written together.
  return { ...evaluationInfo(record), ...(await readPictures(context, record)) } as Frozen<EvaluationDetail>;
}

export function evaluationInfo(record: AnomalyRecord): Frozen<AnomalyEvaluationInfo>;
export function evaluationInfo(record: EvaluationRecord): Frozen<EvaluationInfo>;
export function evaluationInfo({ owner: _, ...info }: EvaluationRecord): Frozen<EvaluationInfo> {
  return info;
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
