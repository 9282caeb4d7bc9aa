// The one training loop: epochs over a compiled TrainStep, validated, the best weights kept, resumable at any step.
import type { Parameters } from '../../autodiff/nn/parameters.ts';
import type { RuntimeTensor } from '../../autodiff/runtime.ts';
import type { StepRates, TrainState, TrainStep } from '../../autodiff/train-step.ts';
import { prefetch } from '../dataset/prefetch.ts';
import { OkapiError } from '../errors.ts';
import { epochBatches } from './batches.ts';
import type { TrainingEvent } from './events.ts';
import type { Progress } from './progress.ts';
import type { ResumeFiles, ResumeState } from './resume-files.ts';

export type Feeds = Readonly<Record<string, RuntimeTensor>>;

/** What is trained. */
export interface FitTask {
  /** Its name in events and in the plan of the progress. */
  readonly phase: string;
  readonly step: TrainStep;
  /** Where the weights go for validation, and the best ones in the end. */
  readonly parameters: Parameters;
  /** How many samples an epoch has. */
  readonly samples: number;
  /** The inputs of one step; asked for one batch ahead, so that files are read while the step before runs. */
  feeds(samples: readonly number[], epoch: number): Promise<Feeds>;
  /** Which weights are validated and kept: the present ones, or the moving average that the step keeps. */
  readonly weights?: 'weights' | 'ema';
  /** How good the weights are that now lie in `parameters`, over held-out samples. */
  validate(epoch: number): Promise<Judgement>;
  /** Rates of a step; epoch and step count from 0. */
  rates(at: { readonly epoch: number; readonly step: number; readonly steps: number }): StepRates;
}

export interface Judgement {
  /** Decides which epoch is the best; the lower the better. */
  readonly loss: number;
  /** What else is told of the epoch, by name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface FitOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Decides the order of the samples. */
  readonly seed: number;
  /** Stop after max(patience, minEpochs) epochs without a lower validation loss. */
  readonly patience: number;
  readonly minEpochs: number;
}

export interface FitContext {
  readonly resume: ResumeFiles<FitPosition>;
  readonly progress: Progress;
  readonly onEvent: (event: TrainingEvent) => void;
  /** Aborting it stops the training after the present step, with its state saved. */
  readonly signal: AbortSignal;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

export interface FitResult {
  readonly epochsRun: number;
  /** Counted from 1; 0 when no epoch was better than the weights that the training began with. */
  readonly bestEpoch: number;
  readonly bestLoss: number;
  /** What was told of each epoch, of earlier processes too. */
  readonly history: readonly EpochEvent[];
  /** The trained weights and buffers after the last epoch, best or not. */
  readonly last: Weights;
}

export type EpochEvent = Extract<TrainingEvent, { type: 'epoch' }>;

export type Weights = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Where a training stands: `step` steps of epoch `epoch` (from 0) are done. */
export interface FitPosition {
  readonly epoch: number;
  readonly step: number;
  readonly lossSum: number;
  /** Sums over the steps of the epoch of the scalars that the step hands back. */
  readonly outputSums: Readonly<Record<string, number>>;
  /** Loss of the first step of all. */
  readonly firstLoss: number | null;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly history: readonly EpochEvent[];
  readonly train: Pick<TrainState, 'step' | 'accumulated' | 'lossScale'>;
}

/** A loss this many times that of the first step will not come back. */
const EXPLOSION = 100;
/** An epoch that takes longer is saved in between. */
const SAVE_EVERY_MS = 60_000;
/** Short epochs are not all saved, so that saving takes at most this share of the time: a crash costs some 33 savings. */
const SAVE_SHARE = 0.03;

/**
 * Trains until the last epoch or until validation stops improving, and leaves the best weights in `task.parameters`.
 * Goes on from the state in `context.resume` when there is one: the result is then bit for bit that of an uninterrupted
 * training on the same machine and thread count. Throws train.diverged, train.canceled (the state is saved), disk.full.
 */
export async function fit(task: FitTask, options: FitOptions, context: FitContext): Promise<FitResult> {
  const run = new Run(task, options, context);
  await run.begin();
  while (!run.finished) {
    await run.trainEpoch();
    await run.validateEpoch();
    await run.saveEpoch();
  }
  return run.end();
}

class Run {
  readonly #task: FitTask;
  readonly #options: FitOptions;
  readonly #context: FitContext;
  readonly #steps: number;
  #epoch = 0;
  #step = 0;
  #lossSum = 0;
  #outputSums: Record<string, number> = {};
  #firstLoss: number | null = null;
  #best: { epoch: number; loss: number; weights: Weights } = { epoch: 0, loss: 0, weights: new Map() };
  #history: EpochEvent[] = [];
  #savedMs = 0;
  #saveTookMs = 0;

