// Mixed precision (Micikevicius et al. 2018): products in float16, everything else in float32, with dynamic loss scaling.
import { isOp, type Value } from './graph.ts';
import { cast } from './ops/build.ts';
import { apply } from './ops/infer.ts';
import type { RewriteRule } from './rewrite.ts';

const inHalf = new Set(['matmul', 'conv', 'convTranspose']);

/**
 * Computes products in float16. Weights stay float32 and are cast where they are used. Products with matrices of the
 * graph's own, which average or enlarge, stay float32: a loss may take small differences of averages, as SSIM does.
 */
export const autocast: RewriteRule = (node) => {
  if (!inHalf.has(node.op) || node.outputs[0]!.type.dtype !== 'float32') return undefined;
  if (node.inputs.some(isNameless)) return undefined;
  const lowered = node.inputs.map((value) => cast(value, 'float16'));
  return [cast(apply(node.op, lowered, node.attributes).outputs[0]!, 'float32')];
};

/** A constant that is no frozen weight; those have names. */
function isNameless({ node }: Value): boolean {
  return isOp(node, 'constant') && node.attributes.name === undefined;
}

export interface LossScale {
  readonly scale: number;
  readonly goodSteps: number;
}

/** Doubles the scale after 2000 good steps in a row, halves it after an overflow. */
export class LossScaler {
  #scale = 65536;
  #goodSteps = 0;

  get scale(): number {
    return this.#scale;
  }

  update(finite: boolean, collecting: boolean): void {
    if (collecting) return;
    if (!finite) {
      this.#scale = Math.max(1, this.#scale / 2);
      this.#goodSteps = 0;
    } else if (++this.#goodSteps === 2000) {
      this.#scale *= 2;
      this.#goodSteps = 0;
    }
  }

  state(): LossScale {
    return { scale: this.#scale, goodSteps: this.#goodSteps };
  }

  restore(state: LossScale): void {
    this.#scale = state.scale;
    this.#goodSteps = state.goodSteps;
  }
}
