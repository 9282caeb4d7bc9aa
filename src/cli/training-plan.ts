// What `okapi train` will ask of a training, from a folder and options: a plan for each task.
import type { Task, TrainRequest } from '../vision/detectors/detector.ts';
import type { DetectorKindName } from '../vision/detectors/kinds.ts';
import { OkapiError } from '../vision/errors.ts';
import type { ModelTarget } from './model-target.ts';

/** The ways to find anomalies, by the names of their kinds of detectors. */
export const methods = [
  'auto',
  'memory-bank',
  'subspace',
  'autoencoder',
] as const satisfies DetectorKindName[];
export type Method = (typeof methods)[number];

export interface TrainOptions {
  readonly task: Task;
  readonly out?: string;
  readonly encoder: string;
  readonly encoderWeights?: string;
  readonly variant?: string;
  readonly weights?: string;
  readonly imgSize?: number;
  readonly epochs?: number;
  readonly lr?: number;
  readonly batch?: number;
  readonly valRatio?: number;
  readonly patience?: number;
  readonly seed?: number;
  readonly falseAlarmRate?: number;
  readonly method?: string;
  readonly bankBytes?: number;
  readonly placeWeight?: number;
  readonly reweight?: number;
  readonly regions?: string;
  readonly tiles?: string;
  readonly defectSize?: number;
  readonly conf?: number;
  readonly iou?: number;
  readonly base?: string;
  readonly device: string;
  readonly threads?: number;
  readonly resume?: boolean;
}

/** What the pictures and options come to; the rest of the request is the same for all tasks. */
export interface TrainingPlan {
  readonly request: Pick<
    TrainRequest,
    'kind' | 'pictures' | 'objects' | 'settings' | 'regions' | 'tiles' | 'defectSize' | 'encoderSource'
  >;
  /** Commands to try when the model is there, without the program's name. */
  next(target: ModelTarget): readonly string[];
  /** Removes what was made for the training alone. */
  close(): Promise<void>;
}

/** The option that sets each setting, and how it is written. */
export type Flags<Settings> = {
  readonly [K in keyof Settings]?: readonly [option: keyof TrainOptions, flag: `--${string}`];
};

/** Options that only one of the tasks knows. */
const ownFlags: Readonly<Record<Task, readonly (readonly [keyof TrainOptions, `--${string}`])[]>> = {
  anomaly: [
    ['encoder', '--encoder'],
    ['encoderWeights', '--encoder-weights'],
    ['falseAlarmRate', '--false-alarm-rate'],
    ['method', '--method'],
    ['bankBytes', '--bank-bytes'],
    ['placeWeight', '--place-weight'],
    ['reweight', '--reweight'],
    ['regions', '--regions'],
    ['tiles', '--tiles'],
    ['defectSize', '--defect-size'],
  ],
  detect: [
    ['variant', '--variant'],
    ['weights', '--weights'],
    ['conf', '--conf'],
    ['iou', '--iou'],
  ],
};

/** Throws option.invalid for an option of another task. */
export function checkTask(options: TrainOptions): void {
  for (const [task, flags] of Object.entries(ownFlags))
    for (const [option, flag] of flags) {
      const isGiven = options[option] !== undefined && options[option] !== 'auto';
      if (task !== options.task && isGiven)
        throw new OkapiError(
          'option.invalid',
          `${flag} is an option of --task ${task}, not of ${options.task}`,
        );
    }
}

/** The settings that options give, checked. Throws what `complete` throws, in the words of the command line. */
export function settingsFrom<Settings>(
  flags: Flags<Settings>,
  options: Partial<TrainOptions>,
  complete: (given: Record<string, unknown>) => unknown,
): Record<string, unknown> {
  const rows = Object.entries<readonly [keyof TrainOptions, string]>(
    flags as Record<string, readonly [keyof TrainOptions, string]>,
  );
  const given = rows.map(([setting, [option]]) => [setting, options[option]] as const);
  const settings = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  inFlags(flags, () => complete(settings));
  return settings;
}

/** Does `work`; what it throws about a setting is said in the words of the command line. */
export function inFlags<Settings>(flags: Flags<Settings>, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    const rows = flags as Readonly<Record<string, readonly [unknown, string]>>;
    const message = error.message.replace(
      /^expected (\w+)/,
      (_, setting: string) => `expected ${rows[setting]?.[1] ?? setting}`,
    );
    throw new OkapiError(error.code, message, { cause: error });
  }
}