  constructor(task: FitTask, options: FitOptions, context: FitContext) {
    this.#task = task;
    this.#options = options;
    this.#context = context;
    this.#steps = Math.ceil(task.samples / options.batchSize);
  }

  get finished(): boolean {
    const { epochs, patience, minEpochs } = this.#options;
    return this.#epoch >= epochs || this.#epoch - this.#best.epoch >= Math.max(patience, minEpochs);
  }

  async begin(): Promise<void> {
    const { resume, progress, onEvent, now } = this.#context;
    const { phase } = this.#task;
    const saved = await resume.load();
    if (saved) this.#restore(saved);
    else this.#keepBest((await this.#validate('before training')).loss);
    if (saved) onEvent({ type: 'resumed', phase, epoch: this.#epoch, step: this.#step });
    progress.begin(phase, this.#epoch * this.#steps + this.#step);
    this.#savedMs = now();
  }

  async trainEpoch(): Promise<void> {
    const { samples } = this.#task;
    const { batchSize, seed } = this.#options;
    const batches = epochBatches(samples, batchSize, seed, this.#epoch).slice(this.#step);
    const prepare = (batch: number[]) => this.#task.feeds(batch, this.#epoch);
    for await (const feeds of prefetch(batches, prepare, { ahead: 1 })) {
      await this.#pause();
      await this.#trainStep(feeds);
    }
  }

  async validateEpoch(): Promise<void> {
    const { phase } = this.#task;
    const lossOfEpoch = this.#lossSum / this.#steps;
    const outputs = Object.entries(this.#outputSums).map(([name, sum]) => [name, sum / this.#steps]);
    const learningRate = this.#rates(this.#steps - 1).lr;
    [this.#epoch, this.#step, this.#lossSum, this.#outputSums] = [this.#epoch + 1, 0, 0, {}];
    const { loss: validationLoss, metrics } = await this.#validate(`after epoch ${this.#epoch}`);
    const best = validationLoss < this.#best.loss;
    if (best) this.#keepBest(validationLoss);
    const event: EpochEvent = {
      type: 'epoch',
      phase,
      epoch: this.#epoch,
      epochs: this.#options.epochs,
      loss: lossOfEpoch,
      validationLoss,
      learningRate,
      best,
      ...((outputs.length > 0 || metrics) && { metrics: { ...Object.fromEntries(outputs), ...metrics } }),
    };
    this.#history.push(event);
    this.#context.onEvent(event);
  }

  async saveEpoch(): Promise<void> {
    const sinceMs = this.#context.now() - this.#savedMs;
    if (this.finished || sinceMs * SAVE_SHARE >= this.#saveTookMs) await this.#save();
  }

  end(): FitResult {
    this.#context.progress.finish(this.#task.phase);
    this.#takeWeights();
    const last = this.#copyWeights();
    for (const { name, data } of this.#task.parameters.all()) {
      const kept = this.#best.weights.get(name);
      if (kept) data.set(kept.data);
    }
    const { epoch: bestEpoch, loss: bestLoss } = this.#best;
    return { epochsRun: this.#epoch, bestEpoch, bestLoss, history: this.#history, last };
  }

  async #save(): Promise<void> {
    const startedMs = this.#context.now();
    const { step, accumulated, lossScale, tensors } = this.#task.step.state();
    const position: FitPosition = {
      epoch: this.#epoch,
      step: this.#step,
      lossSum: this.#lossSum,
      outputSums: this.#outputSums,
      firstLoss: this.#firstLoss,
      bestEpoch: this.#best.epoch,
      bestLoss: this.#best.loss,
      history: this.#history,
      train: { step, accumulated, lossScale },
    };
    await this.#context.resume.save({
      position,
      tensors: new Map([...prefixed('train/', tensors), ...prefixed('best/', this.#best.weights)]),
    });
    this.#savedMs = this.#context.now();
    this.#saveTookMs = this.#savedMs - startedMs;
  }

  async #trainStep(feeds: Feeds): Promise<void> {
    const { phase, step } = this.#task;
    const { progress, onEvent } = this.#context;
    const rates = this.#rates(this.#step);
    const { loss, outputs } = await step.run(feeds, rates);
    this.#step++;
    this.#lossSum += this.#checked(loss, `in epoch ${this.#epoch + 1}, step ${this.#step} of ${this.#steps}`);
    this.#firstLoss ??= loss;
    for (const [name, { data }] of Object.entries(outputs))
      if (data.length === 1) this.#outputSums[name] = (this.#outputSums[name] ?? 0) + Number(data[0]);
    progress.step(phase);
    onEvent({
      type: 'step',
      phase,
      epoch: this.#epoch + 1,
      epochs: this.#options.epochs,
      step: this.#step,
      steps: this.#steps,
      loss,
      learningRate: rates.lr,
      progress: progress.fraction,
      secondsLeft: progress.secondsLeft,
    });
  }

  /** Between two steps: the place to stop, and to save when an epoch is long. */
  async #pause(): Promise<void> {
    const { signal, now } = this.#context;
    if (signal.aborted) {
      await this.#save();
      throw new OkapiError('train.canceled', `the training was canceled in epoch ${this.#epoch + 1}`);
    }
    if (now() - this.#savedMs >= SAVE_EVERY_MS) await this.#save();
  }

  #rates(step: number): StepRates {
    return this.#task.rates({ epoch: this.#epoch, step, steps: this.#steps });
  }

  async #validate(when: string): Promise<Judgement> {
    this.#takeWeights();
    const judgement = await this.#task.validate(this.#epoch);
    this.#checked(judgement.loss, when);
    return judgement;
  }

  #takeWeights(): void {
    const { step, parameters, weights } = this.#task;
    step.writeTo(parameters, weights);
  }

  /** The loss, unless it says that the training is lost. */
  #checked(loss: number, when: string): number {
    const limit = this.#firstLoss === null ? Number.POSITIVE_INFINITY : EXPLOSION * Math.abs(this.#firstLoss);
    if (Number.isFinite(loss) && Math.abs(loss) <= Math.max(limit, EXPLOSION)) return loss;
    const { lr } = this.#rates(0);
    throw new OkapiError(
      'train.diverged',
      `the loss became ${loss} ${when}: the training diverged at learning rate ${lr}; try ${lr / 10}`,
    );
  }

  /** Keeps a copy of the weights that lie in the parameters. */
  #keepBest(loss: number): void {
    this.#best = { epoch: this.#epoch, loss, weights: this.#copyWeights() };
  }

  #copyWeights(): Weights {
    const weights: Weights = new Map();
    for (const { name, shape, data, trainable, group } of this.#task.parameters.all())
      if (trainable || group === 'buffer') weights.set(name, { shape, data: data.slice() });
    return weights;
  }

  #restore({ position, tensors }: ResumeState<FitPosition>): void {
    const { epoch, step, lossSum, outputSums, firstLoss, bestEpoch, bestLoss, train } = position;
    [this.#epoch, this.#step, this.#lossSum, this.#firstLoss] = [epoch, step, lossSum, firstLoss];
    this.#outputSums = { ...outputSums };
    this.#history = [...position.history];
    this.#task.step.restore({ ...train, tensors: unprefixed('train/', tensors) });
    this.#best = { epoch: bestEpoch, loss: bestLoss, weights: unprefixed('best/', tensors) };
  }
}

function* prefixed<T>(prefix: string, map: ReadonlyMap<string, T>): Iterable<[string, T]> {
  for (const [name, value] of map) yield [prefix + name, value];
}

function unprefixed<T>(prefix: string, map: ReadonlyMap<string, T>): Map<string, T> {
  const rows = [...map].filter(([name]) => name.startsWith(prefix));
  return new Map(rows.map(([name, value]) => [name.slice(prefix.length), value]));
}
