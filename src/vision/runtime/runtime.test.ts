import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../../autodiff/onnx/encode-model.ts';
import type { OnnxDtype } from '../../autodiff/onnx/model.ts';
import type { RuntimeTensor } from '../../autodiff/runtime.ts';
import { backends } from './backends.ts';
import { type DeviceRuntime, openRuntimeOn } from './runtime.ts';
import { sessionSettings } from './session.ts';
import { hungryModel, lineModel, vector } from './testing/small-model.ts';

let runtime: DeviceRuntime;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 2 });
});
afterAll(() => runtime.close());

describe('running a model on the CPU', () => {
  it('returns every output when none is named', async () => {
    const session = await runtime.load(lineModel(3));
    expect(session.inputNames).toEqual(['x']);
    expect(session.outputNames).toEqual(['y', 'z']);
    const results = await session.run({ x: vector(1, 2, 3) });
    expect(results).toEqual({ y: vector(3, 5, 7), z: vector(2, 4, 6) });
  });

  it('returns only the outputs that are named', async () => {
    const session = await runtime.load(lineModel(2));
    expect(await session.run({ x: vector(1, 2) }, { z: null })).toEqual({ z: vector(2, 4) });
  });

  it('writes into the given arrays and hands back the very same tensors', async () => {
    const session = await runtime.load(lineModel(2));
    const y = vector(0, 0);
    const results = await session.run({ x: vector(1, 2) }, { y, z: null });
    expect(results.y).toBe(y);
    expect(y.data).toEqual(Float32Array.of(3, 5));
    expect(results.z!.data).toEqual(Float32Array.of(2, 4));
  });

  it('writes into a view in the middle of a larger buffer and leaves the rest alone', async () => {
    const session = await runtime.load(lineModel(2));
    const buffer = new Float32Array(6).fill(-1);
    await session.run(
      { x: vector(1, 2) },
      { y: { type: 'float32', dims: [2], data: buffer.subarray(2, 4) } },
    );
    expect(buffer).toEqual(Float32Array.of(-1, -1, 3, 5, -1, -1));
  });

  it('gives two runs results that do not share memory', async () => {
    const session = await runtime.load(lineModel(2));
    const first = await session.run({ x: vector(1, 2) });
    await session.run({ x: vector(5, 6) });
    expect(first.y!.data).toEqual(Float32Array.of(3, 5));
  });

  it('makes no second copy of what it writes in place', async () => {
    const length = 4_000_000;
    const session = await runtime.load(lineModel(length));
    const x = { type: 'float32', dims: [length], data: new Float32Array(length).fill(1) };
    const y = { type: 'float32', dims: [length], data: new Float32Array(length) };
    await session.run({ x }, { y });
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 5; n++) await session.run({ x }, { y });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * length);
    expect(y.data[length - 1]).toBe(3);
  });

  it('accepts a model file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'okapi-'));
    await writeFile(join(dir, 'line.onnx'), lineModel(2));
    const session = await runtime.load(join(dir, 'line.onnx'));
    const y = vector(0, 0);
    const results = await session.run({ x: vector(1, 2) }, { y, z: null });
    expect(results.y).toBe(y);
    expect(results).toEqual({ y: vector(3, 5), z: vector(2, 4) });
    await rm(dir, { recursive: true });
  });

  it.each([
    ['float32', Float32Array.of(1.5, -2)],
    ['float16', Uint16Array.of(0x3c00, 0xc000)],
    ['float64', Float64Array.of(1.5, -2)],
    ['int64', BigInt64Array.of(5n, -6n)],
    ['int32', Int32Array.of(5, -6)],
    ['uint8', Uint8Array.of(5, 255)],
    ['int8', Int8Array.of(5, -6)],
    ['bool', Uint8Array.of(0, 1)],
  ] as const)('carries %s through unchanged', async (type, data) => {
    const session = await runtime.load(identity(type, [2]));
    expect((await session.run({ x: { type, dims: [2], data } })).y).toEqual({ type, dims: [2], data });
  });

  it('carries a tensor of no dimensions, and those of unknown length or rank', async () => {
    const scalar = await runtime.load(identity('float32', []));
    const x = { type: 'float32', dims: [], data: Float32Array.of(7) };
    for (let n = 0; n < 3; n++) expect((await scalar.run({ x })).y).toEqual(x);
    const open = await runtime.load(identity('float32', ['n']));
    expect((await open.run({ x: vector(1, 2, 3) })).y).toEqual(vector(1, 2, 3));
    expect((await open.run({ x: vector(4) })).y).toEqual(vector(4));
    const any = await runtime.load(node('Identity', []));
    expect((await any.run({ x: vector(1, 2, 3) })).y).toEqual(vector(1, 2, 3));
    expect((await any.run({ x: vector(4) })).y).toEqual(vector(4));
  });
});

it('refuses a device that the engine was built without, where it would compute on the CPU in silence', async () => {
  // No system has both.
  const opened = await Promise.allSettled([openRuntimeOn('dml'), openRuntimeOn('coreml')]);
  const reasons = opened.map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
  expect(reasons.join()).toMatch(/this build of ONNX Runtime has .*cpu.*, not (dml|coreml)/);
});

