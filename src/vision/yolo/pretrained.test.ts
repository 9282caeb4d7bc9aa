import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tensors } from '../checkpoint/tensors.ts';
import { writeTorch } from '../checkpoint/torch-writer.ts';
import { type YoloNetwork, yoloNetwork } from './network.ts';
import { loadPretrained, readPretrained } from './pretrained.ts';
import { parseVariant } from './variants.ts';

const network = (name: string, classes: number, seed = 1) =>
  yoloNetwork({ variant: parseVariant(name), classes, seed });
const tensorsOf = ({ parameters }: YoloNetwork): Tensors =>
  new Map(
    parameters
      .all()
      .map(({ name, shape, data }) => [name, { dtype: 'float32' as const, shape, data: data.slice() }]),
  );
const numbersOf = ({ parameters }: YoloNetwork) =>
  new Map(parameters.all().map((p) => [p.name, [...p.data.slice(0, 3)]]));
const spelled = (tensors: Tensors, change: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [change(name), tensor]));
const fixture = (name: string) => readFileSync(new URL(`../checkpoint/fixtures/${name}`, import.meta.url));
const errorOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return error as Error & { code: string };
  }
  return null;
};

const coco = tensorsOf(network('yolov8n', 80, 5));

describe('loadPretrained', () => {
  it('sets all weights of a file of the same net, as copies', () => {
    const net = network('yolov8n', 80);
    const { matched, missing, differing, report } = loadPretrained(net, coco);
    const total = net.parameters.all().length - 1; // all but the fixed bins
    expect([matched.length, missing.length, differing.length]).toEqual([total, 0, 0]);
    expect(report).toBe(
      `${total} of ${total} weights are those of the file (135 of 135 of the backbone, 90 of 90 of the neck, 36 of 36 of the box branch)`,
    );
    const first = net.parameters.get('model.0.conv.weight')!;
    expect([...first.data]).toEqual([...coco.get('model.0.conv.weight')!.data] as number[]);
    expect(first.data.buffer).not.toBe(coco.get('model.0.conv.weight')!.data.buffer);
    expect(first.trainable).toBe(true);
    expect(net.parameters.get('model.0.bn.running_mean')!.trainable).toBe(false);
  });

  it('leaves the class branch fresh for another number of classes and says so', () => {
    const net = network('yolov8n', 3);
    const before = numbersOf(net);
    const { differing, missing, report } = loadPretrained(net, coco);
    expect(missing).toEqual([]);
    expect(differing.every(({ name }) => name.startsWith('model.22.cv3.'))).toBe(true);
    expect(differing).toContainEqual({ name: 'model.22.cv3.0.2.bias', expected: [3], actual: [80] });
    expect(report).toMatch(
      /weights of the class branch stay fresh, since the file knows 80 classes and the network 3/,
    );
    expect(numbersOf(net).get('model.22.cv3.0.2.bias')).toEqual(before.get('model.22.cv3.0.2.bias'));
    expect(numbersOf(net).get('model.22.cv2.0.0.conv.weight')).not.toEqual(
      before.get('model.22.cv2.0.0.conv.weight'),
    );
  });

  it.each([
    ['one model. less', (name: string) => name.replace(/^model\./, '')],
    ['one model. more', (name: string) => `model.${name}`],
  ])('finds the names with %s', (_, change) => {
    const net = network('yolov8n', 80);
    expect(loadPretrained(net, spelled(coco, change)).missing).toEqual([]);
  });

  it('reads half floats, counters and weights that it has no use for', async () => {
    const counted: Tensors = new Map([
      ...coco,
      ['model.0.bn.num_batches_tracked', { dtype: 'int64' as const, shape: [], data: BigInt64Array.of(7n) }],
      ['model.99.extra', { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) }],
      [
        'model.0.conv.weight',
        { dtype: 'float16' as const, shape: [16, 3, 3, 3], data: new Uint16Array(432).fill(0x3e00) },
      ],
    ]);
    const { tensors, module } = await readPretrained(writeTorch(counted));
    const net = network('yolov8n', 80);
    expect(loadPretrained(net, tensors, module).missing).toEqual([]);
    expect(net.parameters.get('model.0.conv.weight')!.data[5]).toBe(1.5);
  });

  it('names what a file lacks', () => {
    const net = network('yolov8n', 80);
    const part = new Map([...coco].filter(([name]) => !name.startsWith('model.9.')));
    const { missing, report } = loadPretrained(net, part);
    expect(missing).toContain('model.9.cv1.conv.weight');
    expect(report).toContain(
      `${missing.length} are not in the file and stay fresh: "model.9.cv1.conv.weight"`,
    );
  });

  it('refuses another variant, names it and sets nothing', () => {
    const net = network('yolov8n', 80);
    const before = numbersOf(net);
    const error = errorOf(() => loadPretrained(net, tensorsOf(network('yolov8s', 80))));
    expect(error?.code).toBe('checkpoint.key_mismatch');
    expect(error?.message).toMatch(
      /expected weights of yolov8n, got \d+ tensors as wide as those of yolov8s/,
    );
    expect(numbersOf(net)).toEqual(before);
  });

  it.each([
    ['yolov8n', 'okapi-n', 'of an okapi variant', '10 of 135 of the backbone, 90 of 90 of the neck'],
    ['okapi-n', 'yolov8n', 'as wide as those of yolov8n', '10 of 139 of the backbone, 90 of 90 of the neck'],
    ['okapi-n', 'okapi-s', 'of an okapi variant', '114 of 139 of the backbone, 0 of 90 of the neck'],
    ['yolov8s', 'yolov8l', 'as wide as those of yolov8l', '33 of 135 of the backbone, 18 of 90 of the neck'],
  ])('to %s, refuses the weights of %s, and says what fits', (wanted, given, what, shares) => {
    const net = network(wanted, 80);
    const before = numbersOf(net);
    const error = errorOf(() => loadPretrained(net, tensorsOf(network(given, 80))));
    expect(error).toMatchObject({ code: 'checkpoint.key_mismatch' });
    expect(error?.message).toContain(what);
    expect(error?.message).toContain(shares);
    expect(numbersOf(net)).toEqual(before);
  });

  it.each(['okapi-n', 'okapi-s'])('takes the weights of %s for the same', (name) => {
    const { missing, differing, shares } = loadPretrained(network(name, 80), tensorsOf(network(name, 80)));
    expect([missing, differing]).toEqual([[], []]);
    expect(shares.backbone).toEqual({ matched: 139, total: 139 });
  });

  it('takes a file that lacks less than half of each part, and none that lacks more of one', () => {
    const neck = [...coco.keys()].filter((name) => /^model\.1[0-9]\.|^model\.2[01]\./.test(name));
    const without = (count: number) =>
      new Map([...coco].filter(([name]) => !neck.slice(0, count).includes(name)));
    expect(loadPretrained(network('yolov8n', 80), without(45)).shares.neck).toEqual({
      matched: 45,
      total: 90,
    });
    expect(errorOf(() => loadPretrained(network('yolov8n', 80), without(46)))?.message).toContain(
      '44 of 90 of the neck',
    );
  });

  it.each(['classification.pt', 'detection.pt', 'state-dict.pt'])(
    'refuses %s and says what it holds',
    async (name) => {
      const { tensors, module } = await readPretrained(fixture(name));
      const error = errorOf(() => loadPretrained(network('yolov8n', 3), tensors, module));
      expect(error?.code).toBe('checkpoint.key_mismatch');
      expect(error?.message).toContain(module === null ? 'such as "0.weight"' : `of "${module.className}"`);
    },
  );

  it('refuses a negative variance and sets nothing', () => {
    const net = network('yolov8n', 80);
    const before = numbersOf(net);
    const broken = new Map(coco).set('model.0.bn.running_var', {
      dtype: 'float32',
      shape: [16],
      data: new Float32Array(16).fill(-1),
    });
    const error = errorOf(() => loadPretrained(net, broken));
    expect(error?.code).toBe('checkpoint.bad_tensor');
    expect(error?.message).toContain('"model.0.bn.running_var"');
    expect(numbersOf(net)).toEqual(before);
  });

  it('keeps the fixed bins of the distances', () => {
    const net = network('yolov8n', 80);
    const other = new Map(coco).set('model.22.dfl.conv.weight', {
      dtype: 'float32',
      shape: [1, 16, 1, 1],
      data: new Float32Array(16).fill(9),
    });
    loadPretrained(net, other);
    expect([...net.parameters.get('model.22.dfl.conv.weight')!.data].slice(0, 3)).toEqual([0, 1, 2]);
  });
});
