// One compiled model: plain tensors in and out of ONNX Runtime, checked, and written in place.

import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-node';
import type { LoadOptions, RuntimeSession, RuntimeTensor, TypedArray } from '../../autodiff/runtime.ts';
import type { Backend, Device } from './backends.ts';
import { readable } from './engine-errors.ts';
import { stopName, stoppedInPlace, withStop } from './in-place.ts';

export type Engine = typeof import('onnxruntime-node');

export interface SessionLoadOptions extends LoadOptions {
  /** Entries of ONNX Runtime's session configuration, such as 'session.set_denormal_as_zero': '1'. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Outputs that `runKeeping` leaves on the device, to be fed to a later run without a trip through memory.
   * Only webgpu can; on other devices the session has no `runKeeping` and this is ignored.
   */
  readonly keepOnDevice?: readonly string[];
}

/** A tensor that lives on the device until it is closed. It can be fed to any session of the same runtime. */
export interface DeviceTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** Copies it into memory. */
  read(): Promise<RuntimeTensor>;
  close(): void;
}

export interface OpenedSession extends RuntimeSession {
  /** Runs and returns all outputs, those named in `keepOnDevice` as DeviceTensor. The caller closes them. */
  runKeeping?(feeds: Readonly<Record<string, RuntimeTensor | DeviceTensor>>): Promise<{
    readonly kept: Record<string, DeviceTensor>;
    readonly results: Record<string, RuntimeTensor>;
  }>;
}

export interface SessionPlace {
  readonly engine: Engine;
  readonly device: Device;
  readonly backend: Backend;
  readonly threads: number;
  /** The sessions that are not closed yet. */
  readonly open: Set<RuntimeSession>;
  /** Reads a tensor back from the device. */
  download(tensor: Tensor): Promise<RuntimeTensor>;
}

/**
 * A larger model holds its weights and answers little: copying it for `withStop` costs more (0.2 s for 112 MB) than the
 * copies of its results. A training step is given its weights, so its model is small and what it answers is large.
 */
const MOST_COPIED_BYTES = 16 * 2 ** 20;

/** Compiles a model. Throws an Error that says what the engine did not accept. */
export async function openSession(
  place: SessionPlace,
  model: Uint8Array | string,
  options: SessionLoadOptions = {},
): Promise<OpenedSession> {
  const keeps = place.device === 'webgpu' && (options.keepOnDevice?.length ?? 0) > 0;
  const settings = sessionSettings(place, options);
  const compile = async (more: InferenceSession.SessionOptions = {}) => {
    const create = place.engine.InferenceSession;
    const all = { ...settings, ...more };
    if (typeof model === 'string') return create.create(model, all);
    const copies = !keeps && model.length <= MOST_COPIED_BYTES;
    return create.create(copies ? withStop(model) : model, all);
  };
  try {
    if (!keeps) return new OnnxSession(place, await compile());
    // The engine wants a place for every output, so their names must be known first.
    const locations = await outputLocations(await compile(), new Set(options.keepOnDevice));
    return new KeepingSession(place, await compile({ preferredOutputLocation: locations }));
  } catch (error) {
    throw new Error(`${place.device} cannot load the model: ${readable(error)}`, { cause: error });
  }
}

/**
 * What ONNX Runtime is told. For a decoder's training step, measured: a memory plan costs 1.5 GB and no plan no time;
 * without the arena the peak is less than half again, at 1.35 times the time. Threads that spun on after a run in wait of the
 * next one (for over 60 ms) would take the processor from other sessions and programs: two models in turns took up to twice as long.
 */
export function sessionSettings(
  place: Pick<SessionPlace, 'backend' | 'threads'>,
  options: SessionLoadOptions,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [...place.backend.providers],
    intraOpNumThreads: place.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    enableCpuMemArena: options.memory !== 'low',
    logSeverityLevel: 4,
    extra: { 'session.force_spinning_stop': '1', ...options.config },
  };
}

