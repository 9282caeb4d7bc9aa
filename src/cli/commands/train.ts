// `okapi train`: learns from pictures in a process of its own, and writes a model folder.
import type { DetectFigures, Task, TrainedModel, TrainRequest } from '../../vision/detectors/detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { Threshold } from '../../vision/scoring/threshold.ts';
import type { TrainingEvent } from '../../vision/training/events.ts';
import type { CommandContext } from '../context.ts';
import { quoted } from '../environment.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { defaultModelFolder, type ModelTarget, modelTarget } from '../model-target.ts';
import { planAnomaly } from '../plan-anomaly.ts';
import { planDetect } from '../plan-detect.ts';
import type { Terminal } from '../terminal.ts';
import { checkTask, type TrainingPlan, type TrainOptions } from '../training-plan.ts';
import { trainingView } from '../training-view.ts';
import { count, duration, figure } from '../wording.ts';

const plans: Readonly<
  Record<Task, (path: string, options: TrainOptions, terminal: Terminal) => Promise<TrainingPlan>>
> = { anomaly: planAnomaly, detect: planDetect };

export async function train(path: string, options: TrainOptions, context: CommandContext): Promise<number> {
  const { terminal, environment, now } = context;
  checkTask(options);
  const plan = await plans[options.task](path, options, terminal);
  try {
    const target = await modelTarget(options.out ?? defaultModelFolder(path), path);
    announce(target, options.resume === true, context);
    const startedMs = now();
    const model = await runTraining(requestOf(options, plan, target), context).catch((error: unknown) => {
      if (error instanceof OkapiError && resumable.includes(error.code)) sayHowToResume(context);
      throw error;
    });
    for (const line of resultLines(model, (now() - startedMs) / 1000)) terminal.out(line);
    terminal.note('\nWhat next:');
    for (const line of plan.next(target)) terminal.note(`  ${environment.command} ${line}`);
    return exitCodes.ok;
  } finally {
    await plan.close();
  }
}

/** Trains in a child process, shown on the terminal, until it is done or Ctrl-C. */
export async function runTraining(
  request: TrainRequest,
  { terminal }: CommandContext,
  listen: (event: TrainingEvent) => void = () => {},
): Promise<TrainedModel> {
  const view = trainingView(terminal);
  const onEvent = (event: TrainingEvent) => {
    view.show(event);
    listen(event);
  };
  try {
    return await interruptible(terminal, 'stopping after this step', (signal) =>
      trainInChild(request, { signal, onEvent }),
    );
  } finally {
    view.close();
  }
}

const resumable: readonly string[] = ['train.canceled', 'train.crashed', 'disk.full'];

function sayHowToResume({ terminal, environment, args }: CommandContext): void {
  const again = args.includes('--resume') ? args : [...args, '--resume'];
  terminal.note('The training is kept up to its last saved step. To go on with it:');
  terminal.note(`  ${environment.command} ${again.map(quoted).join(' ')}`);
}

function announce(target: ModelTarget, resume: boolean, { terminal }: CommandContext): void {
  if (target.replaces)
    terminal.note(`${target.folder} holds a model; the new one replaces it when it is complete`);
  if (target.unfinished && !resume)
    terminal.note('starting anew; the unfinished training is thrown away (--resume would go on with it)');
  if (!target.unfinished && resume)
    terminal.note('there is no unfinished training to go on with; starting anew');
}

function requestOf(
  { base, device, threads, resume = false }: TrainOptions,
  { request }: TrainingPlan,
  { folder, stateFolder }: ModelTarget,
): TrainRequest {
  return {
    ...request,
    ...{ folder, stateFolder, resume, device },
    ...(base !== undefined && { base }),
    ...(threads !== undefined && { threads }),
  };
}

export function resultLines(model: TrainedModel, seconds: number): string[] {
  const { folder, epochsRun, bestEpoch, pictures } = model;
  const best = bestEpoch === 0 ? 'none was better than the start' : `the best was epoch ${bestEpoch}`;
  const epochs = epochsRun === 0 ? '' : `, ${count(epochsRun, 'epoch')} (${best})`;
  const kind = model.task === 'anomaly' ? 'good picture' : 'picture';
  return [
    `model      ${folder}`,
    `learnt     ${count(pictures.used, kind)}${epochs} in ${duration(seconds)}`,
    ...(model.task === 'anomaly' ? thresholdLines(model.threshold) : figureLines(model.metrics)),
  ];
}

function thresholdLines({ value, trust }: Threshold): string[] {
  return [`threshold  ${figure(value)}; above it a picture is NG`, `           ${trust}`];
}

function figureLines({ map50, map50_95, precision, recall }: DetectFigures): string[] {
  const shown = (value: number) => value.toFixed(3);
  return [
    `found      mAP50 ${shown(map50)}, mAP50-95 ${shown(map50_95)}`,
    `           precision ${shown(precision)} and recall ${shown(recall)} where F1 is best`,
  ];
}
