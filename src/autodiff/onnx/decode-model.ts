// Reads ONNX protobuf bytes back into an OnnxModel; what the subset cannot hold is refused, not dropped.

import {
  dtypes,
  elementCount,
  type OnnxAttribute,
  type OnnxDtype,
  type OnnxExternal,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxTypedArray,
  type OnnxValueInfo,
} from './model.ts';
import { type FieldTable, WireReader } from './wire.ts';

const MAX_GRAPH_DEPTH = 32;

/**
 * The model that `bytes` hold. Tensor data are views into `bytes` where their alignment allows it.
 * External weights are not opened: such a tensor has empty `data` and an `external`.
 * Throws an Error naming the byte offset when the bytes are damaged, or what is not supported.
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const draft = new WireReader(bytes).fields(modelFields, emptyModel());
  if (!draft.graph) throw new Error(`onnx: no graph in ${bytes.length} bytes; this is not an ONNX model`);
  return {
    irVersion: draft.irVersion,
    opsets: draft.opsets,
    ...(draft.producerName !== null && { producerName: draft.producerName }),
    metadata: Object.fromEntries(draft.metadata),
    graph: draft.graph,
  };
}

interface ModelDraft {
  irVersion: number;
  opsets: { domain: string; version: number }[];
  producerName: string | null;
  metadata: [string, string][];
  graph: OnnxGraph | null;
}

function emptyModel(): ModelDraft {
  return { irVersion: 0, opsets: [], producerName: null, metadata: [], graph: null };
}

const modelFields: FieldTable<ModelDraft> = {
  1: (m, r) => {
    m.irVersion = r.int();
  },
  2: (m, r) => {
    m.producerName = r.string();
  },
  7: (m, r) => {
    m.graph = readGraph(r, 0);
  },
  8: (m, r) => m.opsets.push(r.message(opsetFields, { domain: '', version: 0 })),
  14: (m, r) => m.metadata.push(readEntry(r)),
  25: (_, r) => r.fail('model-local functions are not supported'),
};

const opsetFields: FieldTable<{ domain: string; version: number }> = {
  1: (o, r) => {
    o.domain = r.string();
  },
  2: (o, r) => {
    o.version = r.int();
  },
};

interface GraphDraft {
  readonly depth: number;
  name: string;
  nodes: OnnxNode[];
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
  initializers: OnnxTensor[];
}

const graphFields: FieldTable<GraphDraft> = {
  1: (g, r) => g.nodes.push(readNode(r, g.depth)),
  2: (g, r) => {
    g.name = r.string();
  },
  5: (g, r) => g.initializers.push(readTensor(r)),
  11: (g, r) => g.inputs.push(readValueInfo(r)),
  12: (g, r) => g.outputs.push(readValueInfo(r)),
  15: (_, r) => r.fail('sparse initializers are not supported'),
};

function readGraph(r: WireReader, depth: number): OnnxGraph {
  if (depth > MAX_GRAPH_DEPTH) r.fail(`graphs nested deeper than ${MAX_GRAPH_DEPTH}`);
  const draft = { depth, name: '', nodes: [], inputs: [], outputs: [], initializers: [] };
  const { depth: _, ...graph } = r.message<GraphDraft>(graphFields, draft);
  return graph;
}

interface NodeDraft {
  readonly depth: number;
  name: string | null;
  op: string;
  domain: string | null;
  inputs: string[];
  outputs: string[];
  attributes: [string, OnnxAttribute][];
}

const nodeFields: FieldTable<NodeDraft> = {
  1: (n, r) => n.inputs.push(r.string()),
  2: (n, r) => n.outputs.push(r.string()),
  3: (n, r) => {
    n.name = r.string();
  },
  4: (n, r) => {
    n.op = r.string();
  },
  5: (n, r) => n.attributes.push(readAttribute(r, n.depth)),
  7: (n, r) => {
    n.domain = r.string();
  },
};

function readNode(r: WireReader, depth: number): OnnxNode {
  const draft = { depth, name: null, op: '', domain: null, inputs: [], outputs: [], attributes: [] };
  const { name, op, domain, inputs, outputs, attributes } = r.message<NodeDraft>(nodeFields, draft);
  return {
    ...(name !== null && { name }),
    op,
    ...(domain !== null && { domain }),
    inputs,
    outputs,
    attributes: Object.fromEntries(attributes),
  };
}

interface AttributeDraft {
  readonly depth: number;
  name: string;
  type: number;
  float: number;
  int: number | bigint;
  string: string;
  tensor: OnnxTensor | null;
  graph: OnnxGraph | null;
  floats: number[];
  ints: (number | bigint)[];
  strings: string[];
}

const attributeFields: FieldTable<AttributeDraft> = {
  1: (a, r) => {
    a.name = r.string();
  },
  2: (a, r) => {
    a.float = r.float();
  },
  3: (a, r) => {
    a.int = r.int64();
  },
  4: (a, r) => {
    a.string = r.string();
  },
  5: (a, r) => {
    a.tensor = readTensor(r);
  },
  6: (a, r) => {
    a.graph = readGraph(r, a.depth + 1);
  },
  7: (a, r) => r.floats(a.floats),
  8: (a, r) => r.ints(a.ints),
  9: (a, r) => a.strings.push(r.string()),
  20: (a, r) => {
    a.type = r.int();
  },
  21: (_, r) => r.fail('attribute references are not supported'),
};

/** AttributeProto.AttributeType to the value it announces. */
const attributeTypes: Readonly<Record<number, (a: AttributeDraft) => OnnxAttribute | null>> = {
  1: (a) => ({ kind: 'float', value: a.float }),
  2: (a) => ({ kind: 'int', value: a.int }),
  3: (a) => ({ kind: 'string', value: a.string }),
  4: (a) => a.tensor && { kind: 'tensor', value: a.tensor },
  5: (a) => a.graph && { kind: 'graph', value: a.graph },
  6: (a) => ({ kind: 'floats', value: a.floats }),
  7: (a) => ({ kind: 'ints', value: a.ints }),
  8: (a) => ({ kind: 'strings', value: a.strings }),
};

