// Weights that the optimizer treats alike lie one behind the other in one array, so that a step updates them in a few large nodes.
import type { Parameter } from './nn/parameters.ts';
import type { Optimizer } from './optim/optimizers.ts';
import { elementCount } from './tensor.ts';

export interface WeightPack {
  /** In the order in which they lie. */
  readonly parameters: readonly Parameter[];
  /** Elements of all. */
  readonly length: number;
  /** Weight decay and factor of the learning rate, the same for all. */
  readonly decay: number;
  readonly rate: number;
}

/**
 * Elements of a pack: enough for all threads, and few enough that what an update computes in between stays in the cache.
 * A larger weight is a pack of its own.
 */
const MOST_ELEMENTS = 1 << 17;

/**
 * In the order of the weights, which also decides what ONNX Runtime computes first: the other way round, a step of a decoder
 * took a tenth more memory.
 */
export function packWeights(trained: readonly Parameter[], optimizer: Optimizer): WeightPack[] {
  const packs: { parameters: Parameter[]; length: number; decay: number; rate: number }[] = [];
  for (const parameter of trained) {
    const [decay, rate] = [optimizer.decayOf(parameter.group), optimizer.rateOf(parameter.group)];
    const length = elementCount(parameter.shape);
    const open = packs.findLast((pack) => pack.decay === decay && pack.rate === rate);
    if (open && open.length + length <= MOST_ELEMENTS) {
      open.parameters.push(parameter);
      open.length += length;
    } else packs.push({ parameters: [parameter], length, decay, rate });
  }
  return packs;
}
