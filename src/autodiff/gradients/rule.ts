// What a gradient rule is: from the gradients of a node's outputs to those of its inputs.
import type { Node, Value } from '../graph.ts';
import type { OpName } from '../ops/attributes.ts';

/**
 * `dy[i]` is the gradient of output i, undefined where none arrives; `needed[i]` says whether input i wants one.
 * The answer has one entry an input; it may still be broadcast, the walk in grad.ts sums it down.
 */
export type GradientRule<K extends OpName> = (
  node: Node<K>,
  dy: readonly (Value | undefined)[],
  needed: readonly boolean[],
) => readonly (Value | undefined)[];

/** An op that has no gradient says why. */
export interface NoGradient {
  readonly none: string;
}

export type GradientTable<K extends OpName> = { readonly [Op in K]: GradientRule<Op> | NoGradient };