function readAttribute(r: WireReader, depth: number): [string, OnnxAttribute] {
  const draft = r.message<AttributeDraft>(attributeFields, {
    depth,
    name: '',
    type: 0,
    float: 0,
    int: 0,
    string: '',
    tensor: null,
    graph: null,
    floats: [],
    ints: [],
    strings: [],
  });
  const attribute = attributeTypes[draft.type]?.(draft);
  if (!attribute) return r.fail(`attribute '${draft.name}' of type ${draft.type} is not supported or empty,`);
  return [draft.name, attribute];
}

interface TensorDraft {
  name: string;
  code: number;
  shape: number[];
  raw: Uint8Array | null;
  /** float_data and double_data. */
  reals: number[];
  /** int32_data and int64_data. */
  ints: (number | bigint)[];
  external: [string, string][];
  location: number;
}

const tensorFields: FieldTable<TensorDraft> = {
  1: (t, r) => {
    const dims: (number | bigint)[] = [];
    r.ints(dims);
    for (const dim of dims) t.shape.push(Number(dim));
  },
  2: (t, r) => {
    t.code = r.int();
  },
  3: (_, r) => r.fail('segmented tensors are not supported'),
  4: (t, r) => r.floats(t.reals),
  5: (t, r) => r.ints(t.ints),
  7: (t, r) => r.ints(t.ints),
  8: (t, r) => {
    t.name = r.string();
  },
  9: (t, r) => {
    t.raw = r.bytes();
  },
  10: (t, r) => r.doubles(t.reals),
  13: (t, r) => t.external.push(readEntry(r)),
  14: (t, r) => {
    t.location = r.int();
  },
};

function readTensor(r: WireReader): OnnxTensor {
  const start = r.offset;
  const draft = r.message<TensorDraft>(tensorFields, {
    name: '',
    code: 0,
    shape: [],
    raw: null,
    reals: [],
    ints: [],
    external: [],
    location: 0,
  });
  const what = `tensor '${draft.name}' at offset ${start}`;
  const dtype = dtypeOf(draft.code, what);
  const count = elementCount(draft.shape, what);
  const { name, shape } = draft;
  if (draft.location !== 0) {
    const data = new dtypes[dtype].array(0);
    return { name, dtype, shape, data, external: readExternal(draft.external, what) };
  }
  return { name, dtype, shape, data: readElements(draft, dtype, count, what) };
}

