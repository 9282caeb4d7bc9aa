// Runs an evaluation: a child of its own scores the marked images one after the other; the figures are stored as a record.
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { ServerError } from '../contract/errors.ts';
import { pictureLimits } from '../datasets/probes.ts';
import { modelToLoad } from '../inference/model-to-load.ts';
import { getModel } from '../models/get-model.ts';
import { thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { ChildFailure, ChildPool } from '../platform/child-pool.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobAttempt, JobRunner } from '../platform/queue/job-queue.ts';
import { threadsOf } from '../training/train-runner.ts';
import { evaluationOf } from './evaluation-answer.ts';
import { isEvaluated, storeEvaluation } from './evaluation-record.ts';
import type { EvaluationAnswer, EvaluationStep } from './evaluation-steps.ts';
import { evaluable } from './start-evaluation.ts';
import { type MarkedImage, type TestSet, testSet } from './test-set.ts';

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
    const model = evaluable(await getModel(context, job.model_id));
    if (await isEvaluated(context, job)) return attempt.finalise();
    const set = await testSet(context, model, unseenBy(job.request.unseen_by));
    const evaluation = await evaluate(context, attempt, model, set);
    await attempt.finalise();
    const created_at = context.clock.date().toISOString();
    const { record, pictures } = evaluationOf(evaluation, { job, model, set, created_at });
    await storeEvaluation(context, record, pictures);
  };
}

function unseenBy(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}

type Child = ChildPool<EvaluationStep, EvaluationAnswer>;

async function evaluate(
  context: Context,
  attempt: JobAttempt,
  model: ModelRecord,
  set: TestSet,
): Promise<DetectorEvaluation> {
  const { config } = context;
  const child = openChild(context);
  try {
    const loaded = await modelToLoad(context, model);
    const threshold = thresholdOf(model).value;
    const open = { do: 'open', model: loaded, threshold, limits: pictureLimits(config) } as const;
    await child.ask(open, { signal: attempt.signal, timeoutMs: OPEN_MS });
    await inspectAll(context, attempt, child, set.images, model);
    const answer = await child.ask(
      { do: 'finish', seed: SEED },
      { signal: attempt.signal, timeoutMs: OPEN_MS },
    );
    if (answer.kind === 'finished') return answer.evaluation;
    throw new Error('internal: the child answered another question');
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

async function inspectAll(
  context: Context,
  attempt: JobAttempt,
  child: Child,
  images: readonly MarkedImage[],
  { owner }: ModelRecord,
): Promise<void> {
  const { clock, config, blobs } = context;
  const beganMs = clock.nowMs();
  const mostMs = config.jobs.max_hours * 3_600_000 - attempt.ranMs;
  for (const [i, { filename, mark, mask }] of images.entries()) {
    const ranMs = clock.nowMs() - beganMs;
    if (ranMs > mostMs)
      throw new ServerError('job.timeout', `the evaluation took longer than ${config.jobs.max_hours} hours`);
    const step: EvaluationStep = {
      do: 'picture',
      name: filename,
      path: await blobs.localPath(blobKeys.image(owner, filename)),
      mask: mask === undefined ? null : await blobs.localPath(blobKeys.mask(owner, mask.id)),
      isDefective: mark === 'ng',
    };
    await child.ask(step, { signal: attempt.signal });
    const done = i + 1;
    attempt.emit({
      type: 'pictures',
      progress: done / images.length,
      seconds_left: ((clock.nowMs() - beganMs) / done / 1000) * (images.length - done),
      done,
      total: images.length,
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
