// The weights of a model: an ordered, named store, and the Scope through which a model asks for them.
import type { Value } from '../graph.ts';
import { input } from '../ops/build.ts';
import { applyOne } from '../ops/infer.ts';
import { Random } from '../random.ts';
import { elementCount, GraphError, type Shape, sameShape, shapeText } from '../tensor.ts';
import type { Initializer } from './initializers.ts';

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  /** Owned by the store; training writes new numbers into it. */
  readonly data: Float32Array;
  /** False for buffers such as running statistics, and for frozen weights. */
  readonly trainable: boolean;
  /** Chooses the weight decay: 'weight', 'bias' or 'norm', or a name of the model's own. */
  readonly group: string;
}

export class Parameters {
  readonly #entries = new Map<string, Parameter>();
  /** What set said about parameters, before or after the model's own words. */
  readonly #said = new Map<string, { readonly trainable?: boolean; readonly group?: string }>();
  readonly #random: Random;

  /** `seed` decides the initial weights; a parameter's numbers depend on its name, not on the order of definition. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  get(name: string): Parameter | undefined {
    return this.#entries.get(name);
  }

  all(): readonly Parameter[] {
    return [...this.#entries.values()];
  }

  /** The parameter of this name, made by `init` at its first use. Throws GraphError when the shape differs later. */
  define(
    name: string,
    shape: Shape,
    init: Initializer,
    options: { trainable: boolean; group: string },
  ): Parameter {
    const found = this.#entries.get(name);
    if (found) {
      if (!sameShape(found.shape, shape)) {
        throw new GraphError(
          `parameter ${name}: expected shape ${shapeText(shape)}, the store holds ${shapeText(found.shape)}`,
        );
      }
      return this.#put({ ...found, ...options, ...this.#said.get(name) });
    }
    const data = init(shape, this.#random.fork(name));
    return this.#put({ name, shape: [...shape], data, ...options });
  }

  /**
   * Puts given numbers in the store, before or after the model defined them. `trainable: false` freezes a weight; what
   * is left out stays as the model says. Throws GraphError when the size differs.
   */
  set(
    name: string,
    shape: Shape,
    data: Float32Array,
    options: { trainable?: boolean; group?: string } = {},
  ): void {
    if (data.length !== elementCount(shape)) {
      throw new GraphError(`parameter ${name}: ${data.length} numbers do not fill ${shapeText(shape)}`);
    }
    const found = this.#entries.get(name);
    if (found && !sameShape(found.shape, shape)) {
      throw new GraphError(
        `parameter ${name}: expected shape ${shapeText(found.shape)}, got ${shapeText(shape)}`,
      );
    }
    const said = { ...this.#said.get(name), ...options };
    this.#said.set(name, said);
    const { trainable = true, group = 'weight' } = found ?? {};
    this.#put({ name, shape: [...shape], data, trainable, group, ...said });
  }

  #put(parameter: Parameter): Parameter {
    this.#entries.set(parameter.name, parameter);
    return parameter;
  }
}

/** Weights keep their names in the ONNX file. */
function namedConstant({ name, shape, data }: Parameter): Value {
  return applyOne('constant', [], { data, dtype: 'float32', shape: [...shape], name });
}

/**
 * 'train' feeds weights and buffers and normalises by the batch; 'infer' makes them constants and normalises by the running
 * statistics; 'validate' is between: fed, so that a graph serves all of a training, and with the running statistics.
 */
export type Mode = 'train' | 'infer' | 'validate';

/** Where a model gets its weights from while its graph is built. Names are joined with dots, as in a state dict. */
export class Scope {
  readonly mode: Mode;
  readonly #store: Parameters;
  readonly #prefix: string;
  readonly #values: Map<string, Value>;
  readonly #updates: Map<string, Value>;

  constructor(
    store: Parameters,
    mode: Mode,
    shared?: { values: Map<string, Value>; updates: Map<string, Value> },
    prefix = '',
  ) {
    this.#store = store;
    this.mode = mode;
    this.#prefix = prefix;
    this.#values = shared?.values ?? new Map();
    this.#updates = shared?.updates ?? new Map();
  }

  /** The scope of a part of the model. */
  at(name: string | number): Scope {
    return new Scope(
      this.#store,
      this.mode,
      { values: this.#values, updates: this.#updates },
      `${this.#prefix}${name}.`,
    );
  }

  /** A weight that is trained. */
  param(name: string, shape: Shape, init: Initializer, group = 'weight'): Value {
    return this.#value(this.#store.define(this.#prefix + name, shape, init, { trainable: true, group }));
  }

  /** State that is kept but not trained, such as running statistics. */
  buffer(name: string, shape: Shape, init: Initializer): Value {
    return this.#value(
      this.#store.define(this.#prefix + name, shape, init, { trainable: false, group: 'buffer' }),
    );
  }

  /** Says what a buffer becomes after this training step. */
  update(name: string, next: Value): void {
    this.#updates.set(this.#prefix + name, next);
  }

  /** Every weight and buffer that the model asked for, by full name. */
  values(): ReadonlyMap<string, Value> {
    return this.#values;
  }

  updates(): ReadonlyMap<string, Value> {
    return this.#updates;
  }

  #value(parameter: Parameter): Value {
    let value = this.#values.get(parameter.name);
    if (value === undefined) {
      const fed = this.mode !== 'infer' && (parameter.trainable || parameter.group === 'buffer');
      value = fed ? input(parameter.name, parameter.shape) : namedConstant(parameter);
      this.#values.set(parameter.name, value);
    }
    return value;
  }
}
