// What a training says of itself, in the words of a job.
import type { TrainingEvent } from '../../vision/training/events.ts';
import type { JobEvent } from '../platform/queue/job.ts';

type Rows = {
  readonly [T in Exclude<TrainingEvent['type'], 'sample'>]: (
    event: Extract<TrainingEvent, { type: T }>,
  ) => JobEvent;
};

const stageTexts = {
  reading: 'reading the images',
  training: 'training',
  calibrating: 'finding the threshold',
  saving: 'writing the model',
} as const;

const log = (text: string): JobEvent => ({ type: 'log', text });

const rows: Rows = {
  device: ({ reason }) => log(`computing on ${reason}`),
  pictures: ({ used, copies, refused }) =>
    log(
      [
        `${used} images`,
        ...(copies > 0 ? [`${copies} show the same as others and are left out`] : []),
        ...refused.map(({ file, message }) => `${lastName(file)} is left out: ${message}`),
      ].join('; '),
    ),
  stage: ({ stage }) => log(stageTexts[stage]),
  resumed: ({ phase, epoch, step }) => log(`goes on in ${phase} after epoch ${epoch}, step ${step}`),
  note: ({ text }) => log(text),
  step: ({ type: _, secondsLeft: seconds_left, learningRate: learning_rate, ...same }) => ({
    type: 'progress',
    ...pick(same),
    seconds_left,
    learning_rate,
    step: same.step,
    steps: same.steps,
    progress: same.progress,
  }),
  work: ({ stage, done, total, progress, secondsLeft: seconds_left }) => ({
    type: 'pictures',
    stage,
    done,
    total,
    progress,
    seconds_left,
  }),
  epoch: ({ best, validationLoss: validation_loss, learningRate: learning_rate, metrics, ...same }) => ({
    type: 'epoch',
    ...pick(same),
    validation_loss,
    learning_rate,
    best,
    ...(metrics !== undefined && { metrics }),
  }),
};

/** Samples are pictures and have to be stored first. */
export function jobEvent(event: Exclude<TrainingEvent, { type: 'sample' }>): JobEvent {
  return (rows[event.type] as (event: TrainingEvent) => JobEvent)(event);
}

function pick({
  epoch,
  epochs,
  loss,
  phase,
}: Record<'epoch' | 'epochs' | 'loss', number> & { phase: string }) {
  return { epoch, epochs, loss, phase };
}

const lastName = (file: string) => file.slice(file.lastIndexOf('/') + 1);
