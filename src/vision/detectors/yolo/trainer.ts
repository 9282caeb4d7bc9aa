// Fits the network to labelled pictures: one compiled step, its rates, and the figures of each epoch.
import { adamW, type Optimizer, sgd } from '../../../autodiff/optim/optimizers.ts';
import { cosine, warmUp } from '../../../autodiff/optim/schedules.ts';
import type { Runtime } from '../../../autodiff/runtime.ts';
import { type StepRates, TrainStep } from '../../../autodiff/train-step.ts';
import type { Picture } from '../../image/picture.ts';
import { renderDetections } from '../../render/detections.ts';
import {
  type DetectionReport,
  evaluateDetections,
  type JudgedDetections,
} from '../../scoring/detection-metrics.ts';
import { type FitContext, type FitResult, type Judgement, fit as run } from '../../training/fit.ts';
import { batchFeeds } from '../../yolo/batch-feeds.ts';
import { toLetterbox } from '../../yolo/letterbox.ts';
import type { YoloNetwork } from '../../yolo/network.ts';
import type { SampleLoader } from '../../yolo/sample-loader.ts';
import { trainingInputs, trainingLoss } from '../../yolo/training-graph.ts';
import type { OptimizerName, YoloSettings } from './settings.ts';
import { fitnessOf, type Validator } from './validator.ts';

export const PHASE = 'main';

export interface TrainerParts {
  readonly network: YoloNetwork;
  readonly settings: YoloSettings;
  readonly classes: readonly string[];
  readonly train: SampleLoader;
  readonly val: SampleLoader;
  readonly validator: Validator;
  readonly runtime: Runtime;
  /** The file of weights or the model that the network began as, if any. */
  readonly startedFrom: string | null;
  /** As chosen, when the settings leave it open. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Places for boxes in a sample. */
  readonly maxBoxes: number;
}

interface GroupOptions {
  readonly weightDecay: Readonly<Record<string, number>>;
  readonly rates: Readonly<Record<string, number>>;
}

interface OptimizerRow {
  readonly make: (options: GroupOptions) => Optimizer;
  /** The learning rate when none is asked for. */
  readonly learningRate: number;
}

export const optimizers: Readonly<Record<OptimizerName, OptimizerRow>> = {
  adamw: { make: adamW, learningRate: 2e-3 },
  sgd: { make: (options) => sgd({ momentum: 0.937, nesterov: true, ...options }), learningRate: 1e-2 },
};

/** Weights are pulled towards zero, biases and normalisation are not. */
const DECAY = 5e-4;

/** Devices on which products in float16 are worth their trouble. */
const mixedOn: ReadonlySet<Runtime['device']> = new Set(['cuda']);
const CLIP_NORM = 10;
/** The learning rate of the last step, as a share of the first one's. */
const LAST_RATE = 0.01;
const MOST_EMA_DECAY = 0.999;

export class Trainer {
  readonly #parts: TrainerParts;
  readonly #step: TrainStep;

  private constructor(parts: TrainerParts, step: TrainStep) {
    this.#parts = parts;
    this.#step = step;
  }

  static async open(parts: TrainerParts): Promise<Trainer> {
    const { network, settings, runtime, batchSize, maxBoxes } = parts;
    const step = await TrainStep.compile({
      runtime,
      parameters: network.parameters,
      inputs: trainingInputs(batchSize, settings.imageSize, maxBoxes),
      build: trainingLoss(network, { size: settings.imageSize, maxBoxes }),
      optimizer: optimizers[settings.optimizer].make({
        weightDecay: { weight: DECAY, trunk: DECAY },
        rates: { trunk: settings.trunkRate, 'trunk-bias': settings.trunkRate },
      }),
      clipNorm: CLIP_NORM,
      ema: true,
      precision: mixedOn.has(runtime.device) ? 'mixed' : 'float32',
    });
    return new Trainer(parts, step);
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.#parts.train.pictures.length / this.#parts.batchSize);
  }

  /** Leaves the best averaged weights in the network. Throws what `fit` throws. */
  fit(context: FitContext): Promise<FitResult> {
    const { network, settings, train, batchSize } = this.#parts;
    const { epochs, seed, patience } = settings;
    const task = {
      phase: PHASE,
      step: this.#step,
      parameters: network.parameters,
      weights: 'ema',
      samples: train.pictures.length,
      feeds: (samples: readonly number[], epoch: number) => this.#feeds(samples, epoch),
      validate: (epoch: number) => this.#validate(epoch, context),
      rates: ratesOf(this.#parts, this.stepsPerEpoch),
    } as const;
    return run(task, { epochs, batchSize, seed, patience, minEpochs: 1 }, context);
  }

  async close(): Promise<void> {
    await this.#step.close();
  }

  async #feeds(indices: readonly number[], epoch: number) {
    const { train, settings, maxBoxes } = this.#parts;
    const mosaic = hasMosaic(settings, epoch);
    const samples = await Promise.all(indices.map((index) => train.train(index, epoch, { mosaic })));
    return batchFeeds(samples, settings.imageSize, maxBoxes).feeds;
  }

  async #validate(epoch: number, { onEvent }: FitContext): Promise<Judgement> {
    const { validator, classes, settings } = this.#parts;
    const judged = await validator.judge();
    if (epoch % Math.max(1, Math.round(settings.epochs / 10)) === 0)
      onEvent({ type: 'sample', epoch, ...(await this.#drawn(judged)) });
    const report = evaluateDetections(judged, classes);
    return { loss: 1 - fitnessOf(report), metrics: figuresOf(report) };
  }

  /** The first val picture that has boxes, as a sample, and what is found in it. */
  async #drawn(judged: readonly JudgedDetections[]): Promise<{ picture: Picture; reconstruction: Picture }> {
    const { val, classes, settings } = this.#parts;
    const index = Math.max(
      0,
      judged.findIndex(({ truths }) => truths.length > 0),
    );
    const { width, height } = val.pictures[index]!;
    const { pixels, placement } = await val.plain(index);
    const picture = { width: settings.imageSize, height: settings.imageSize, data: pixels };
    const found = judged[index]!.detections.filter(({ confidence }) => confidence > settings.conf).map(
      ({ box: [x1, y1, x2, y2], ...one }) => ({
        ...one,
        box: toLetterbox([x1 / width, y1 / height, x2 / width, y2 / height], placement),
      }),
    );
    return { picture, reconstruction: renderDetections(picture, found, classes) };
  }
}

/** Whether the samples of an epoch (from 0) are mosaics. */
export function hasMosaic({ epochs, closeMosaic }: YoloSettings, epoch: number): boolean {
  return epoch < epochs - closeMosaic;
}

export function figuresOf({ map50, map50_95, precision, recall }: DetectionReport) {
  return { map50: map50 ?? 0, map50_95: map50_95 ?? 0, precision: precision ?? 0, recall: recall ?? 0 };
}

/** The rates by step: a warm-up, half a cosine, and an average over more steps the more there were. */
function ratesOf({ settings, learningRate }: TrainerParts, stepsPerEpoch: number) {
  const { epochs, warmupEpochs } = settings;
  const schedule = warmUp(Math.min(warmupEpochs, epochs / 4), cosine(epochs, LAST_RATE));
  return ({ epoch, step }: { epoch: number; step: number }): StepRates => {
    const done = epoch * stepsPerEpoch + step;
    const lr = learningRate * schedule((done + 1) / stepsPerEpoch);
    return { lr, emaDecay: Math.min(MOST_EMA_DECAY, (1 + done) / (10 + done)) };
  };
}
