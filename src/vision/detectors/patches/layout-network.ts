// The autoencoder of `auto`: it draws the features of a whole part through a few numbers, so that it knows what belongs where.
import {
  adam,
  add,
  averagePool2d,
  cosine,
  gelu,
  layers,
  mean,
  Parameters,
  reshape,
  resize,
  Scope,
  sqrt,
  square,
  sub,
  sum,
  trace,
  transpose,
  type Value,
} from '../../../autodiff/index.ts';
import { Random } from '../../../autodiff/random.ts';
import type { Runtime } from '../../../autodiff/runtime.ts';
import { type TrainState, TrainStep } from '../../../autodiff/train-step.ts';
import { OkapiError } from '../../errors.ts';
import type { Axes } from './features.ts';

/** Channels of what is drawn: places along so many principal axes. */
export const LAYOUT_AXES = 64;
/** Channels inside. */
const CHANNELS = 32;
/** A part is described by so many numbers: few, so that it cannot draw what it has not learnt. */
const NUMBERS = 32;
const BATCH = 8;
const RATE = 2e-3;
/** From few pictures fewer steps: a second of it must not cost more than the rest of the training. */
const STEPS_OF_A_PICTURE = 15;
const MOST_STEPS = 200;

/** The steps of a training on so many pictures. */
export const layoutSteps = (pictures: number) => Math.min(MOST_STEPS, STEPS_OF_A_PICTURE * pictures);

/** What draws, and what it draws: axes that are already divided by the root of their deviation. */
export interface Layout {
  readonly axes: Axes;
  readonly parameters: Parameters;
}

/** What is drawn of patches along the axes [g * g, axes]: [1, axes, g / 2, g / 2]. */
export function layoutOf(places: Value): Value {
  const [patches, channels] = places.type.shape as [number, number];
  const grid = Math.sqrt(patches);
  return averagePool2d(reshape(transpose(places, [1, 0]), [1, channels, grid, grid]), {
    kernel: 2,
    stride: 2,
  });
}

/** The drawing of layouts, [N, axes, g, g] both. */
export function draw(s: Scope, x: Value): Value {
  const [batch, axes, grid] = x.type.shape as [number, number, number];
  const half = (v: Value, name: string) =>
    gelu(layers.conv(s.at(name), v, { out: CHANNELS, kernel: 3, stride: 2, pad: 1 }));
  const first = half(x, 'down1');
  const second = half(first, 'down2');
  const small = second.type.shape[3]!;
  const few = layers.linear(s.at('few'), reshape(second, [batch, CHANNELS * small * small]), {
    out: NUMBERS,
  });
  const many = gelu(layers.linear(s.at('many'), few, { out: CHANNELS * small * small }));
  const to = (v: Value, side: number) => resize(v, { height: side, width: side, mode: 'bilinear' });
  const conv = (v: Value, name: string, out: number) =>
    layers.conv(s.at(name), v, { out, kernel: 3, pad: 1 });
  const middle = to(reshape(many, [batch, CHANNELS, small, small]), first.type.shape[3]!);
  const wide = to(gelu(conv(middle, 'up1', CHANNELS)), grid);
  return conv(gelu(conv(wide, 'up2', CHANNELS)), 'drawn', axes);
}

/** How far each place of a layout is from its drawing: [g * g, 1]. */
export function fromDrawing(layout: Value, { parameters }: Layout): Value {
  const grid = layout.type.shape[3]!;
  const apart = square(sub(draw(new Scope(parameters, 'infer'), layout), layout));
  return reshape(sqrt(add(sum(apart, { axes: [1] }), 1e-12)), [grid * grid, 1]);
}

/** The same seed gives the same first weights. */
export function freshParameters(axes: number, grid: number, seed: number): Parameters {
  const parameters = new Parameters(seed);
  trace(parameters, {
    inputs: { layout: { shape: [1, axes, grid, grid] } },
    build: (s, { layout }) => ({ y: draw(s, layout) }),
  });
  return parameters;
}

/** Trains networks on layouts [axes * g * g] one after the other, each from the same first weights. */
export class LayoutTrainer {
  readonly #step: TrainStep;
  readonly #fresh: TrainState;
  readonly #grid: number;
  readonly #axes: number;
  readonly #seed: number;

  private constructor(step: TrainStep, shape: { grid: number; axes: number; seed: number }) {
    this.#step = step;
    this.#fresh = step.state();
    this.#grid = shape.grid;
    this.#axes = shape.axes;
    this.#seed = shape.seed;
  }

  static async open(
    runtime: Runtime,
    shape: { grid: number; axes: number; seed: number },
  ): Promise<LayoutTrainer> {
    const { grid, axes, seed } = shape;
    const step = await TrainStep.compile({
      runtime,
      parameters: freshParameters(axes, grid, seed),
      inputs: { layouts: { shape: [BATCH, axes, grid, grid] } },
      build: (s, { layouts }) => ({ loss: mean(square(sub(draw(s, layouts), layouts))) }),
      optimizer: adam({ weightDecay: 1e-5 }),
      clipNorm: 1,
    });
    return new LayoutTrainer(step, shape);
  }

  /** Throws what stops the signal, and train.diverged. */
  async train(layouts: readonly Float32Array[], steps: number, signal: AbortSignal): Promise<Parameters> {
    this.#step.restore(this.#fresh);
    const decay = cosine(steps);
    const random = new Random(this.#seed).fork('layouts');
    const size = layouts[0]!.length;
    for (let step = 0; step < steps; step++) {
      signal.throwIfAborted();
      const data = new Float32Array(BATCH * size);
      for (let i = 0; i < BATCH; i++) data.set(layouts[random.int(layouts.length)]!, i * size);
      const dims = [BATCH, this.#axes, this.#grid, this.#grid];
      const lr = RATE * decay(step);
      const { loss } = await this.#step.run({ layouts: { type: 'float32', dims, data } }, { lr });
      if (!Number.isFinite(loss))
        throw new OkapiError(
          'train.diverged',
          `the loss of the autoencoder became ${loss} in step ${step + 1}`,
        );
      await new Promise(setImmediate); // so that a cancellation is heard
    }
    const parameters = freshParameters(this.#axes, this.#grid, this.#seed);
    this.#step.writeTo(parameters);
    return parameters;
  }

  close(): Promise<void> {
    return this.#step.close();
  }
}
