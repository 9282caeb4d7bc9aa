// A training step: model, loss, gradients, clipping and optimizer compiled to one ONNX graph whose state stays in two
// sets of buffers that take turns as input and output.
import { gradients } from './grad.ts';
import { graph, topologicalOrder, type Value } from './graph.ts';
import { autocast, type LossScale, LossScaler } from './mixed-precision.ts';
import { type Parameter, type Parameters, Scope } from './nn/parameters.ts';
import { type Inputs, type InputTypes, makeInputs } from './nn/trace.ts';
import { channelBlock } from './onnx/channel-block.ts';
import { toOnnx } from './onnx/to-onnx.ts';
import {
  add,
  concat,
  constant,
  div,
  finite,
  input,
  maximum,
  mul,
  reshape,
  sqrt,
  sub,
  sumSquare,
  where,
} from './ops/build.ts';
import type { Optimizer } from './optim/optimizers.ts';
import { type RewriteRule, rewrite } from './rewrite.ts';
import type { LoadOptions, Runtime, RuntimeSession, RuntimeTensor } from './runtime.ts';
import { elementCount, GraphError, type Shape, sameShape, shapeText } from './tensor.ts';
import { mixBeforeResize } from './upsampled-conv.ts';
import { packWeights, type WeightPack } from './weight-packs.ts';
import { winograd } from './winograd.ts';

export interface TrainStepOptions<T extends InputTypes> {
  readonly runtime: Runtime;
  readonly parameters: Parameters;
  readonly inputs: T;
  /** The model and its scalar loss; `outputs` are handed back by run. */
  readonly build: (
    s: Scope,
    inputs: Inputs<T>,
  ) => { readonly loss: Value; readonly outputs?: Readonly<Record<string, Value>> };
  readonly optimizer: Optimizer;
  /** Scales all gradients down together when their global norm is larger (Pascanu et al. 2013). */
  readonly clipNorm?: number;
  /** Runs whose mean gradient makes one optimizer step. */
  readonly accumulate?: number;
  /** Keeps an exponential moving average of the weights; its decay is given to run. */
  readonly ema?: boolean;
  /** 'mixed' computes products in float16 with dynamic loss scaling; for devices that have it. */
  readonly precision?: 'float32' | 'mixed';
  readonly load?: LoadOptions;
}

export interface StepRates {
  readonly lr: number;
  /** Needed when the step keeps an average: its decay, such as 0.999. */
  readonly emaDecay?: number;
}

export interface StepResult {
  readonly loss: number;
  /** Global norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /** False while gradients accumulate, and when mixed precision skipped a step that overflowed. */
  readonly applied: boolean;
  readonly outputs: Readonly<Record<string, RuntimeTensor>>;
}

/** All that a training step needs to go on bit for bit: weights, optimizer slots, buffers and counters. */
export interface TrainState {
  readonly step: number;
  readonly accumulated: number;
  readonly lossScale: LossScale | null;
  readonly tensors: ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;
}

/** What the graph is fed and hands back: one buffer, or one array of a pack of weights. */
interface StateArray {
  readonly shape: Shape;
  current: Float32Array;
  next: Float32Array;
}

/** A tensor of the state by its own name: a part of an array. */
interface StateTensor {
  readonly shape: Shape;
  readonly array: string;
  readonly start: number;
}

export class TrainStep {
  readonly #options: { readonly accumulate: number; readonly ema: boolean; readonly inputs: InputTypes };
  readonly #sessions: { readonly apply: RuntimeSession; readonly collect: RuntimeSession | null };
  readonly #arrays: ReadonlyMap<string, StateArray>;
  readonly #state: ReadonlyMap<string, StateTensor>;
  readonly #outputNames: readonly string[];
  readonly #scaler: LossScaler | null;
  #step = 0;
  #accumulated = 0;
  #running = false;

