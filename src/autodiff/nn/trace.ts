// From a model function and its weights to a graph.
import { type Graph, graph, type Value } from '../graph.ts';
import { input } from '../ops/build.ts';
import type { DType, Shape } from '../tensor.ts';
import { type Mode, type Parameters, Scope } from './parameters.ts';

export type InputTypes = Readonly<Record<string, { readonly shape: Shape; readonly dtype?: DType }>>;
export type Inputs<T extends InputTypes> = { readonly [K in keyof T]: Value };

/** Input values of the given types. */
export function makeInputs<T extends InputTypes>(types: T): Inputs<T> {
  const entries = Object.entries(types).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]);
  return Object.fromEntries(entries) as Inputs<T>;
}

/** The graph of a model with its present weights as constants (mode 'infer'), or as further inputs (the others). */
export function trace<T extends InputTypes>(
  parameters: Parameters,
  model: { inputs: T; mode?: Mode; build: (s: Scope, inputs: Inputs<T>) => Readonly<Record<string, Value>> },
): Graph {
  const scope = new Scope(parameters, model.mode ?? 'infer');
  const inputs = makeInputs(model.inputs);
  const outputs = model.build(scope, inputs);
  const fed = [...scope.values().values()].filter((value) => value.node.op === 'input');
  return graph({ inputs: [...(Object.values(inputs) as Value[]), ...fed], outputs });
}
