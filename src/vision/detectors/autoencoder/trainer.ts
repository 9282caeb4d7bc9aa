// Fits the network to pictures: compiled once, used for the model itself and for the short trainings of the calibration.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { adam } from '../../../autodiff/optim/optimizers.ts';
import { cosine } from '../../../autodiff/optim/schedules.ts';
import type { Runtime, RuntimeSession } from '../../../autodiff/runtime.ts';
import { type TrainState, TrainStep } from '../../../autodiff/train-step.ts';
import { batchesOf } from '../../dataset/prefetch.ts';
import { toPicture, unitRange } from '../../image/planes.ts';
import { evenBatchSize } from '../../training/batches.ts';
import { type FitContext, type FitResult, type Judgement, fit as run } from '../../training/fit.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { trainingLoss, validationGraph, viewInputs } from './graphs.ts';
import type { Network } from './network.ts';
import type { AutoencoderSettings } from './settings.ts';
import type { ViewKey, Views } from './views.ts';

export interface TrainerParts {
  readonly network: Network;
  readonly settings: AutoencoderSettings;
  readonly pictures: GoodPictures;
  readonly views: Views;
  /** Indices of the pieces to learn from and of those to judge by, each picture's on one side. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
  /** How many pictures those to judge by come from. */
  readonly heldOut: number;
  readonly runtime: Runtime;
}

/** One training: which pictures, for how long, under which name. */
export interface Lesson {
  readonly phase: string;
  readonly pictures: readonly number[];
  readonly epochs: number;
  /** Whether to show how the model draws a held-out picture, now and then. */
  readonly showSamples: boolean;
}

/** Devices on which products in float16 are worth their trouble. */
const mixedOn: ReadonlySet<Runtime['device']> = new Set(['cuda']);

export class Trainer {
  readonly #parts: TrainerParts;
  readonly #step: TrainStep;
  readonly #validation: RuntimeSession;
  readonly #fresh: TrainState;
  readonly #batchSize: number;
  readonly #validationBatch: number;

  private constructor(parts: TrainerParts, step: TrainStep, validation: RuntimeSession) {
    this.#parts = parts;
    this.#step = step;
    this.#validation = validation;
    this.#fresh = step.state();
    [this.#batchSize, this.#validationBatch] = batchSizes(parts);
  }

  static async open(parts: TrainerParts): Promise<Trainer> {
    const { network, settings, runtime } = parts;
    const [batchSize, validationBatch] = batchSizes(parts);
    const step = await TrainStep.compile({
      runtime,
      parameters: network.parameters,
      inputs: viewInputs(network, batchSize, settings.imageSize),
      build: trainingLoss(network),
      optimizer: adam({ weightDecay: 1e-5 }),
      clipNorm: 1,
      precision: mixedOn.has(runtime.device) ? 'mixed' : 'float32',
    });
    const graph = validationGraph(network, validationBatch, settings.imageSize);
    return new Trainer(parts, step, await runtime.load(toOnnx(graph)));
  }

  /** The steps that an epoch over so many pictures takes. */
  stepsOf(pictures: number): number {
    return Math.ceil(pictures / this.#batchSize);
  }

  /** Trains from the weights that the network had when this was opened, and leaves the best ones in the network. */
  async fit(lesson: Lesson, context: FitContext): Promise<FitResult> {
    const { network, settings, views } = this.#parts;
    const { phase, pictures, epochs } = lesson;
    this.#step.restore(this.#fresh);
    const decay = cosine(epochs);
    const task = {
      phase,
      step: this.#step,
      parameters: network.parameters,
      samples: pictures.length,
      feeds: (samples: readonly number[], epoch: number) =>
        views.feeds(samples.map((i) => this.#viewIn(epoch, pictures[i]!))),
      validate: (epoch: number) => this.#validate(epoch, lesson, context),
      rates: ({ epoch }: { epoch: number }) => ({ lr: settings.learningRate * decay(epoch) }),
    };
    const { seed, patience, minEpochs } = settings;
    return run(task, { epochs, batchSize: this.#batchSize, seed, patience, minEpochs }, context);
  }

  async close(): Promise<void> {
    await this.#step.close();
    await this.#validation.close();
  }

  /** Each epoch shows another view of a picture, and views of different pictures change in turn. */
  #viewIn(epoch: number, picture: number): ViewKey {
    return { picture, view: (epoch + picture) % this.#parts.settings.views };
  }

  /** Mean loss over the plain views of the held-out pictures. */
  async #validate(epoch: number, lesson: Lesson, context: FitContext): Promise<Judgement> {
    const { network, validation, views } = this.#parts;
    const weights = network.parameters
      .all()
      .map(({ name, shape, data }) => [name, { type: 'float32', dims: shape, data }] as const);
    const show = lesson.showSamples && epoch % Math.max(1, Math.round(lesson.epochs / 10)) === 0;
    let sum = 0;
    for (const [i, batch] of batchesOf(validation, this.#validationBatch).entries()) {
      // The last batch is filled up with its first picture, whose further losses are not counted.
      const filled = Array.from({ length: this.#validationBatch }, (_, k) => batch[k] ?? batch[0]!);
      const fed = await views.feeds(filled.map((picture) => ({ picture, view: 0 })));
      const drawn = show && i === 0;
      const outputs = drawn ? { losses: null, reconstruction: null } : { losses: null };
      const out = await this.#validation.run({ ...fed, ...Object.fromEntries(weights) }, outputs);
      for (let k = 0; k < batch.length; k++) sum += Number(out.losses!.data[k]);
      if (drawn) await this.#showSample(epoch, batch[0]!, out.reconstruction!.data as Float32Array, context);
    }
    return { loss: sum / validation.length };
  }

  async #showSample(epoch: number, picture: number, drawn: Float32Array, context: FitContext): Promise<void> {
    const { imageSize } = this.#parts.settings;
    context.onEvent({
      type: 'sample',
      epoch,
      picture: await this.#parts.pictures.picture(picture),
      reconstruction: toPicture(drawn.subarray(0, 3 * imageSize ** 2), imageSize, imageSize, unitRange),
    });
  }
}

function batchSizes({ settings, training, validation }: TrainerParts): [number, number] {
  return [
    evenBatchSize(training.length, settings.batchSize),
    evenBatchSize(validation.length, settings.batchSize),
  ];
}