  private constructor(
    options: { accumulate: number; ema: boolean; inputs: InputTypes },
    sessions: { apply: RuntimeSession; collect: RuntimeSession | null },
    plan: Pick<Plan, 'arrays' | 'state' | 'outputNames'>,
    scaler: LossScaler | null,
  ) {
    this.#options = options;
    this.#sessions = sessions;
    this.#arrays = plan.arrays;
    this.#state = plan.state;
    this.#outputNames = plan.outputNames;
    this.#scaler = scaler;
  }

  /** Builds, differentiates and compiles. Throws GraphError when a trainable weight does not affect the loss. */
  static async compile<T extends InputTypes>(options: TrainStepOptions<T>): Promise<TrainStep> {
    const accumulate = options.accumulate ?? 1;
    if (!(Number.isInteger(accumulate) && accumulate >= 1))
      throw new GraphError(`train step: accumulate must be a whole number of at least 1, got ${accumulate}`);
    if (options.clipNorm !== undefined && !(options.clipNorm > 0))
      throw new GraphError(`train step: clipNorm must be above 0, got ${options.clipNorm}`);
    const plan = planStep(options, accumulate);
    const target = options.runtime.device === 'cpu' ? 'cpu' : 'portable';
    const block = await channelBlock(options.runtime);
    const load = (outputs: Readonly<Record<string, Value>>) =>
      options.runtime.load(
        toOnnx(graph({ inputs: plan.inputs(outputs), outputs }), {
          name: 'train_step',
          target,
          channelBlock: block,
        }),
        options.load,
      );
    const apply = await load(plan.apply);
    const collect = plan.collect ? await load(plan.collect) : null;
    const scaler = options.precision === 'mixed' ? new LossScaler() : null;
    return new TrainStep(
      { accumulate, ema: options.ema ?? false, inputs: options.inputs },
      { apply, collect },
      plan,
      scaler,
    );
  }

