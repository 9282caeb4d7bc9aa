// Writes an ONNX model as protobuf bytes (field numbers of onnx.proto3), with large weights beside it if asked.

import {
  dtypes,
  elementCount,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './model.ts';
import { WireWriter } from './wire.ts';

export interface EncodeOptions {
  /**
   * When the graph's initializers hold more than `thresholdBytes` (default 1 GiB) together, those of
   * 1 KiB and more go to a second file, to be stored under the name `location` beside the model.
   */
  readonly externalData?: { readonly location: string; readonly thresholdBytes?: number };
}

export interface EncodedModel {
  readonly bytes: Uint8Array;
  /** The content of the second file, or null when everything is in `bytes`. */
  readonly external: Uint8Array | null;
}

const DEFAULT_IR_VERSION = 10;
const DEFAULT_THRESHOLD_BYTES = 2 ** 30;
const PROTOBUF_LIMIT_BYTES = 2 ** 31 - 1;
const SMALL_TENSOR_BYTES = 1024; // shapes and scalars stay where shape inference finds them
const PAGE_BYTES = 4096; // engines map external weights into memory by the page

/**
 * The bytes of a model. Weights are copied once, into the result.
 * Throws an Error when a tensor's length does not fit its shape, or when the model would pass protobuf's 2 GiB.
 */
export function encodeModel(model: OnnxModel, options: EncodeOptions = {}): EncodedModel {
  const store = openExternalStore(model.graph.initializers, options);
  const body = writeModel(model, store);
  if (body.size > PROTOBUF_LIMIT_BYTES) {
    throw new Error(`onnx: the model takes ${body.size} bytes, protobuf allows 2 GiB; use externalData`);
  }
  return { bytes: body.finish(), external: store?.finish() ?? null };
}

function writeModel(model: OnnxModel, store: ExternalStore | null): WireWriter {
  const w = new WireWriter();
  w.int(1, model.irVersion ?? DEFAULT_IR_VERSION);
  if (model.producerName !== undefined) w.string(2, model.producerName);
  w.message(7, writeGraph(model.graph, store));
  for (const { domain, version } of model.opsets) {
    const opset = new WireWriter();
    opset.string(1, domain === 'ai.onnx' ? '' : domain);
    opset.int(2, version);
    w.message(8, opset);
  }
  for (const [key, value] of Object.entries(model.metadata)) w.message(14, writeEntry(key, value));
  return w;
}

function writeGraph(graph: OnnxGraph, store: ExternalStore | null): WireWriter {
  const w = new WireWriter();
  for (const node of graph.nodes) w.message(1, writeNode(node));
  w.string(2, graph.name);
  for (const tensor of graph.initializers) w.message(5, writeTensor(tensor, store));
  for (const input of graph.inputs) w.message(11, writeValueInfo(input));
  for (const output of graph.outputs) w.message(12, writeValueInfo(output));
  return w;
}

function writeNode(node: OnnxNode): WireWriter {
  const w = new WireWriter();
  for (const input of node.inputs) w.string(1, input);
  for (const output of node.outputs) w.string(2, output);
  if (node.name !== undefined) w.string(3, node.name);
  w.string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    w.message(5, writeAttribute(name, attribute));
  }
  if (node.domain !== undefined) w.string(7, node.domain);
  return w;
}

type AttributeOf<K extends OnnxAttribute['kind']> = Extract<OnnxAttribute, { kind: K }>['value'];

/** AttributeProto.AttributeType and the field that carries the value, for each kind. */
const attributeRules: {
  readonly [K in OnnxAttribute['kind']]: {
    readonly type: number;
    readonly write: (w: WireWriter, value: AttributeOf<K>) => void;
  };
} = {
  float: { type: 1, write: (w, value) => w.float(2, value) },
  int: { type: 2, write: (w, value) => w.int(3, value) },
  string: { type: 3, write: (w, value) => w.string(4, value) },
  tensor: { type: 4, write: (w, value) => w.message(5, writeTensor(value, null)) },
  graph: { type: 5, write: (w, value) => w.message(6, writeGraph(value, null)) },
  floats: { type: 6, write: (w, value) => w.packedFloats(7, value) },
  ints: { type: 7, write: (w, value) => w.packedInts(8, value) },
  strings: {
    type: 8,
    write: (w, value) => {
      for (const text of value) w.string(9, text);
    },
  },
};

