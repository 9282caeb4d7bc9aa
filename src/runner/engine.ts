// The caller's ONNX Runtime as the session that the predict path runs on: onnxruntime-web, -node and others of their shape fit.
import type { RuntimeSession, TypedArray } from '../autodiff/runtime.ts';

/** What is used of the module `onnxruntime-web` or `onnxruntime-node`. */
export interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly Tensor: new (
    type: 'uint8' | 'float32',
    data: Uint8Array | Float32Array,
    dims: readonly number[],
  ) => unknown;
}

interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  release(): Promise<void>;
}

/** Compiles a model. `options` go to InferenceSession.create as they are, such as `{ executionProviders: ['wasm'] }`. */
export async function openSession(
  ort: Ort,
  model: Uint8Array,
  options: Readonly<Record<string, unknown>> = {},
): Promise<RuntimeSession> {
  const session = await ort.InferenceSession.create(model, options);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, { type, data, dims }]) => {
        if (type !== 'uint8' && type !== 'float32') throw new Error(`internal: the input ${name} is ${type}`);
        return [name, new ort.Tensor(type, data as Uint8Array | Float32Array, dims)] as const;
      });
      const found = (await session.run(Object.fromEntries(given))) as Readonly<Record<string, OrtTensor>>;
      return Object.fromEntries(
        Object.entries(found).map(([name, { type, data, dims }]) => [name, { type, data, dims }]),
      );
    },
    close: () => session.release(),
  };
}

interface OrtTensor {
  readonly type: string;
  readonly data: TypedArray;
  readonly dims: readonly number[];
}
