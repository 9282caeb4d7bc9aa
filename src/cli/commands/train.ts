// `okapi train`: learns good parts from a folder of pictures, in a process of its own, and writes a model folder.
import { type DatasetFiles, listDataset } from '../../vision/dataset/folder.ts';
import { type autoencoderSettings, completeSettings } from '../../vision/detectors/autoencoder/settings.ts';
import type { TrainedModel, TrainRequest } from '../../vision/detectors/detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { defaultEncoder, weightsFolders } from '../../vision/encoders/table.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { Threshold } from '../../vision/scoring/threshold.ts';
import type { TrainingEvent } from '../../vision/training/events.ts';
import type { CommandContext } from '../context.ts';
import { quoted } from '../environment.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { defaultModelFolder, type ModelTarget, modelTarget } from '../model-target.ts';
import { trainingView } from '../training-view.ts';
import { count, duration, figure } from '../wording.ts';

export interface TrainOptions {
  readonly out?: string;
  readonly encoder: string;
  readonly encoderWeights?: string;
  readonly imgSize?: number;
  readonly epochs?: number;
  readonly lr?: number;
  readonly batch?: number;
  readonly valRatio?: number;
  readonly patience?: number;
  readonly seed?: number;
  readonly falseAlarmRate?: number;
  readonly base?: string;
  readonly device: string;
  readonly threads?: number;
  readonly resume?: boolean;
}

/** The option that sets each setting of a training. */
const flags = {
  encoder: ['encoder', '--encoder'],
  imageSize: ['imgSize', '--img-size'],
  epochs: ['epochs', '--epochs'],
  learningRate: ['lr', '--lr'],
  batchSize: ['batch', '--batch'],
  validationRatio: ['valRatio', '--val-ratio'],
  patience: ['patience', '--patience'],
  seed: ['seed', '--seed'],
  falseAlarmRate: ['falseAlarmRate', '--false-alarm-rate'],
} as const satisfies Partial<
  Record<keyof typeof autoencoderSettings, readonly [keyof TrainOptions, `--${string}`]>
>;

export async function train(dir: string, options: TrainOptions, context: CommandContext): Promise<number> {
  const { terminal, environment, now } = context;
  const settings = await settingsOf(options);
  const dataset = await listDataset(dir);
  const pictures = goodPictures(dataset, dir);
  const target = await modelTarget(options.out ?? defaultModelFolder(dir), dir);
  announce(target, options.resume === true, context);
  const startedMs = now();
  const model = await runTraining(requestOf(options, { settings, pictures, target }), context).catch(
    (error: unknown) => {
      if (error instanceof OkapiError && resumable.includes(error.code)) sayHowToResume(context);
      throw error;
    },
  );
  for (const line of resultLines(model, (now() - startedMs) / 1000)) terminal.out(line);
  const next = [`test ${quoted(target.folder)} PICTURES... --report report.html`];
  if (dataset.test.length > 0) next.push(`eval ${quoted(target.folder)} ${quoted(dir)}`);
  terminal.note('\nWhat next:');
  for (const line of next) terminal.note(`  ${environment.command} ${line}`);
  return exitCodes.ok;
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

/** The settings that were given, checked. Throws option.invalid and encoder.unknown in the words of the command line. */
async function settingsOf(options: TrainOptions): Promise<Record<string, unknown>> {
  const encoder = await encoderOf(options);
  const rows = Object.entries(flags).map(([setting, [option]]) => [
    setting,
    option === 'encoder' ? encoder : options[option],
  ]);
  const settings = Object.fromEntries(rows.filter(([, value]) => value !== undefined));
  try {
    completeSettings(settings);
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    const message = error.message.replace(/^expected (\w+)/, (all, setting: string) =>
      setting in flags ? `expected ${flags[setting as keyof typeof flags][1]}` : all,
    );
    throw new OkapiError(error.code, message, { cause: error });
  }
  return settings;
}

/** Left to the base model when there is one and no encoder was asked for. */
async function encoderOf({ encoder, base }: TrainOptions): Promise<string | undefined> {
  if (encoder !== 'auto') return encoder;
  return base === undefined ? defaultEncoder(weightsFolders(process.cwd(), 'data')) : undefined;
}

function goodPictures({ train: pictures }: DatasetFiles, dir: string): readonly string[] {
  if (pictures.length > 0) return pictures;
  throw new OkapiError('dataset.layout', `expected good pictures in ${dir}/train/good, found none`);
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
  { base, device, threads, encoderWeights, resume = false }: TrainOptions,
  found: {
    readonly settings: Record<string, unknown>;
    readonly pictures: readonly string[];
    readonly target: ModelTarget;
  },
): TrainRequest {
  return {
    kind: 'autoencoder',
    pictures: found.pictures,
    folder: found.target.folder,
    stateFolder: found.target.stateFolder,
    resume,
    device,
    settings: found.settings,
    encoderSource: {
      folders: weightsFolders(process.cwd(), 'data'),
      ...(encoderWeights !== undefined && { weightsFile: encoderWeights }),
    },
    ...(base !== undefined && { base }),
    ...(threads !== undefined && { threads }),
  };
}

function resultLines(model: TrainedModel, seconds: number): string[] {
  const { folder, epochsRun, bestEpoch, pictures } = model;
  const best = bestEpoch === 0 ? 'none was better than the start' : `the best was epoch ${bestEpoch}`;
  return [
    `model      ${folder}`,
    `learnt     ${count(pictures.used, 'good picture')}, ${count(epochsRun, 'epoch')} (${best}) in ${duration(seconds)}`,
    ...(model.task === 'anomaly' ? thresholdLines(model.threshold) : []),
  ];
}

function thresholdLines({ value, trust }: Threshold): string[] {
  return [`threshold  ${figure(value)}; above it a picture is NG`, `           ${trust}`];
}
