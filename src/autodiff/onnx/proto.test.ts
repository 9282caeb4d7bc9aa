// Our ONNX bytes run in onnxruntime-node, come back equal, and damaged ones fail with a message.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel, type OnnxGraph, type OnnxModel, type OnnxTensor } from './proto.ts';
import { WireWriter } from './wire.ts';

const opsets = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

/** y = x + w, with w of [rows, 4]. */
function addModel(w: OnnxTensor): OnnxModel {
  return {
    irVersion: 10,
    opsets,
    producerName: 'okapi',
    metadata: { encoder: 'none', mean: '[0.5]' },
    graph: {
      name: 'add',
      nodes: [{ name: 'n0', op: 'Add', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 4] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 4] }],
      initializers: [w],
    },
  };
}

/** One of every kind of attribute, element type and dimension. */
const everything: OnnxModel = {
  irVersion: 9,
  opsets,
  metadata: { ['__proto__']: 'a key like any other', empty: '' },
  graph: {
    name: 'everything',
    nodes: [
      { op: 'Nothing', inputs: [], outputs: [], attributes: {} },
      {
        name: 'all',
        op: 'All',
        domain: 'com.microsoft',
        inputs: ['a', '', 'ä'],
        outputs: ['b', ''],
        attributes: {
          int: { kind: 'int', value: -1 },
          wide: { kind: 'int', value: 2n ** 62n },
          zero: { kind: 'int', value: 0 },
          float: { kind: 'float', value: Math.fround(-0.1) },
          string: { kind: 'string', value: 'half_pixel – ü' },
          ints: { kind: 'ints', value: [0, -3, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2n ** 63n)] },
          none: { kind: 'ints', value: [] },
          floats: { kind: 'floats', value: [0, 1.5, Number.POSITIVE_INFINITY] },
          strings: { kind: 'strings', value: ['', 'x'] },
          tensor: {
            kind: 'tensor',
            value: { name: '', dtype: 'int64', shape: [], data: BigInt64Array.of(-7n) },
          },
          graph: {
            kind: 'graph',
            value: { name: 'body', nodes: [], inputs: [], outputs: [], initializers: [] },
          },
        },
      },
    ],
    inputs: [
      { name: 'a', dtype: 'float16', shape: [1, 'n', ''] },
      { name: 'c', dtype: 'bool', shape: [] },
    ],
    outputs: [{ name: 'b', dtype: 'float64', shape: null }],
    initializers: [
      { name: 'f32', dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, -0) },
      { name: 'f16', dtype: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xffff) },
      { name: 'i32', dtype: 'int32', shape: [1], data: Int32Array.of(-(2 ** 31)) },
      { name: 'u8', dtype: 'uint8', shape: [3], data: Uint8Array.of(0, 128, 255) },
      { name: 'i8', dtype: 'int8', shape: [1], data: Int8Array.of(-128) },
      { name: 'bool', dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
      { name: 'f64', dtype: 'float64', shape: [1], data: Float64Array.of(0.1) },
      { name: 'nil', dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
      { name: 'big', dtype: 'float32', shape: [500], data: Float32Array.from({ length: 500 }, (_, i) => i) },
    ],
  },
};

async function runAdd(session: InferenceSession, x: number[]): Promise<number[]> {
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(x), [x.length / 4, 4]) });
  return Array.from(y!.data as Float32Array);
}

