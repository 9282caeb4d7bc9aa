// How an engine is plugged into autodiff: onnxruntime-node on the CPU, as the Runtime that it asks for.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Runtime, RuntimeTensor, TypedArray } from '../src/autodiff/index.ts';

const toTensor = ({ type, data, dims }: RuntimeTensor) =>
  new Tensor(type as Tensor.Type, data as Tensor.DataType, dims);

const fromTensor = ({ type, data, dims }: Tensor): RuntimeTensor => ({
  type,
  data: data as TypedArray,
  dims,
});

/** Maps the entries of a record of tensors. */
function each<A, B>(record: Readonly<Record<string, A>>, f: (a: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}

export const cpuRuntime: Runtime = {
  device: 'cpu',
  async load(model) {
    const session = await InferenceSession.create(model as string); // a path, or the bytes
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      async run(feeds, fetches) {
        const wanted = fetches ?? Object.fromEntries(session.outputNames.map((name) => [name, null]));
        // A tensor in `wanted` is written in place; null lets the engine allocate.
        const results = await session.run(
          each(feeds, toTensor),
          each(wanted, (t) => t && toTensor(t)),
        );
        return each(results, fromTensor);
      },
      close: () => session.release(),
    };
  },
};
