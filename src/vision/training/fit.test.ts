import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mean, square, sub, tanh } from '../../autodiff/index.ts';
import { linear } from '../../autodiff/nn/layers.ts';
import { Parameters } from '../../autodiff/nn/parameters.ts';
import { adam, sgd } from '../../autodiff/optim/optimizers.ts';
import { Random } from '../../autodiff/random.ts';
import { TrainStep } from '../../autodiff/train-step.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import type { TrainingEvent } from './events.ts';
import { type FitContext, type FitOptions, type FitTask, fit as train } from './fit.ts';
import { Progress } from './progress.ts';
import { ResumeFiles } from './resume-files.ts';

let runtime: DeviceRuntime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const SAMPLES = 10;
const BATCH = 4;
const STEPS = 3;

/** Learns y = sin of the sum of three numbers with seven hidden units; `seen` lists the samples of every step. */
async function task(
  options: { optimizer?: 'adam' | 'sgd'; lr?: number; validation?: number[]; emaDecay?: number } = {},
) {
  const { emaDecay } = options;
  const averaged = emaDecay !== undefined;
  const random = new Random(5);
  const inputs = Array.from({ length: SAMPLES }, () => [random.normal(), random.normal(), random.normal()]);
  const wanted = inputs.map((x) => Math.sin(x[0]! + x[1]! + x[2]!));
  const parameters = new Parameters(7);
  const step = await TrainStep.compile({
    runtime,
    parameters,
    inputs: { x: { shape: [BATCH, 3] }, y: { shape: [BATCH, 1] } },
    build: (s, { x, y }) => {
      const hidden = tanh(linear(s.at('a'), x, { out: 7 }));
      return { loss: mean(square(sub(linear(s.at('b'), hidden, { out: 1 }), y))) };
    },
    optimizer: options.optimizer === 'sgd' ? sgd() : adam(),
    ema: averaged,
  });
  const seen: string[] = [];
  const feeds = async (samples: readonly number[], epoch: number) => {
    seen.push(`${epoch}: ${samples.join(' ')}`);
    const tensor = (rows: number[][]) => ({
      type: 'float32',
      dims: [rows.length, rows[0]!.length],
      data: Float32Array.from(rows.flat()),
    });
    return { x: tensor(samples.map((i) => inputs[i]!)), y: tensor(samples.map((i) => [wanted[i]!])) };
  };
  const validation = options.validation;
  const fitTask: FitTask = {
    phase: 'main',
    step,
    parameters,
    samples: SAMPLES,
    feeds,
    // Without given losses: how far one weight is from a number, which stands for any function of the weights.
    validate: async (epoch) => ({
      loss: validation?.[epoch] ?? 3 + Math.abs(parameters.get('b.weight')!.data[0]! - 0.2),
    }),
    rates: ({ epoch }) => ({ lr: (options.lr ?? 0.05) / (1 + epoch), ...(averaged && { emaDecay }) }),
    ...(averaged && { weights: 'ema' as const }),
  };
  return { fitTask, parameters, seen };
}

const options: FitOptions = { epochs: 6, batchSize: BATCH, seed: 3, patience: 10, minEpochs: 5 };

let names = 0;
function context(
  more: Partial<FitContext> & { name?: string; identity?: Record<string, number> } = {},
): FitContext {
  const resume = new ResumeFiles(
    folder,
    more.name ?? `fit-${names++}`,
    more.identity ?? { size: 64 },
  ) as FitContext['resume'];
  let clock = 0;
  const now = () => (clock += 10);
  return {
    resume,
    progress: new Progress({ main: options.epochs * STEPS }, now),
    onEvent: () => {},
    signal: new AbortController().signal,
    now,
    ...more,
  };
}

const weightsOf = (parameters: Parameters) => parameters.all().map(({ name, data }) => [name, [...data]]);