describe('encodeModel', () => {
  it('writes a model that onnxruntime runs, its weights a view into a larger array', async () => {
    const data = Float32Array.of(99, 99, 1, 2, 3, 4, 99).subarray(2, 6);
    const { bytes, external } = encodeModel(addModel({ name: 'w', dtype: 'float32', shape: [4], data }));
    expect(external).toBeNull();
    const session = await InferenceSession.create(bytes);
    expect(await runAdd(session, [10, 20, 30, 40, 0, 0, 0, 0])).toEqual([11, 22, 33, 44, 1, 2, 3, 4]);
    await session.release();
  });

  it('writes attributes, subgraphs and com.microsoft nodes that onnxruntime understands', async () => {
    const branch = (name: string, factor: number): OnnxGraph => ({
      name,
      nodes: [
        {
          op: 'Constant',
          inputs: [],
          outputs: [`${name}_k`],
          attributes: {
            value: {
              kind: 'tensor',
              value: { name: '', dtype: 'float32', shape: [], data: Float32Array.of(factor) },
            },
          },
        },
        { op: 'Mul', inputs: ['t', `${name}_k`], outputs: [`${name}_y`], attributes: {} },
      ],
      inputs: [],
      outputs: [{ name: `${name}_y`, dtype: 'float32', shape: [3, 2] }],
      initializers: [],
    });
    const { bytes } = encodeModel({
      opsets,
      metadata: {},
      graph: {
        name: 'g',
        nodes: [
          {
            op: 'FusedMatMul',
            domain: 'com.microsoft',
            inputs: ['x', 'eye'],
            outputs: ['s'],
            attributes: { transA: { kind: 'int', value: 1 }, alpha: { kind: 'float', value: 0.5 } },
          },
          {
            op: 'Transpose',
            inputs: ['s'],
            outputs: ['t0'],
            attributes: { perm: { kind: 'ints', value: [0, 1] } },
          },
          { op: 'Identity', inputs: ['t0'], outputs: ['t'], attributes: {} },
          {
            op: 'If',
            inputs: ['yes'],
            outputs: ['y'],
            attributes: {
              then_branch: { kind: 'graph', value: branch('then', 2) },
              else_branch: { kind: 'graph', value: branch('else', 0) },
            },
          },
        ],
        inputs: [
          { name: 'x', dtype: 'float32', shape: [2, 3] },
          { name: 'yes', dtype: 'bool', shape: [] },
        ],
        outputs: [{ name: 'y', dtype: 'float32', shape: [3, 2] }],
        initializers: [{ name: 'eye', dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }],
      },
    });
    const session = await InferenceSession.create(bytes);
    const x = new Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const { y } = await session.run({ x, yes: new Tensor('bool', Uint8Array.of(1), []) });
    expect(Array.from(y!.data as Float32Array)).toEqual([1, 4, 2, 5, 3, 6]);
    await session.release();
  });

  it('puts weights above the threshold into a second file that onnxruntime reads', async () => {
    const data = Float32Array.from({ length: 400 }, (_, i) => i);
    const big: OnnxTensor = { name: 'w', dtype: 'float32', shape: [100, 4], data };
    const model = addModel(big);
    const graph = { ...model.graph, initializers: [{ ...big, name: 'unused' }, big] };
    const encoded = encodeModel(
      { ...model, graph },
      { externalData: { location: 'weights.bin', thresholdBytes: 3199 } },
    );
    expect(encoded.external!.length).toBe(4096 + 1600);
    expect(encoded.bytes.length).toBeLessThan(600);

    const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
    try {
      await writeFile(join(folder, 'weights.bin'), encoded.external!);
      await writeFile(join(folder, 'model.onnx'), encoded.bytes);
      const session = await InferenceSession.create(join(folder, 'model.onnx'), { logSeverityLevel: 3 });
      expect(await runAdd(session, new Array(400).fill(1))).toEqual(Array.from(data, (v) => v + 1));
      await session.release();
    } finally {
      await rm(folder, { recursive: true });
    }

    const back = decodeModel(encoded.bytes).graph.initializers[1]!;
    expect(back.external).toEqual({ location: 'weights.bin', offset: 4096, length: 1600 });
    expect(back.data.length).toBe(0);
    expect(encodeModel(decodeModel(encoded.bytes)).bytes.length).toBe(encoded.bytes.length);
  });

  it('keeps everything in one file up to the threshold', () => {
    const w: OnnxTensor = { name: 'w', dtype: 'float32', shape: [400], data: new Float32Array(400) };
    const at = (thresholdBytes: number) =>
      encodeModel(addModel(w), { externalData: { location: 'w.bin', thresholdBytes } }).external;
    expect(at(1600)).toBeNull();
    expect(at(1599)).not.toBeNull();
  });

  it('refuses data that do not fit the shape or the type', () => {
    const encode = (w: OnnxTensor) => () => encodeModel(addModel(w));
    expect(encode({ name: 'w', dtype: 'float32', shape: [4], data: new Float32Array(3) })).toThrow(
      "onnx: tensor 'w' is float32 [4] and needs Float32Array(4), got Float32Array(3)",
    );
    expect(encode({ name: 'w', dtype: 'int64', shape: [4], data: new Float32Array(4) })).toThrow(
      'needs BigInt64Array(4), got Float32Array(4)',
    );
    expect(encode({ name: 'w', dtype: 'float32', shape: [-1], data: new Float32Array(1) })).toThrow(
      'impossible shape [-1]',
    );
  });

  it('refuses an integer that would be rounded', () => {
    const node = {
      op: 'X',
      inputs: [],
      outputs: [],
      attributes: { n: { kind: 'int', value: 2 ** 60 } as const },
    };
    const graph = { name: 'g', nodes: [node], inputs: [], outputs: [], initializers: [] };
    expect(() => encodeModel({ opsets, metadata: {}, graph })).toThrow('pass a bigint');
  });
});

