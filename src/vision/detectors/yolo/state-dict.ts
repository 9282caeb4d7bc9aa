// The weights of a detector as a state dict, under its own names.
import type { Tensors } from '../../checkpoint/tensors.ts';
import type { Weights } from '../../training/fit.ts';
import type { YoloNetwork } from '../../yolo/network.ts';

/** The present weights and statistics. */
export function stateDict({ parameters }: YoloNetwork): Tensors {
  return new Map(
    parameters.all().map(({ name, shape, data }) => [name, { dtype: 'float32', shape, data }] as const),
  );
}

/** As stateDict, with those in `weights` in place of the network's own. */
export function stateDictWith(network: YoloNetwork, weights: Weights): Tensors {
  const own = [...stateDict(network)];
  return new Map(
    own.map(([name, tensor]) => [name, { ...tensor, data: weights.get(name)?.data ?? tensor.data }]),
  );
}
