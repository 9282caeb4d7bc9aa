// A runtime on one device, taken as it is: no probing, no falling back.

import { availableParallelism } from 'node:os';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../autodiff/onnx/encode-model.ts';
import type { OnnxDtype } from '../../autodiff/onnx/model.ts';
import type { Runtime } from '../../autodiff/runtime.ts';
import { backends, type Device } from './backends.ts';
import {
  type Engine,
  fromEngine,
  type OpenedSession,
  openSession,
  type SessionLoadOptions,
  type SessionPlace,
  sessionSettings,
} from './session.ts';

export interface DeviceRuntime extends Runtime {
  /** Threads of the processor that one run may use. */
  readonly threads: number;
  load(model: Uint8Array | string, options?: SessionLoadOptions): Promise<OpenedSession>;
  /** Closes every session that is still open. */
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Default: as many as the process may use. */
  readonly threads?: number;
}

/**
 * Sessions on `device`. A run keeps this thread until it is done, as onnxruntime-node does; long work belongs in a
 * child process. Throws an Error when ONNX Runtime was built without the device.
 */
export async function openRuntimeOn(device: Device, options: RuntimeOptions = {}): Promise<DeviceRuntime> {
  // Loaded here and not above: it maps 45 MB, which `okapi --help` need not wait for.
  const engine: Engine = await import('onnxruntime-node');
  engine.env.logLevel = 'fatal'; // what fails is thrown; the engine need not print it too
  // A provider that the library was built without is passed over in silence, and the CPU does its work.
  const built = engine.listSupportedBackends().map((backend) => backend.name);
  if (!built.includes(device))
    throw new Error(`this build of ONNX Runtime has ${built.join(', ')}, not ${device}`);
  const shared = {
    engine,
    device,
    backend: backends[device],
    threads: options.threads ?? availableParallelism(),
  };
  const downloads = new Downloads(shared);
  const place: SessionPlace = {
    ...shared,
    open: new Set(),
    download: async (tensor) => fromEngine(await downloads.read(tensor)),
  };
  return {
    device,
    threads: place.threads,
    load: (model, loadOptions) => openSession(place, model, loadOptions),
    async close() {
      for (const session of [...place.open]) await session.close();
      await downloads.close();
    },
  };
}

/** Reads tensors back from a GPU by running them through Identity: the engine has no call for it (1.30 aborts in getData). */
class Downloads {
  readonly #shared: Pick<SessionPlace, 'engine' | 'backend' | 'threads'>;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(shared: Pick<SessionPlace, 'engine' | 'backend' | 'threads'>) {
    this.#shared = shared;
  }

  async read(tensor: Tensor): Promise<Tensor> {
    const session = this.#sessions.get(tensor.type) ?? this.#open(tensor.type);
    this.#sessions.set(tensor.type, session);
    const { y } = await (await session).run({ x: tensor });
    return y as Tensor;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #open(type: string): Promise<InferenceSession> {
    const model = identityModel(type as OnnxDtype);
    return this.#shared.engine.InferenceSession.create(model, sessionSettings(this.#shared, {}));
  }
}

function identityModel(dtype: OnnxDtype): Uint8Array {
  const anyShape = { dtype, shape: null };
  return encodeModel({
    opsets: [{ domain: '', version: 17 }],
    metadata: {},
    graph: {
      name: 'download',
      inputs: [{ name: 'x', ...anyShape }],
      outputs: [{ name: 'y', ...anyShape }],
      initializers: [],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'], attributes: {} }],
    },
  }).bytes;
}