class OnnxSession implements RuntimeSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  protected readonly place: SessionPlace;
  protected readonly session: InferenceSession;
  readonly #outputs: ReadonlyMap<string, InferenceSession.ValueMetadata>;
  readonly #canStop: boolean;
  /** Outputs seen to be single numbers: the engine describes them and outputs of unknown rank alike. */
  readonly #scalars = new Set<string>();

  constructor(place: SessionPlace, session: InferenceSession) {
    this.place = place;
    this.session = session;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames.filter((name) => name !== stopName);
    this.#outputs = new Map(session.outputMetadata.map((output) => [output.name, output]));
    this.#canStop = session.outputNames[0] === stopName;
    place.open.add(this);
  }

  async run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: Readonly<Record<string, RuntimeTensor | null>> = this.everyOutput(),
  ): Promise<Record<string, RuntimeTensor>> {
    const fed = this.feed(feeds);
    this.#checkFetches(fetches);
    const wanted = Object.entries(fetches).map(
      ([name, given]) => [name, given ?? this.#allocate(name)] as const,
    );
    const arrays = Object.fromEntries(
      wanted.map(([name, tensor]) => [name, tensor && toEngine(this.place.engine.Tensor, tensor)]),
    );
    const inPlace = this.#canStop && wanted.every(([, tensor]) => tensor);
    const results = await this.execute(fed, inPlace ? { [stopName]: null, ...arrays } : arrays);
    for (const [name, result] of Object.entries(results))
      if ((result as Tensor).dims.length === 0) this.#scalars.add(name);
    return Object.fromEntries(
      wanted.map(([name, tensor]) => [name, tensor ?? fromEngine(results[name] as Tensor)]),
    );
  }

  async close(): Promise<void> {
    if (this.place.open.delete(this)) await this.session.release();
  }

  protected everyOutput(): Record<string, null> {
    return Object.fromEntries(this.outputNames.map((name) => [name, null]));
  }

  protected feed(feeds: Readonly<Record<string, RuntimeTensor | DeviceTensor>>): Record<string, Tensor> {
    const out: Record<string, Tensor> = {};
    for (const input of this.session.inputMetadata) {
      const given = feeds[input.name];
      if (!given) throw new Error(`the model needs the input "${input.name}", got ${listOf(feeds)}`);
      checkTensor('input', input, given);
      out[input.name] =
        given instanceof KeptTensor
          ? given.tensor()
          : toEngine(this.place.engine.Tensor, given as RuntimeTensor);
    }
    for (const name of Object.keys(feeds))
      if (!out[name]) throw new Error(`the model has no input "${name}", only ${this.inputNames.join(', ')}`);
    return out;
  }

  protected async execute(
    feeds: Record<string, Tensor>,
    fetches: Record<string, Tensor | null>,
  ): Promise<InferenceSession.ReturnType> {
    try {
      return await this.session.run(feeds, fetches);
    } catch (error) {
      if (stopName in fetches && stoppedInPlace(error)) return {};
      throw new Error(`${this.place.device} cannot run the model: ${readable(error)}`, { cause: error });
    }
  }

  #checkFetches(fetches: Readonly<Record<string, RuntimeTensor | null>>): void {
    for (const [name, tensor] of Object.entries(fetches)) {
      const output = this.#outputs.get(name);
      if (!output || name === stopName)
        throw new Error(`the model has no output "${name}", only ${this.outputNames.join(', ')}`);
      if (tensor) checkTensor('output', output, tensor);
    }
  }

  /** An array for an output whose shape is known beforehand, so that it too is written in place. */
  #allocate(name: string): RuntimeTensor | null {
    const output = this.#outputs.get(name)!;
    if (!this.#canStop || !output.isTensor || !isStatic(output.shape)) return null;
    if (output.shape.length === 0 && !this.#scalars.has(name)) return null;
    const array = arrays[output.type];
    if (!array) return null;
    const length = output.shape.reduce((a, b) => a * b, 1);
    return { type: output.type, dims: output.shape, data: new array(length) };
  }
}

/** A session of a GPU that leaves some outputs there. */
class KeepingSession extends OnnxSession implements OpenedSession {
  async runKeeping(feeds: Readonly<Record<string, RuntimeTensor | DeviceTensor>>) {
    const kept: Record<string, DeviceTensor> = {};
    const results: Record<string, RuntimeTensor> = {};
    for (const [name, value] of Object.entries(await this.execute(this.feed(feeds), this.everyOutput()))) {
      const tensor = value as Tensor;
      if (tensor.location === 'cpu') results[name] = fromEngine(tensor);
      else kept[name] = new KeptTensor(tensor, this.place);
    }
    return { kept, results };
  }