describe('mistakes in a run', () => {
  const int: RuntimeTensor = { type: 'int32', dims: [2], data: Int32Array.of(1, 2) };
  it.each([
    [{}, undefined, 'the model needs the input "x", got none'],
    [{ w: vector(1) }, undefined, 'the model needs the input "x", got w'],
    [{ x: vector(1, 2), w: vector(1) }, undefined, 'the model has no input "w", only x'],
    [{ x: vector(1) }, undefined, 'input "x": expected float32 [2], got float32 [1]'],
    [{ x: int }, undefined, 'input "x": expected float32 [2], got int32 [2]'],
    [{ x: vector(1, 2) }, { q: null }, 'the model has no output "q", only y, z'],
    [{ x: vector(1, 2) }, { y: vector(1) }, 'output "y": expected float32 [2], got float32 [1]'],
    [{ x: vector(1, 2) }, { y: int }, 'output "y": expected float32 [2], got int32 [2]'],
  ])('%o into %o: %s', async (feeds, fetches, message) => {
    const session = await runtime.load(lineModel(2));
    await expect(session.run(feeds as Record<string, RuntimeTensor>, fetches)).rejects.toThrow(message);
  });

  it('says that a model cannot be read, without engine jargon', async () => {
    await expect(runtime.load(Uint8Array.of(1, 2, 3))).rejects.toThrow(
      'cpu cannot load the model: Failed to load model because protobuf parsing failed.',
    );
    await expect(runtime.load('/no/such/model.onnx')).rejects.toThrow("File doesn't exist");
  });

  it('says what failed inside a run, without source paths', async () => {
    const session = await runtime.load(
      node('Reshape', [{ name: 'shape', dtype: 'int64', shape: [1], data: BigInt64Array.of(5n) }]),
    );
    const failed = await session.run({ x: vector(1, 2) }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failed).toMatch(/^cpu cannot run the model: .*reshape/i);
    expect(failed).not.toMatch(/onnxruntime_src|\[ONNXRuntimeError\]/);
  });

  it('refuses to run after close, and closes twice without complaint', async () => {
    const session = await runtime.load(lineModel(1));
    await session.close();
    await session.close();
    await expect(session.run({ x: vector(1) })).rejects.toThrow('disposed');
  });

  it('closes the open sessions with the runtime', async () => {
    const own = await openRuntimeOn('cpu');
    const session = await own.load(lineModel(1));
    await own.close();
    await expect(session.run({ x: vector(1) })).rejects.toThrow('disposed');
  });
});

describe('settings', () => {
  it('start as many threads as asked for', async () => {
    const place = { backend: backends.cpu, threads: 3 };
    expect(sessionSettings(place, {})).toMatchObject({ intraOpNumThreads: 3, interOpNumThreads: 1 });
    // Linux shows the threads of a process; elsewhere the setting above is all there is to see.
    const count = () => (existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : Number.NaN);
    const start = count();
    const wide = await openRuntimeOn('cpu', { threads: 5 });
    await wide.load(lineModel(1));
    if (!Number.isNaN(start)) expect(count() - start).toBe(4);
    await wide.close();
  });

  it("memory 'low' gives back after a run what 'fast' keeps for the next", async () => {
    const megabytes = 256;
    const length = megabytes * 2 ** 18;
    const x = { type: 'float32', dims: [length / 1024, 1], data: new Float32Array(length / 1024).fill(1) };
    const kept = async (memory: 'fast' | 'low') => {
      const session = await runtime.load(hungryModel(length), { memory });
      const before = process.memoryUsage().rss;
      const { y } = await session.run({ x });
      const after = process.memoryUsage().rss;
      await session.close();
      expect(y!.data[0]).toBe(length);
      return (after - before) / 2 ** 20;
    };
    expect(await kept('low')).toBeLessThan(megabytes / 2);
    expect(await kept('fast')).toBeGreaterThan(megabytes / 2);
  });

  it('config entries reach the engine: told to expect another file format, it refuses an ONNX model', async () => {
    await runtime.load(lineModel(1), { config: { 'session.load_model_format': 'ONNX' } });
    await expect(
      runtime.load(lineModel(1), { config: { 'session.load_model_format': 'ORT' } }),
    ).rejects.toThrow('cpu cannot load the model');
  });

  it('keepOnDevice has no meaning on the CPU: there is no runKeeping', async () => {
    const session = await runtime.load(lineModel(1), { keepOnDevice: ['y'] });
    expect(session.runKeeping).toBeUndefined();
    expect((await session.run({ x: vector(1) })).y).toEqual(vector(3));
  });
});

function identity(dtype: OnnxDtype, shape: (number | string)[]): Uint8Array {
  return node('Identity', [], dtype, shape);
}

/** y = op(x, ...constants) */
function node(
  op: string,
  constants: Parameters<typeof encodeModel>[0]['graph']['initializers'],
  dtype: OnnxDtype = 'float32',
  shape: (number | string)[] | null = null,
): Uint8Array {
  return encodeModel({
    opsets: [{ domain: '', version: 17 }],
    metadata: {},
    graph: {
      name: 'test',
      inputs: [{ name: 'x', dtype, shape }],
      outputs: [{ name: 'y', dtype, shape }],
      initializers: constants,
      nodes: [{ op, inputs: ['x', ...constants.map((c) => c.name)], outputs: ['y'], attributes: {} }],
    },
  }).bytes;
}