  /**
   * One batch. Throws GraphError when a rate or an input is missing or of another type, or when the run before has not
   * ended, whose state this one needs. The loss may be NaN: the caller decides what that means.
   */
  async run(feeds: Readonly<Record<string, RuntimeTensor>>, rates: StepRates): Promise<StepResult> {
    expectFeeds(this.#options.inputs, feeds);
    const collecting = this.#accumulated + 1 < this.#options.accumulate;
    const session = collecting ? this.#sessions.collect! : this.#sessions.apply;
    const scalars: Record<string, RuntimeTensor> = {
      'rate/lr': scalarTensor(rates.lr),
      'rate/step': scalarTensor(this.#step + 1),
      'rate/scale': scalarTensor(this.#scaler?.scale ?? 1),
    };
    if (this.#options.ema) {
      if (rates.emaDecay === undefined)
        throw new GraphError('train step: emaDecay is needed, because the step keeps an average');
      scalars['rate/ema'] = scalarTensor(rates.emaDecay);
    }
    const fed: Record<string, RuntimeTensor> = { ...feeds };
    const fetches: Record<string, RuntimeTensor | null> = {};
    const written: StateArray[] = [];
    const inputNames = new Set(session.inputNames);
    const outputNames = new Set(session.outputNames);
    for (const name of Object.keys(scalars)) if (inputNames.has(name)) fed[name] = scalars[name]!;
    for (const [name, tensor] of this.#state)
      if (inputNames.has(name)) fed[name] = { type: 'float32', dims: tensor.shape, data: this.#read(tensor) };
    for (const [name, array] of this.#arrays) {
      if (inputNames.has(name)) fed[name] = { type: 'float32', dims: array.shape, data: array.current };
      if (!outputNames.has(`next/${name}`)) continue;
      fetches[`next/${name}`] = { type: 'float32', dims: array.shape, data: array.next };
      written.push(array);
    }
    for (const name of outputNames) fetches[name] ??= null;
    if (this.#running) throw new GraphError('train step: the run before this one has not ended');
    this.#running = true;
    const results = await session.run(fed, fetches).finally(() => {
      this.#running = false;
    });
    for (const array of written) [array.current, array.next] = [array.next, array.current];
    return this.#account(results, collecting);
  }

  #account(results: Record<string, RuntimeTensor>, collecting: boolean): StepResult {
    const read = (name: string) => Number(results[name]!.data[0]);
    const finite = this.#scaler === null || collecting || read('result/finite') === 1;
    this.#scaler?.update(finite, collecting);
    if (collecting) this.#accumulated++;
    else {
      this.#accumulated = 0;
      if (finite) this.#step++;
      for (const [name, array] of this.#arrays) if (name.startsWith('sum/')) array.current.fill(0);
    }
    const outputs = Object.fromEntries(this.#outputNames.map((name) => [name, results[`output/${name}`]!]));
    return {
      loss: read('result/loss'),
      gradientNorm: collecting ? Number.NaN : read('result/gradientNorm'),
      applied: !collecting && finite,
      outputs,
    };
  }

  /** The present numbers of a tensor, no copy. */
  #read({ array, start, shape }: StateTensor): Float32Array {
    return this.#arrays.get(array)!.current.subarray(start, start + elementCount(shape));
  }

  /** Optimizer steps made so far. */
  get step(): number {
    return this.#step;
  }

  /** A copy of everything that the next step depends on. */
  state(): TrainState {
    const tensors = new Map(
      [...this.#state].map(([name, tensor]) => [
        name,
        { shape: tensor.shape, data: this.#read(tensor).slice() },
      ]),
    );
    return {
      step: this.#step,
      accumulated: this.#accumulated,
      lossScale: this.#scaler?.state() ?? null,
      tensors,
    };
  }

  /** Goes back to a state of the same step. Throws GraphError when a tensor is missing, unknown or of another shape. */
  restore(state: TrainState): void {
    const unknown = [...state.tensors.keys()].filter((name) => !this.#state.has(name));
    if (unknown.length > 0) throw new GraphError(`train state: ${unknown[0]} does not belong to this step`);
    for (const [name, tensor] of this.#state) {
      const saved = state.tensors.get(name);
      if (
        !saved ||
        !sameShape(saved.shape, tensor.shape) ||
        saved.data.length !== elementCount(tensor.shape)
      ) {
        throw new GraphError(
          `train state: expected ${name} [${tensor.shape}], got ${saved ? `[${saved.shape}]` : 'nothing'}`,
        );
      }
    }
    if (state.accumulated >= this.#options.accumulate) {
      throw new GraphError(
        `train state: ${state.accumulated} gradients were accumulated, this step takes ${this.#options.accumulate}`,
      );
    }
    for (const [name, tensor] of this.#state) this.#read(tensor).set(state.tensors.get(name)!.data);
    this.#step = state.step;
    this.#accumulated = state.accumulated;
    if (state.lossScale) this.#scaler?.restore(state.lossScale);
  }

  /**
   * Copies the present weights and buffers (or the moving average of the weights) into a store. Throws GraphError when
   * the average is wanted and the step keeps none.
   */
  writeTo(parameters: Parameters, which: 'weights' | 'ema' = 'weights'): void {
    if (which === 'ema' && !this.#options.ema)
      throw new GraphError('train step: it keeps no average of the weights');
    for (const { name, data } of parameters.all()) {
      const source = (which === 'ema' && this.#state.get(`ema/${name}`)) || this.#state.get(name);
      if (source) data.set(this.#read(source));
    }
  }

  async close(): Promise<void> {
    await this.#sessions.apply.close();
    await this.#sessions.collect?.close();
  }
}

function scalarTensor(value: number): RuntimeTensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) };
}

function expectFeeds(types: InputTypes, feeds: Readonly<Record<string, RuntimeTensor>>): void {
  for (const [name, { shape, dtype = 'float32' }] of Object.entries(types)) {
    const fed = feeds[name];
    if (fed && fed.type === dtype && sameShape(fed.dims, shape)) continue;
    const got = fed ? `${fed.type}${shapeText(fed.dims)}` : 'nothing';
    throw new GraphError(`train step: input ${name} takes ${dtype}${shapeText(shape)}, got ${got}`);
  }
}

interface Plan {
  readonly apply: Readonly<Record<string, Value>>;
  readonly collect: Readonly<Record<string, Value>> | null;
  readonly arrays: ReadonlyMap<string, StateArray>;
  readonly state: ReadonlyMap<string, StateTensor>;
  readonly outputNames: readonly string[];
  /** The inputs that some outputs need. */
  inputs(outputs: Readonly<Record<string, Value>>): Value[];
}

/**
 * Names: a weight or buffer is fed under its own name, a buffer comes back as next/NAME. Weights come back in packs, which are
 * fed to the optimizer as well: pack/0 and so on, with their slots SLOT/pack/0, and next/ before what comes back.
 */
function planStep<T extends InputTypes>(options: TrainStepOptions<T>, accumulate: number): Plan {
  const { parameters, optimizer } = options;
  const scope = new Scope(parameters, 'train');
  const fed = makeInputs(options.inputs);
  const mixed = options.precision === 'mixed';
  const onCpu = options.runtime.device === 'cpu';
  const passes = [mixBeforeResize, ...(mixed ? [autocast] : onCpu ? [winograd] : [])];
  const model = prepare(options.build(scope, fed), scope, passes);
  const rate = {
    lr: input('rate/lr', []),
    step: input('rate/step', []),
    scale: input('rate/scale', []),
    ema: input('rate/ema', []),
  };

  const arrays = new Map<string, StateArray>();
  const state = new Map<string, StateTensor>();
  const inputs: Value[] = [];
  /** An array of the state; `parts` are the tensors in it, by their names and in their order. */
  const keep = (name: string, parts: readonly [string, Parameter][], first: Float32Array): Value => {
    const alone = parts.length === 1 && parts[0]![0] === name;
    const shape = alone ? parts[0]![1].shape : [first.length];
    arrays.set(name, { shape, current: first, next: new Float32Array(first.length) });
    let start = 0;
    for (const [part, like] of parts) {
      state.set(part, { shape: like.shape, array: name, start });
      start += elementCount(like.shape);
    }
    const value = scope.values().get(name) ?? input(name, shape);
    inputs.push(value);
    return value;
  };

  const used = [...scope.values().keys()].map((name) => parameters.get(name)!);
  const trained = used.filter((parameter) => parameter.trainable);
  if (trained.length === 0) throw new GraphError('train step: the model has no trainable weights');
  const weights = trained.map((parameter) => scope.values().get(parameter.name)!);
  inputs.push(...weights);
  const scaled = mixed ? mul(model.loss, rate.scale) : model.loss;
  const raw = new Map(
    gradients(scaled, weights).map((g, i) => [trained[i]!, mixed ? div(g, rate.scale) : g]),
  );

  const packs = packWeights(trained, optimizer).map((pack, i) => {
    const named = (prefix: string) =>
      pack.parameters.map((parameter) => [prefix + parameter.name, parameter] as [string, Parameter]);
    const numbers = () => joined(pack);
    const zeros = () => new Float32Array(pack.length);
    const g = concat(
      pack.parameters.map((parameter) => reshape(raw.get(parameter)!, [-1])),
      0,
    );
    return {
      ...pack,
      name: `pack/${i}`,
      g,
      weights: () => keep(`pack/${i}`, named(''), numbers()),
      average: () => keep(`ema/pack/${i}`, named('ema/'), numbers()),
      slot: (slot: string) => keep(`${slot}/pack/${i}`, named(`${slot}/`), zeros()),
    };
  });

  const collected: Record<string, Value> = {};
  const grads = packs.map(({ g, name, slot }) => {
    if (accumulate === 1) return g;
    const next = add(slot('sum'), mul(g, 1 / accumulate));
    collected[`next/sum/${name}`] = next;
    return next;
  });

  const norm = sqrt(grads.map((g) => sumSquare(g)).reduce((a, b) => add(a, b)));
  const clipping = options.clipNorm === undefined ? undefined : clipFactor(norm, options.clipNorm);
  const sound = mixed ? finite(norm) : undefined;
  const guarded = (next: Value, old: Value) => (sound ? where(sound, next, old) : next);

  const next: Record<string, Value> = {};
  for (const [i, pack] of packs.entries()) {
    const w = pack.weights();
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, pack.slot(slot)]));
    const updated = optimizer.update({
      w,
      g: clipping ? mul(grads[i]!, clipping) : grads[i]!,
      slots,
      lr: pack.rate === 1 ? rate.lr : mul(rate.lr, pack.rate),
      step: rate.step,
      decay: pack.decay,
    });
    next[`next/${pack.name}`] = guarded(updated.w, w);
    for (const slot of optimizer.slots)
      next[`next/${slot}/${pack.name}`] = guarded(updated.slots[slot]!, slots[slot]!);
    if (!options.ema) continue;
    const average = pack.average();
    const change = mul(sub(updated.w, average), sub(1, rate.ema));
    next[`next/ema/${pack.name}`] = guarded(add(average, change), average);
  }

  const buffers: Record<string, Value> = {};
  for (const parameter of used) {
    if (parameter.trainable || scope.values().get(parameter.name)!.node.op !== 'input') continue;
    const old = keep(parameter.name, [[parameter.name, parameter]], parameter.data.slice());
    const update = model.updates[parameter.name] ?? old;
    // Where float16 overflows in the forward pass, running statistics must not take it in.
    buffers[`next/${parameter.name}`] = mixed ? where(finite(update), update, old) : update;
  }

  const outputs = Object.fromEntries(
    Object.entries(model.outputs).map(([name, value]) => [`output/${name}`, value]),
  );
  const always = { 'result/loss': model.loss, ...outputs, ...buffers };
  const everyInput = [...(Object.values(fed) as Value[]), ...Object.values(rate), ...inputs];
  return {
    apply: {
      ...always,
      'result/gradientNorm': norm,
      ...(sound && { 'result/finite': where(sound, constant(1), constant(0)) }),
      ...next,
    },
    collect: accumulate > 1 ? { ...always, ...collected } : null,
    arrays,
    state,
    outputNames: Object.keys(model.outputs),
    inputs: (wanted) => reached(wanted, everyInput, Object.values(fed) as Value[]),
  };
}

/** The numbers of the weights of a pack. */
function joined({ parameters, length }: WeightPack): Float32Array {
  const all = new Float32Array(length);
  let start = 0;
  for (const { data } of parameters) {
    all.set(data, start);
    start += data.length;
  }
  return all;
}

/** The forward pass in the form that is differentiated: each pass over the graph makes it cheaper. */
function prepare(
  built: { readonly loss: Value; readonly outputs?: Readonly<Record<string, Value>> },
  scope: Scope,
  passes: readonly RewriteRule[],
) {
  const all = {
    loss: built.loss,
    ...prefixed('output/', built.outputs ?? {}),
    ...prefixed('update/', Object.fromEntries(scope.updates())),
  };
  const plain = graph({ inputs: inputsOf(Object.values(all)), outputs: all });
  const { outputs } = passes.reduce(rewrite, plain);
  const named = (prefix: string) =>
    Object.fromEntries(
      Object.entries(outputs).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
      ),
    ) as Record<string, Value>;
  return { loss: outputs.loss!, outputs: named('output/'), updates: named('update/') };
}

function prefixed(prefix: string, values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function inputsOf(values: readonly Value[]): Value[] {
  return topologicalOrder(values).flatMap((node) => (node.op === 'input' ? node.outputs : []));
}

/** 1, or maxNorm / norm when the norm is larger; as torch.nn.utils.clip_grad_norm_ (which adds 1e-6). */
function clipFactor(norm: Value, maxNorm: number): Value {
  return div(constant(maxNorm), maximum(add(norm, 1e-6), maxNorm));
}

/** The candidates that the outputs depend on, and the model's own inputs in any case. */
function reached(
  outputs: Readonly<Record<string, Value>>,
  candidates: readonly Value[],
  always: readonly Value[],
): Value[] {
  const needed = new Set([...inputsOf(Object.values(outputs)), ...always]);
  return candidates.filter((value) => needed.has(value));
}
