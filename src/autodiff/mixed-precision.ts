// Mixed precision (Micikevicius et al. 2018): products in float16, everything else in float32, with dynamic loss scaling.
import { makeNode, type Node, topologicalOrder, type Value } from './graph.ts';
import { cast } from './ops/build.ts';
import { inferTypes } from './ops/infer.ts';

const inHalf = new Set(['matmul', 'conv', 'convTranspose']);

/** The same model with its products computed in float16. Weights stay float32 and are cast where they are used. */
export function autocast(model: { loss: Value; outputs?: Readonly<Record<string, Value>> }) {
  const renamed = new Map<Value, Value>();
  const current = (value: Value): Value => renamed.get(value) ?? value;
  for (const node of topologicalOrder([model.loss, ...Object.values(model.outputs ?? {})])) {
    const values = inHalf.has(node.op)
      ? halved(node, node.inputs.map(current))
      : rebuilt(node, node.inputs.map(current));
    for (const [i, value] of node.outputs.entries()) if (values[i] !== value) renamed.set(value, values[i]!);
  }
  const outputs = Object.fromEntries(
    Object.entries(model.outputs ?? {}).map(([name, value]) => [name, current(value)]),
  );
  return { loss: current(model.loss), outputs };
}

function rebuilt(node: Node, inputs: readonly Value[]): readonly Value[] {
  if (inputs.every((value, i) => value === node.inputs[i])) return node.outputs;
  const types = inputs.map((value) => value.type);
  return makeNode(node.op, inputs, node.attributes, inferTypes(node.op, types, node.attributes)).outputs;
}

function halved(node: Node, inputs: readonly Value[]): readonly Value[] {
  const lowered = inputs.map((value) => cast(value, 'float16'));
  const types = lowered.map((value) => value.type);
  const [y] = makeNode(
    node.op,
    lowered,
    node.attributes,
    inferTypes(node.op, types, node.attributes),
  ).outputs;
  return [cast(y!, node.outputs[0]!.type.dtype)];
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
