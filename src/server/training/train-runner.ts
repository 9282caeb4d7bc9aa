// Runs a training job: a child makes the model in the job's folder, then it is stored. Any part may run twice.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TrainedModel, TrainRequest } from '../../vision/detectors/detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { OkapiError } from '../../vision/errors.ts';
import { type ChildTrainingOptions, TrainingCrash } from '../../vision/training/child-training.ts';
import { ServerError } from '../contract/errors.ts';
import { readModel } from '../models/model-documents.ts';
import { type NewModel, storeModel } from '../models/store-model.ts';
import type { Config } from '../platform/config.ts';
import type { Context } from '../platform/context.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import type { JobAttempt, JobRunner } from '../platform/queue/job-queue.ts';
import { finishedModel } from './finished-model.ts';
import { jobEvent } from './job-events.ts';
import { sampleStore } from './samples.ts';
import { parseOrder } from './training-order.ts';
import { trainingParts } from './training-parts.ts';

/** How the model is made: in a child process, unless a test says otherwise. */
export type Train = (
  request: TrainRequest,
  options: Omit<ChildTrainingOptions<TrainedModel>, 'parseResult'>,
) => Promise<TrainedModel>;

/** One run of ONNX Runtime blocks its process: a large step on a slow machine takes minutes. */
const LONGEST_SILENCE_MS = 300_000;
/** Well under the 5 s in which a canceled job must have ended. */
const GRACE_MS = 3500;

/**
 * The runner of jobs of kind `train`. An attempt goes on from the checkpoint of the one before; a model that is complete in
 * the job's folder is stored and not trained again. Threads: those of the configuration, else all processors but one,
 * shared by the workers.
 */
export function trainRunner(
  context: Context,
  options: { readonly train?: Train; readonly silentMs?: number } = {},
): JobRunner {
  const { train = trainInChild, silentMs = LONGEST_SILENCE_MS } = options;
  return async (attempt) => {
    const { job, workFolder } = attempt;
    const folder = join(workFolder, 'model');
    const find = () => finishedModel(context.blobs, job, folder);
    let model = (await storedModel(context, job, folder)) ?? (await find());
    if (model === null) {
      await trainModel(context, attempt, { train, silentMs, folder });
      model = await find();
    }
    if (model === null) throw new Error('internal: the training left no whole model');
    await attempt.finalise();
    await storeModel(context, model);
  };
}

/** The model that an earlier attempt has stored, if not to the very end. */
async function storedModel(
  context: Context,
  { model_id }: JobRecord,
  folder: string,
): Promise<NewModel | null> {
  const record = (await readModel(context, model_id))?.value;
  if (record === undefined) return null;
  return { record, files: new Map(Object.keys(record.files).map((name) => [name, join(folder, name)])) };
}

interface Making {
  readonly train: Train;
  readonly silentMs: number;
  readonly folder: string;
}

async function trainModel(context: Context, attempt: JobAttempt, making: Making): Promise<void> {
  const { config } = context;
  const leftMs = config.jobs.max_hours * 3_600_000 - attempt.ranMs;
  if (leftMs <= 0) throw tooLong(config.jobs);
  const samples = sampleStore(context, attempt);
  const request = await trainRequest(context, attempt, making.folder);
  const options: Parameters<Train>[1] = {
    signal: attempt.signal,
    graceMs: GRACE_MS,
    commandPrefix: config.training.sandbox_command,
    limits: {
      memoryBytes: config.jobs.max_memory_mb * 2 ** 20,
      wallMs: leftMs,
      silentMs: making.silentMs,
      messageBytes: 2 ** 26,
    },
    onEvent: (event) => (event.type === 'sample' ? samples.add(event) : attempt.emit(jobEvent(event))),
  };
  try {
    await making.train(request, options).catch((error: unknown) => {
      if (!(error instanceof OkapiError) || !isLostState(error)) throw error;
      attempt.emit({ type: 'log', text: `the saved state cannot be used; the training starts anew` });
      return making.train({ ...request, resume: false }, options);
    });
  } catch (error) {
    throw limitError(error, config.jobs);
  } finally {
    await samples.done();
  }
}

/** The state was damaged on disk, or is that of an older version of this program. */
function isLostState({ code, message }: OkapiError): boolean {
  return (
    code === 'checkpoint.incompatible' || (code === 'checkpoint.corrupt' && message.includes('resume state'))
  );
}

function limitError(error: unknown, { max_memory_mb, max_hours }: Config['jobs']): unknown {
  const breach = error instanceof TrainingCrash ? error.breach : null;
  if (breach === 'memory')
    return new ServerError(
      'job.out_of_memory',
      `the training needed more than ${max_memory_mb} MB. Ask for a smaller img_size or smaller batches (batch of a detector, else training.batch_size), or raise jobs.max_memory_mb.`,
      { cause: error },
    );
  if (breach === 'time') return tooLong({ max_hours }, error);
  return error;
}

/** All attempts of the job together. */
function tooLong({ max_hours }: Pick<Config['jobs'], 'max_hours'>, cause?: unknown): ServerError {
  return new ServerError(
    'job.timeout',
    `the training took longer than ${max_hours} hours. Ask for fewer epochs or a smaller img_size, or raise jobs.max_hours.`,
    { cause },
  );
}

async function trainRequest(context: Context, attempt: JobAttempt, folder: string): Promise<TrainRequest> {
  const { config } = context;
  const { job, workFolder } = attempt;
  const { record, notes = [], ...parts } = await trainingParts(context, job);
  for (const text of notes) attempt.emit({ type: 'log', text });
  return {
    ...parts,
    folder,
    stateFolder: join(workFolder, 'state'),
    resume: true,
    device: config.training.device,
    threads: threadsOf(config),
    record: {
      model_id: job.model_id,
      mode: job.owner.kind,
      scene_id: job.owner.kind === 'scene' ? job.owner.id : null,
      project_id: job.owner.kind === 'project' ? job.owner.id : null,
      training_mode: parseOrder(job.request).training_mode,
      ...record,
    },
  };
}

/** One processor stays free for requests. */
export function threadsOf(
  { training, jobs }: Pick<Config, 'training' | 'jobs'>,
  processors = availableParallelism(),
): number {
  return training.threads ?? Math.max(1, Math.ceil((processors - 1) / jobs.max_workers));
}