function dtypeOf(code: number, what: string): OnnxDtype {
  for (const [dtype, row] of Object.entries(dtypes)) if (row.code === code) return dtype as OnnxDtype;
  throw new Error(`onnx: ${what} has the element type ${code}, which is not supported`);
}

function readElements(draft: TensorDraft, dtype: OnnxDtype, count: number, what: string): OnnxTypedArray {
  if (draft.raw) return viewElements(draft.raw, dtype, count, what);
  const values = dtype.startsWith('float') && dtype !== 'float16' ? draft.reals : draft.ints;
  if (values.length !== count) {
    throw new Error(`onnx: ${what} needs ${count} ${dtype} values, got ${values.length}`);
  }
  const data = new dtypes[dtype].array(count);
  if (data instanceof BigInt64Array) for (let i = 0; i < count; i++) data[i] = BigInt(values[i]!);
  else for (let i = 0; i < count; i++) data[i] = Number(values[i]!);
  return data;
}

/** raw_data is little endian, as is every machine that runs Node, so it can be looked at in place. */
function viewElements(raw: Uint8Array, dtype: OnnxDtype, count: number, what: string): OnnxTypedArray {
  const { array } = dtypes[dtype];
  const sizeBytes = count * array.BYTES_PER_ELEMENT;
  if (raw.length !== sizeBytes) {
    throw new Error(`onnx: ${what} needs ${sizeBytes} bytes of ${dtype}, got ${raw.length}`);
  }
  const aligned = raw.byteOffset % array.BYTES_PER_ELEMENT === 0 ? raw : new Uint8Array(raw);
  return new array(aligned.buffer, aligned.byteOffset, count);
}

function readExternal(entries: readonly [string, string][], what: string): OnnxExternal {
  const { location, offset = '0', length = '' } = Object.fromEntries(entries);
  if (!location || !/^\d{1,15}$/.test(offset) || !/^\d{1,15}$/.test(length)) {
    throw new Error(`onnx: ${what} has external data without a usable location, offset and length`);
  }
  return { location, offset: Number(offset), length: Number(length) };
}

interface ValueInfoDraft {
  name: string;
  code: number;
  shape: (number | string)[] | null;
}

const valueInfoFields: FieldTable<ValueInfoDraft> = {
  1: (v, r) => {
    v.name = r.string();
  },
  2: (v, r) => {
    r.message(typeFields, v);
  },
};

/** TypeProto: only tensors. */
const typeFields: FieldTable<ValueInfoDraft> = {
  1: (v, r) => {
    r.message(tensorTypeFields, v);
  },
};

const tensorTypeFields: FieldTable<ValueInfoDraft> = {
  1: (v, r) => {
    v.code = r.int();
  },
  2: (v, r) => {
    v.shape = r.message(shapeFields, [] as (number | string)[]);
  },
};

const shapeFields: FieldTable<(number | string)[]> = {
  1: (shape, r) => shape.push(r.message(dimFields, { size: '' as number | string }).size),
};

const dimFields: FieldTable<{ size: number | string }> = {
  1: (dim, r) => {
    dim.size = r.int();
  },
  2: (dim, r) => {
    dim.size = r.string();
  },
};

function readValueInfo(r: WireReader): OnnxValueInfo {
  const start = r.offset;
  const { name, code, shape } = r.message<ValueInfoDraft>(valueInfoFields, {
    name: '',
    code: 0,
    shape: null,
  });
  return { name, dtype: dtypeOf(code, `value '${name}' at offset ${start}`), shape };
}

const entryFields: FieldTable<[string, string]> = {
  1: (entry, r) => {
    entry[0] = r.string();
  },
  2: (entry, r) => {
    entry[1] = r.string();
  },
};

function readEntry(r: WireReader): [string, string] {
  return r.message<[string, string]>(entryFields, ['', '']);
}
