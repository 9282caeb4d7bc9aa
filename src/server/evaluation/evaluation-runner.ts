// Runs an evaluation: a child of its own looks at one picture after the other; the figures are stored as a record.
import type { Task } from '../../vision/detectors/detector.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { ServerError } from '../contract/errors.ts';
import { pictureLimits } from '../datasets/probes.ts';
import type { JudgedBy } from '../inference/inspect-request.ts';
import { modelToLoad } from '../inference/model-to-load.ts';
import { getModel } from '../models/get-model.ts';
import { taskOf, thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { calibrationScores } from '../models/model-scores.ts';
import type { BlobKey } from '../platform/blobs/blob-store.ts';
import { ChildFailure, ChildPool } from '../platform/child-pool.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobAttempt, JobRunner } from '../platform/queue/job-queue.ts';
import { threadsOf } from '../training/train-runner.ts';
import { folderOf } from '../yolo/dataset-documents.ts';
import { pinField } from '../yolo/pin-dataset.ts';
import { evaluationOf } from './evaluation-answer.ts';
import {
  type EvaluationPictures,
  type EvaluationRecord,
  isEvaluated,
  storeEvaluation,
} from './evaluation-record.ts';
import type { EvaluationAnswer, EvaluationStep, PictureTruth } from './evaluation-steps.ts';
import { objectSet } from './object-set.ts';
import { objectsEvaluationOf } from './objects-answer.ts';
import { type ObjectsOrder, orderOf } from './start-evaluation.ts';
import { testSet } from './test-set.ts';

/** Loading a large model on a busy machine takes its time. */
const OPEN_MS = 300_000;
/** Over the decoder's own limit. */
const PATIENCE_MS = 120_000;
/** Of the bootstrap intervals. */
const SEED = 42;

/**
 * The runner of jobs of kind `evaluate`. An attempt that follows another starts anew, with the images as they are marked then;
 * one that finds the evaluation stored has nothing left to do.
 */
export function evaluationRunner(context: Context): JobRunner {
  return async (attempt) => {
    const { job } = attempt;
    const model = await getModel(context, job.model_id);
    if (await isEvaluated(context, job)) return attempt.finalise();
    const { record, pictures } = await evaluations[taskOf(model)](context, attempt, model);
    await storeEvaluation(context, record, pictures);
  };
}

type Evaluate = (
  context: Context,
  attempt: JobAttempt,
  model: ModelRecord,
) => Promise<{ readonly record: EvaluationRecord; readonly pictures: EvaluationPictures }>;

const evaluations: Readonly<Record<Task, Evaluate>> = {
  async anomaly(context, attempt, model) {
    const { job } = attempt;
    const set = await testSet(context, model, orderOf(job).unseen_by);
    const answer = await judge(context, attempt, model, {
      judgedBy: { task: 'anomaly', threshold: thresholdOf(model).value },
      classes: [],
      leftOut: (await calibrationScores(context, model))?.scores ?? [],
      pictures: set.images.map(({ filename, mark, mask }) => ({
        name: filename,
        key: blobKeys.image(model.owner, filename),
        truth: async () => ({
          task: 'anomaly',
          isDefective: mark === 'ng',
          mask:
            mask === undefined ? null : await context.blobs.localPath(blobKeys.mask(model.owner, mask.id)),
        }),
      })),
    });
    if (answer.kind !== 'anomaly') throw new Error('internal: the child answered another question');
    await attempt.finalise();
    return evaluationOf(answer.evaluation, { job, model, set, created_at: now(context) });
  },

  async detect(context, attempt, model) {
    const { job } = attempt;
    const { unseen_by, split, conf, iou, [pinField]: version } = orderOf(job) as ObjectsOrder;
    const set = await objectSet(context, model, { version, split, unseenBy: unseen_by });
    const folder = folderOf(model.owner.id, version);
    const answer = await judge(context, attempt, model, {
      judgedBy: { task: 'detect', conf, iou },
      classes: set.classes,
      leftOut: [],
      pictures: set.pictures.map(({ file, boxes }) => ({
        name: file,
        key: `${folder}/${file}`,
        truth: async () => ({
          task: 'detect',
          boxes: boxes.map(([classId, ...box]) => ({ classId, box })),
        }),
      })),
    });
    if (answer.kind !== 'detect') throw new Error('internal: the child answered another question');
    await attempt.finalise();
    return objectsEvaluationOf(answer.evaluation, { job, model, set, conf, iou, created_at: now(context) });
  },
};

const now = ({ clock }: Context) => clock.date().toISOString();

interface ToJudge {
  readonly judgedBy: JudgedBy;
  readonly classes: readonly string[];
  readonly leftOut: readonly number[];
  readonly pictures: readonly PictureToJudge[];
}

interface PictureToJudge {
  readonly name: string;
  readonly key: BlobKey;
  truth(): Promise<PictureTruth>;
}

type Child = ChildPool<EvaluationStep, EvaluationAnswer>;

async function judge(
  context: Context,
  attempt: JobAttempt,
  model: ModelRecord,
  { judgedBy, classes, leftOut, pictures }: ToJudge,
): Promise<EvaluationAnswer> {
  const { config } = context;
  const { signal } = attempt;
  const child = openChild(context);
  try {
    const loaded = await modelToLoad(context, model);
    const open = { do: 'open', model: loaded, judgedBy, classes, limits: pictureLimits(config) } as const;
    await child.ask(open, { signal, timeoutMs: OPEN_MS });
    await lookAtAll(context, attempt, child, pictures);
    return await child.ask({ do: 'finish', seed: SEED, leftOut }, { signal, timeoutMs: OPEN_MS });
  } catch (error) {
    if (error instanceof ChildFailure && error.reason === 'memory')
      throw new ServerError(
        'job.out_of_memory',
        `the evaluation needed more than ${config.jobs.max_memory_mb} MB; raise jobs.max_memory_mb`,
        { cause: error },
      );
    throw error;
  } finally {
    await child.close();
  }
}

async function lookAtAll(
  context: Context,
  attempt: JobAttempt,
  child: Child,
  pictures: readonly PictureToJudge[],
): Promise<void> {
  const { clock, config, blobs } = context;
  const beganMs = clock.nowMs();
  const mostMs = config.jobs.max_hours * 3_600_000 - attempt.ranMs;
  for (const [i, { name, key, truth }] of pictures.entries()) {
    const ranMs = clock.nowMs() - beganMs;
    if (ranMs > mostMs)
      throw new ServerError('job.timeout', `the evaluation took longer than ${config.jobs.max_hours} hours`);
    const step = { do: 'picture', name, path: await blobs.localPath(key), truth: await truth() } as const;
    await child.ask(step, { signal: attempt.signal });
    const done = i + 1;
    attempt.emit({
      type: 'pictures',
      progress: done / pictures.length,
      seconds_left: ((clock.nowMs() - beganMs) / done / 1000) * (pictures.length - done),
      done,
      total: pictures.length,
    });
  }
}

function openChild({ config }: Context): Child {
  return new ChildPool<EvaluationStep, EvaluationAnswer>({
    module: moduleBeside(import.meta.url, './evaluation-child'),
    size: 1,
    timeoutMs: PATIENCE_MS + config.uploads.decode_timeout_seconds * 1000,
    args: [JSON.stringify({ device: config.training.device, threads: threadsOf(config) })],
    memoryBytes: config.jobs.max_memory_mb * 2 ** 20,
    commandPrefix: config.training.sandbox_command,
  });
}