describe('fit', () => {
  it('shows every sample once an epoch in a new order, fills the last batch, and tells of each step', async () => {
    const { fitTask, seen } = await task();
    const events: TrainingEvent[] = [];
    const result = await train(fitTask, options, context({ onEvent: (event) => events.push(event) }));
    const epochs = [0, 1].map((epoch) => seen.slice(epoch * STEPS, epoch * STEPS + STEPS));
    for (const epoch of epochs) {
      const samples = epoch.flatMap((line) => line.slice(3).split(' ').map(Number));
      expect(samples.slice(0, SAMPLES).sort((a, b) => a - b)).toEqual([...Array(SAMPLES).keys()]);
      expect(samples.slice(SAMPLES)).toEqual(samples.slice(0, STEPS * BATCH - SAMPLES));
    }
    expect(epochs[0]).not.toEqual(epochs[1]!.map((line) => line.replace('1:', '0:')));
    const steps = events.filter((event) => event.type === 'step');
    expect(steps).toHaveLength(options.epochs * STEPS);
    expect(steps[3]).toMatchObject({ epoch: 2, step: 1, steps: STEPS, learningRate: 0.025 });
    expect(steps.at(-1)).toMatchObject({ progress: 1, secondsLeft: 0 });
    expect(events.filter((event) => event.type === 'epoch')).toHaveLength(options.epochs);
    expect(result.epochsRun).toBe(options.epochs);
  });

  it('ends with the weights of the best epoch', async () => {
    const short = await task({ validation: [9, 5, 3, 4, 6, 8, 7] });
    const best = await train(short.fitTask, options, context());
    expect(best).toMatchObject({ epochsRun: 6, bestEpoch: 2, bestLoss: 3 });
    const two = await task({ validation: [9, 5, 3] });
    await train(two.fitTask, { ...options, epochs: 2 }, context());
    expect(weightsOf(short.parameters)).toEqual(weightsOf(two.parameters));
  });

  it('validates, keeps and ends with the averages of the weights where the step keeps them', async () => {
    const DECAY = 0.8;
    const { fitTask, parameters } = await task({ validation: [9, 5, 3, 4, 6, 8, 7], emaDecay: DECAY });
    const name = 'b.weight';
    const now = () => [...(fitTask.step.state().tensors.get(name)!.data as Float32Array)];
    let average = [...parameters.get(name)!.data];
    const averages: number[][] = [];
    const weights: number[][] = [];
    const validated: number[][] = [];
    const onEvent = ({ type }: TrainingEvent) => {
      if (type === 'step') average = average.map((a, i) => DECAY * a + (1 - DECAY) * now()[i]!);
    };
    const validate: FitTask['validate'] = (epoch) => {
      averages.push(average);
      weights.push(now());
      validated.push([...parameters.get(name)!.data]);
      return fitTask.validate(epoch);
    };
    const result = await train({ ...fitTask, validate }, options, context({ onEvent }));
    const far = (a: readonly number[], b: readonly number[]) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    expect(validated).toHaveLength(1 + options.epochs);
    for (const [epoch, seen] of validated.entries()) {
      expect(far(seen, averages[epoch]!)).toBeLessThan(1e-6);
      if (epoch > 0) expect(far(seen, weights[epoch]!)).toBeGreaterThan(1e-3);
    }
    expect(result).toMatchObject({ bestEpoch: 2, bestLoss: 3 });
    expect([...parameters.get(name)!.data]).toEqual(validated[2]);
    expect([...result.last.get(name)!.data]).toEqual(validated.at(-1));
  });

  it('calls the epoch the best whose validation is, whatever the training loss says, and tells its figures', async () => {
    const { fitTask } = await task();
    const precision = [0, 0.2, 0.7, 0.4, 0.7, 0.6, 0.1];
    const validate = async (epoch: number) => ({
      loss: 1 - precision[epoch]!,
      metrics: { map50: precision[epoch]! },
    });
    const events: TrainingEvent[] = [];
    const onEvent = (event: TrainingEvent) => events.push(event);
    const { bestEpoch, history } = await train({ ...fitTask, validate }, options, context({ onEvent }));
    const epochs = events.filter((event) => event.type === 'epoch');
    // The first of two that are equally good; the training itself goes on to learn.
    expect(bestEpoch).toBe(2);
    expect(epochs.map(({ best }) => best)).toEqual([true, true, false, false, false, false]);
    expect(epochs.map(({ metrics }) => metrics)).toEqual(precision.slice(1).map((map50) => ({ map50 })));
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[1]!.loss);
    expect(history).toEqual(epochs);
  });

  it('goes on with the averages, too, bit for bit', async () => {
    const whole = await task({ emaDecay: 0.8 });
    const expected = await train(whole.fitTask, options, context());
    const stop = new AbortController();
    let steps = 0;
    const onEvent = ({ type }: TrainingEvent) => {
      if (type === 'step' && ++steps === 7) stop.abort();
    };
    const first = await task({ emaDecay: 0.8 });
    const name = 'averaged';
    await expect(
      train(first.fitTask, options, context({ name, signal: stop.signal, onEvent })),
    ).rejects.toThrow(expect.objectContaining({ code: 'train.canceled' }));
    const second = await task({ emaDecay: 0.8 });
    expect(await train(second.fitTask, options, context({ name }))).toEqual(expected);
    expect(weightsOf(second.parameters)).toEqual(weightsOf(whole.parameters));
  });

  it('stops after max(patience, minEpochs) epochs without improvement', async () => {
    const validation = [9, 5, ...Array(30).fill(6)];
    const run = async (patience: number, minEpochs: number) => {
      const { fitTask } = await task({ validation });
      const progress = new Progress({ main: 90 }, () => 0);
      const { epochsRun } = await train(
        fitTask,
        { ...options, epochs: 30, patience, minEpochs },
        context({ progress }),
      );
      return [epochsRun, progress.fraction];
    };
    expect(await run(2, 4)).toEqual([5, 1]);
    expect(await run(3, 1)).toEqual([4, 1]);
  });

  it('goes on bit for bit from wherever it was canceled', async () => {
    const whole = await task();
    const expected = await train(whole.fitTask, options, context());
    for (const stopAt of [1, 2, 3, 7, 9, 17]) {
      const name = `canceled-${stopAt}`;
      const stop = new AbortController();
      let steps = 0;
      const onEvent = (event: TrainingEvent) => {
        if (event.type === 'step' && ++steps === stopAt) stop.abort();
      };
      const first = await task();
      await expect(
        train(first.fitTask, options, context({ name, signal: stop.signal, onEvent })),
      ).rejects.toThrow(expect.objectContaining({ code: 'train.canceled' }));
      const second = await task();
      const events: TrainingEvent[] = [];
      const result = await train(
        second.fitTask,
        options,
        context({ name, onEvent: (event) => events.push(event) }),
      );
      expect(events[0]).toEqual({
        type: 'resumed',
        phase: 'main',
        epoch: Math.floor(stopAt / STEPS),
        step: stopAt % STEPS,
      });
      expect(result).toEqual(expected);
      expect(weightsOf(second.parameters)).toEqual(weightsOf(whole.parameters));
      expect(second.seen).toEqual(whole.seen.slice(stopAt));
    }
  });

  it('does nothing more when it is resumed after its end', async () => {
    const whole = await task();
    const expected = await train(whole.fitTask, options, context({ name: 'done' }));
    const again = await task();
    expect(await train(again.fitTask, options, context({ name: 'done' }))).toEqual(expected);
    expect(again.seen).toEqual([]);
    expect(weightsOf(again.parameters)).toEqual(weightsOf(whole.parameters));
  });

  it('saves inside an epoch that takes longer than a minute', async () => {
    let clock = 0;
    const now = () => (clock += 25_000);
    const { fitTask } = await task();
    let saves = 0;
    const resume = {
      load: async () => null,
      save: async () => void saves++,
    } as unknown as FitContext['resume'];
    await train(fitTask, { ...options, epochs: 1 }, context({ now, resume }));
    expect(saves).toBe(2);
  });

  it('saves every epoch, but short ones only so often that saving takes 3 % of the time', async () => {
    const saves = async (saveMs: number) => {
      let clock = 0;
      const { fitTask } = await task();
      let count = 0;
      const save = async () => {
        clock += saveMs;
        count++;
      };
      const resume = { load: async () => null, save } as unknown as FitContext['resume'];
      const onEvent = ({ type }: TrainingEvent) => {
        if (type === 'epoch') clock += 1000;
      };
      await train(fitTask, options, context({ now: () => clock, resume, onEvent }));
      return count;
    };
    expect(await saves(30)).toBe(6);
    expect(await saves(60)).toBe(4); // after epochs 1, 3, 5 and the last
  });

  it('keeps two states, and takes the older one when the newer is damaged', async () => {
    const { fitTask } = await task();
    const name = 'damaged';
    await train(fitTask, { ...options, epochs: 2 }, context({ name }));
    const files = (await readdir(folder)).filter((file) => file.startsWith(name)).sort();
    expect(files).toEqual(['damaged.0.resume', 'damaged.1.resume']);
    const damage = async (file: string, at: number) => {
      const bytes = await readFile(join(folder, file));
      bytes[bytes.length - at]! ^= 1;
      await writeFile(join(folder, file), bytes);
    };
    await damage('damaged.1.resume', 40);
    const events: TrainingEvent[] = [];
    const second = await task();
    const onEvent = (event: TrainingEvent) => events.push(event);
    await train(second.fitTask, options, context({ name, onEvent }));
    expect(events[0]).toMatchObject({ type: 'resumed', epoch: 1, step: 0 });
    for (const file of files) await damage(file, 40);
    await expect(train((await task()).fitTask, options, context({ name }))).rejects.toThrow(
      expect.objectContaining({ code: 'checkpoint.corrupt' }),
    );
  });

  it('refuses the state of another training and says what differs', async () => {
    const { fitTask } = await task();
    const name = 'another';
    await train(fitTask, { ...options, epochs: 1 }, context({ name }));
    await expect(train(fitTask, options, context({ name, identity: { size: 128 } }))).rejects.toThrow(
      expect.objectContaining({
        code: 'checkpoint.incompatible',
        message: expect.stringContaining('size was 64, now 128'),
      }),
    );
  });

  it('fails when the loss is no number or explodes, and says at which rate', async () => {
    const { fitTask } = await task({ optimizer: 'sgd', lr: 1e6 });
    await expect(train(fitTask, options, context())).rejects.toThrow(
      expect.objectContaining({
        code: 'train.diverged',
        message: expect.stringMatching(
          /^the loss became .* in epoch 1, step 2 of 3: .* 1000000; try 100000$/,
        ),
      }),
    );
    const broken = await task({ validation: [9, Number.NaN] });
    await expect(train(broken.fitTask, options, context())).rejects.toThrow(
      'the loss became NaN after epoch 1',
    );
  });
});