  /** Everything comes back to memory; results asked for in place are copied there, as the engine cannot. */
  override async run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: Readonly<Record<string, RuntimeTensor | null>> = this.everyOutput(),
  ): Promise<Record<string, RuntimeTensor>> {
    const { kept, results } = await this.runKeeping(feeds);
    const out: Record<string, RuntimeTensor> = {};
    for (const [name, into] of Object.entries(fetches)) {
      const result = results[name] ?? (await kept[name]?.read());
      if (!result) throw new Error(`the model has no output "${name}", only ${this.outputNames.join(', ')}`);
      if (into) (into.data as Float32Array).set(result.data as Float32Array);
      out[name] = into ?? result;
    }
    for (const tensor of Object.values(kept)) tensor.close();
    return out;
  }
}

class KeptTensor implements DeviceTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly #place: SessionPlace;
  #tensor: Tensor | null;

  constructor(tensor: Tensor, place: SessionPlace) {
    this.type = tensor.type;
    this.dims = tensor.dims;
    this.#tensor = tensor;
    this.#place = place;
  }

  tensor(): Tensor {
    if (!this.#tensor) throw new Error('internal: a device tensor was used after it was closed');
    return this.#tensor;
  }

  read(): Promise<RuntimeTensor> {
    return this.#place.download(this.tensor());
  }

  close(): void {
    this.#tensor?.dispose();
    this.#tensor = null;
  }
}

async function outputLocations(
  session: InferenceSession,
  keep: ReadonlySet<string>,
): Promise<Record<string, 'gpu-buffer' | 'cpu'>> {
  const unknown = [...keep].find((name) => !session.outputNames.includes(name));
  const locations = Object.fromEntries(
    session.outputNames.map((name) => [name, keep.has(name) ? 'gpu-buffer' : 'cpu'] as const),
  );
  await session.release();
  if (unknown) throw new Error(`there is no output "${unknown}" to keep on the device`);
  return locations;
}

type ArrayConstructor = new (length: number) => TypedArray;

const arrays: Readonly<Record<string, ArrayConstructor>> = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Wraps the caller's array; nothing is copied. */
function toEngine(create: TensorConstructor, { type, data, dims }: RuntimeTensor): Tensor {
  const tensor = new create(type as Tensor.Type, data as Tensor.DataType, dims);
  // Where there is a Float16Array (Node 24), the tensor holds one, which the engine's binding takes for empty: it reads bits.
  if (type === 'float16' && tensor.data !== data) Object.assign(tensor, { cpuData: data });
  return tensor;
}

export function fromEngine(tensor: Tensor): RuntimeTensor {
  const data = tensor.data as TypedArray;
  // Newer versions of Node have a Float16Array; ours is always the bits.
  const bits = tensor.type === 'float16' && !(data instanceof Uint16Array);
  const view = data as Uint8Array;
  return {
    type: tensor.type,
    dims: tensor.dims,
    data: bits ? new Uint16Array(view.buffer, view.byteOffset, view.length) : data,
  };
}

function checkTensor(
  role: 'input' | 'output',
  expected: InferenceSession.ValueMetadata,
  got: { readonly type: string; readonly dims: readonly number[] },
): void {
  if (!expected.isTensor) return;
  const anyShape = expected.shape.length === 0; // or a single number, which the engine checks
  const fits =
    got.type === expected.type &&
    (anyShape || got.dims.length === expected.shape.length) &&
    expected.shape.every((dim, i) => typeof dim === 'string' || dim === got.dims[i]);
  if (fits) return;
  throw new Error(
    `${role} "${expected.name}": expected ${expected.type} [${expected.shape.join(', ')}], got ${got.type} [${got.dims.join(', ')}]`,
  );
}

function isStatic(shape: readonly (number | string)[]): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

function listOf(feeds: Readonly<Record<string, unknown>>): string {
  return Object.keys(feeds).join(', ') || 'none';
}