describe('decodeModel', () => {
  it('gives back what was encoded, for every kind of field', () => {
    expect(decodeModel(encodeModel(everything).bytes)).toEqual(everything);
  });

  it('gives the same model from a buffer at an odd offset', () => {
    const { bytes } = encodeModel(everything);
    for (const shift of [1, 2, 3, 5]) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      expect(decodeModel(moved.subarray(shift))).toEqual(everything);
    }
  });

  it('reads the typed fields float_data, int32_data, int64_data and double_data', () => {
    const cases: [code: number, write: (w: WireWriter) => void, expected: OnnxTensor['data']][] = [
      [1, (w) => w.packedFloats(4, [1.5, -2]), Float32Array.of(1.5, -2)],
      [1, (w) => each([1.5, -2], (v) => w.float(4, v)), Float32Array.of(1.5, -2)], // not packed
      [6, (w) => w.packedInts(5, [7, -8]), Int32Array.of(7, -8)],
      [3, (w) => w.packedInts(5, [7, -8]), Int8Array.of(7, -8)],
      [10, (w) => w.packedInts(5, [0x3c00, 0xbc00]), Uint16Array.of(0x3c00, 0xbc00)],
      [7, (w) => w.packedInts(7, [2n ** 60n, -1]), BigInt64Array.of(2n ** 60n, -1n)],
      [7, (w) => each([3, -1], (v) => w.int(7, v)), BigInt64Array.of(3n, -1n)], // not packed
      [11, (w) => w.bytes(10, new Uint8Array(Float64Array.of(0.1, 2).buffer)), Float64Array.of(0.1, 2)],
    ];
    for (const [code, write, expected] of cases) {
      const model = decodeModel(oneTensor(code, [2], write));
      expect(model.graph.initializers[0]!.data).toEqual(expected);
    }
  });

  it('says where the bytes are wrong', () => {
    const { bytes } = encodeModel(
      addModel({ name: 'w', dtype: 'float32', shape: [], data: Float32Array.of(1) }),
    );
    expect(() => decodeModel(bytes.subarray(0, bytes.length - 1))).toThrow(
      /^onnx: \d+ bytes announced, \d+ left at offset \d+$/,
    );
    expect(() => decodeModel(new Uint8Array(0))).toThrow('no graph in 0 bytes');
    expect(() => decodeModel(Uint8Array.of(0x6b))).toThrow('unknown wire type 3 at offset 1');
    expect(() => decodeModel(new Uint8Array(12).fill(0xff))).toThrow(
      'varint longer than 10 bytes at offset 10',
    );
    expect(() => decodeModel(Uint8Array.of(0x12, 1, 0xff))).toThrow('text is not UTF-8 at offset 1');
  });

  it('compares lengths before it allocates', () => {
    const claim = (w: WireWriter) => w.bytes(9, new Uint8Array(4));
    expect(() => decodeModel(oneTensor(1, [2 ** 40], claim))).toThrow(
      'needs 4398046511104 bytes of float32, got 4',
    );
    expect(() => decodeModel(oneTensor(1, [2 ** 40], () => {}))).toThrow(
      '1099511627776 float32 values, got 0',
    );
    expect(() => decodeModel(oneTensor(1, [2 ** 40, 2 ** 40], claim))).toThrow('impossible shape');
  });

  it('refuses what it cannot represent instead of dropping it', () => {
    const withField = (parents: number[], field: number) => {
      let body = new WireWriter();
      body.message(field, new WireWriter());
      for (const parent of parents) {
        const outer = new WireWriter();
        outer.message(parent, body);
        body = outer;
      }
      return body.finish();
    };
    expect(() => decodeModel(withField([7], 15))).toThrow('sparse initializers are not supported');
    expect(() => decodeModel(withField([], 25))).toThrow('model-local functions are not supported');
    expect(() => decodeModel(oneTensor(16, [1], (w) => w.packedInts(5, [1])))).toThrow('element type 16');
  });

  it('stops at graphs nested without end', () => {
    let graph: OnnxGraph = { name: 'g', nodes: [], inputs: [], outputs: [], initializers: [] };
    for (let i = 0; i < 40; i++) {
      const node = {
        op: 'If',
        inputs: [],
        outputs: [],
        attributes: { b: { kind: 'graph', value: graph } as const },
      };
      graph = { ...graph, nodes: [node] };
    }
    expect(() => decodeModel(encodeModel({ opsets, metadata: {}, graph }).bytes)).toThrow(
      'nested deeper than 32',
    );
  });

  it('answers any bytes with a model or an Error that has a message', () => {
    const { bytes } = encodeModel(everything);
    const survive = (candidate: Uint8Array) => {
      try {
        decodeModel(candidate);
      } catch (error) {
        expect((error as Error).message).toMatch(/^onnx: /);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survive), { seed: 1, numRuns: 2000 });
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const damaged = bytes.slice();
        for (const [at, value] of edits) damaged[at] = value;
        survive(damaged);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('round-trips random names, integers and floats', () => {
    const node = fc.record({
      op: fc.string(),
      inputs: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
      ints: fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer()), { maxLength: 60 }),
      float: fc.float(),
    });
    fc.assert(
      fc.property(fc.array(node, { maxLength: 5 }), (nodes) => {
        const model: OnnxModel = {
          irVersion: 10,
          opsets,
          metadata: {},
          graph: {
            name: 'g',
            nodes: nodes.map(({ op, inputs, ints, float }) => ({
              op,
              inputs,
              outputs: [],
              attributes: { i: { kind: 'ints', value: ints }, f: { kind: 'float', value: float } },
            })),
            inputs: [],
            outputs: [],
            initializers: [],
          },
        };
        expect(decodeModel(encodeModel(model).bytes)).toEqual(model);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('reads a Buffer that begins anywhere in memory', () => {
    const { bytes } = encodeModel(everything);
    for (let offset = 0; offset < 8; offset++) {
      const shifted = Buffer.alloc(bytes.length + offset).subarray(offset);
      shifted.set(bytes);
      expect(decodeModel(shifted)).toEqual(everything);
    }
  });
});

function each(values: number[], write: (value: number) => void): void {
  for (const value of values) write(value);
}

/** A model that holds one initializer, its data field written by `write`. */
function oneTensor(code: number, dims: number[], write: (w: WireWriter) => void): Uint8Array {
  const tensor = new WireWriter();
  tensor.packedInts(1, dims);
  tensor.int(2, code);
  write(tensor);
  const graph = new WireWriter();
  graph.message(5, tensor);
  const model = new WireWriter();
  model.message(7, graph);
  return model.finish();
}