function writeAttribute(name: string, attribute: OnnxAttribute): WireWriter {
  const w = new WireWriter();
  w.string(1, name);
  // The table pairs each kind with its own value type; TypeScript cannot follow that through an index.
  const rule = attributeRules[attribute.kind] as { type: number; write(w: WireWriter, v: unknown): void };
  rule.write(w, attribute.value);
  w.int(20, rule.type);
  return w;
}

function writeTensor(tensor: OnnxTensor, store: ExternalStore | null): WireWriter {
  const w = new WireWriter();
  w.packedInts(1, tensor.shape);
  w.int(2, dtypes[tensor.dtype].code);
  w.string(8, tensor.name);
  const external = tensor.external ?? store?.put(rawBytes(tensor));
  if (external) {
    w.message(13, writeEntry('location', external.location));
    w.message(13, writeEntry('offset', String(external.offset)));
    w.message(13, writeEntry('length', String(external.length)));
    w.int(14, 1); // DataLocation.EXTERNAL
  } else {
    w.bytes(9, rawBytes(tensor));
  }
  return w;
}

function rawBytes({ name, dtype, shape, data }: OnnxTensor): Uint8Array {
  const count = elementCount(shape, `tensor '${name}'`);
  const { array } = dtypes[dtype];
  if (!(data instanceof array) || data.length !== count) {
    const given = `${data.constructor.name}(${data.length})`;
    throw new Error(
      `onnx: tensor '${name}' is ${dtype} [${shape.join(', ')}] and needs ${array.name}(${count}), got ${given}`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function writeValueInfo({ name, dtype, shape }: OnnxValueInfo): WireWriter {
  const tensorType = new WireWriter();
  tensorType.int(1, dtypes[dtype].code);
  if (shape) tensorType.message(2, writeShape(shape));
  const type = new WireWriter();
  type.message(1, tensorType);
  const w = new WireWriter();
  w.string(1, name);
  w.message(2, type);
  return w;
}

function writeShape(shape: readonly (number | string)[]): WireWriter {
  const w = new WireWriter();
  for (const size of shape) {
    const dim = new WireWriter();
    if (typeof size === 'number') dim.int(1, size);
    else if (size !== '') dim.string(2, size);
    w.message(1, dim);
  }
  return w;
}

function writeEntry(key: string, value: string): WireWriter {
  const w = new WireWriter();
  w.string(1, key);
  w.string(2, value);
  return w;
}

/** The second file while it grows: each tensor starts on a page. */
class ExternalStore {
  readonly #location: string;
  readonly #parts: { offset: number; bytes: Uint8Array }[] = [];
  #size = 0;

  constructor(location: string) {
    this.#location = location;
  }

  /** Where the bytes will lie, or undefined when they are too few to leave the model. */
  put(bytes: Uint8Array) {
    if (bytes.length < SMALL_TENSOR_BYTES) return undefined;
    const offset = Math.ceil(this.#size / PAGE_BYTES) * PAGE_BYTES;
    this.#parts.push({ offset, bytes });
    this.#size = offset + bytes.length;
    return { location: this.#location, offset, length: bytes.length };
  }

  finish(): Uint8Array | null {
    if (this.#parts.length === 0) return null;
    const out = new Uint8Array(this.#size);
    for (const { offset, bytes } of this.#parts) out.set(bytes, offset);
    return out;
  }
}

function openExternalStore(initializers: readonly OnnxTensor[], options: EncodeOptions) {
  const { externalData } = options;
  if (!externalData) return null;
  const totalBytes = initializers.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  const wanted = totalBytes > (externalData.thresholdBytes ?? DEFAULT_THRESHOLD_BYTES);
  return wanted ? new ExternalStore(externalData.location) : null;
}
