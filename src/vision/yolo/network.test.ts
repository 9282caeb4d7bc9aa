import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { input, Scope, trace } from '../../autodiff/index.ts';
import { numbersOf, runGraph } from '../../autodiff/testing/runtime.ts';
import { readTensors } from '../checkpoint/read-tensors.ts';
import { mobilenetV3Coco } from '../encoders/mobilenetv3-coco.ts';
import { OkapiError } from '../errors.ts';
import { anchorsOf } from './anchors.ts';
import { candidateGraph } from './candidate-graph.ts';
import { pixelInput, type YoloNetwork, yoloNetwork } from './network.ts';
import { parseVariant, type VariantName, variantNames } from './variants.ts';

const asset = new URL('../../../assets/mobilenetv3-coco.safetensors', import.meta.url);
const { tensors: trunk } = await readTensors(readFileSync(asset));

const network = (name: VariantName, classes: number, seed = 1) =>
  yoloNetwork({ variant: parseVariant(name), classes, seed });

const weightsOf = ({ parameters }: YoloNetwork) => parameters.all().filter(({ group }) => group !== 'buffer');
const countOf = (net: YoloNetwork) => weightsOf(net).reduce((total, { data }) => total + data.length, 0);

describe('parseVariant', () => {
  it('knows each name, with or without .pt', () => {
    for (const name of variantNames) {
      expect(parseVariant(name).name).toBe(name);
      expect(parseVariant(`${name}.pt`)).toEqual(parseVariant(name));
    }
  });

  it('refuses other names and says which there are', () => {
    for (const name of ['yolov8', 'yolov8n.onnx', 'YOLOv8n', '', 'yolov8n.pt.pt', '../yolov8n.pt']) {
      const parse = () => parseVariant(name);
      expect(parse).toThrow(OkapiError);
      expect(parse).toThrow(`expected a model variant of ${variantNames.join(', ')}; got "${name}"`);
    }
  });
});

describe('yoloNetwork', () => {
  // For 80 classes; those of yolov8 as published, the 16 fixed weights of the distances among them.
  const weightCounts: Readonly<Record<VariantName, number>> = {
    yolov8n: 3157200,
    yolov8s: 11166560,
    yolov8m: 25902640,
    yolov8l: 43691520,
    yolov8x: 68229648,
    'okapi-n': 3636120,
    'okapi-s': 8595800,
  };

  it.each(variantNames)('%s says something about each anchor, with as many weights as published', (name) => {
    const net = network(name, 80);
    const { count } = anchorsOf(96);
    const pixels = input('pixels', [2, 96, 96, 3], 'uint8');
    const { distances, scores } = net.head(new Scope(net.parameters, 'train'), pixels);
    expect([distances.type.shape, scores.type.shape]).toEqual([
      [2, count, 64],
      [2, count, 80],
    ]);
    expect(count).toBe(144 + 36 + 9);
    expect(countOf(net)).toBe(weightCounts[name]);
  });

  it('names the weights of yolov8n as public checkpoints do', () => {
    const shapes = new Map(
      network('yolov8n', 80)
        .parameters.all()
        .map(({ name, shape }) => [name, shape.join()]),
    );
    const expected: Record<string, string> = {
      'model.0.conv.weight': '16,3,3,3',
      'model.0.bn.weight': '16',
      'model.0.bn.bias': '16',
      'model.0.bn.running_mean': '16',
      'model.0.bn.running_var': '16',
      'model.2.cv1.conv.weight': '32,32,1,1',
      'model.2.m.0.cv1.conv.weight': '16,16,3,3',
      'model.2.cv2.conv.weight': '32,48,1,1',
      'model.4.m.1.cv2.bn.running_var': '32',
      'model.8.cv2.conv.weight': '256,384,1,1',
      'model.9.cv1.conv.weight': '128,256,1,1',
      'model.9.cv2.conv.weight': '256,512,1,1',
      'model.12.cv1.conv.weight': '128,384,1,1',
      'model.15.cv1.conv.weight': '64,192,1,1',
      'model.16.conv.weight': '64,64,3,3',
      'model.18.cv1.conv.weight': '128,192,1,1',
      'model.19.conv.weight': '128,128,3,3',
      'model.21.cv1.conv.weight': '256,384,1,1',
      'model.22.cv2.0.0.conv.weight': '64,64,3,3',
      'model.22.cv2.1.1.bn.weight': '64',
      'model.22.cv2.2.2.weight': '64,64,1,1',
      'model.22.cv2.2.2.bias': '64',
      'model.22.cv3.0.0.conv.weight': '80,64,3,3',
      'model.22.cv3.2.2.weight': '80,80,1,1',
      'model.22.cv3.2.2.bias': '80',
      'model.22.dfl.conv.weight': '1,16,1,1',
    };
    for (const [name, shape] of Object.entries(expected))
      expect([name, shapes.get(name)]).toEqual([name, shape]);
    // 57 blocks of a convolution and four rows of normalisation, six last convolutions with a bias, and the distances.
    expect(shapes.size).toBe(57 * 5 + 6 * 2 + 1);
    expect([...shapes.keys()].every((name) => name.startsWith('model.'))).toBe(true);
  });

  it('numbers the modules 10, 11, 13, 14, 17 and 20 without giving them weights', () => {
    const modules = network('yolov8n', 1)
      .parameters.all()
      .map(({ name }) => Number(name.split('.')[1]));
    expect([...new Set(modules)].sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 18, 19, 21, 22,
    ]);
  });

  it('begins with rare objects and equal distances, whatever the picture', async () => {
    const net = yoloNetwork({ variant: parseVariant('okapi-n'), classes: 4, seed: 2, trunk });
    const graph = trace(net.parameters, {
      inputs: { pixels: pixelInput(1, 64) },
      build: (s, { pixels }) => ({ ...net.head(s, pixels) }),
    });
    const pixels = Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i) % 256);
    const { scores } = await runGraph(graph, { pixels });
    expect(numbersOf(scores!).every((logit) => Number.isFinite(logit) && logit < 0)).toBe(true);
    for (const [level, stride] of [8, 16, 32].entries()) {
      const bias = net.parameters.get(`model.22.cv3.${level}.2.bias`)!.data;
      expect(1 / (1 + Math.exp(-bias[0]!))).toBeCloseTo((5 / 4) * (stride / 640) ** 2, 3);
      expect(new Set(net.parameters.get(`model.22.cv2.${level}.2.bias`)!.data)).toEqual(new Set([1]));
    }
  });

  it('is the same for the same seed and another for another', () => {
    const first = (seed: number) => [
      ...network('yolov8n', 2, seed).parameters.get('model.0.conv.weight')!.data,
    ];
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });
});

describe('the trunk of an okapi variant', () => {
  const net = yoloNetwork({ variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk });

  it('begins with the weights of the encoder, those of its start frozen', () => {
    const own = net.parameters.all().filter(({ name }) => name.startsWith('trunk.'));
    expect(own.map(({ name }) => name.slice('trunk.'.length)).sort()).toEqual([...trunk.keys()].sort());
    const stem = net.parameters.get('trunk.stem.weight')!;
    expect([...stem.data]).toEqual([...mobilenetV3Coco(trunk).tensors.get('stem.weight')!.data]);
    const groupsOf = (trainable: boolean) => [
      ...new Set(own.filter((row) => row.trainable === trainable).map(({ name }) => name.split('.')[1])),
    ];
    expect(groupsOf(false)).toEqual(['stem', 'block0', 'block1', 'block2', 'block3']);
    expect(groupsOf(true).length).toBe(11);
    expect(new Set(own.map(({ group }) => group))).toEqual(new Set(['trunk', 'trunk-bias']));
  });

  it('is trained from another block where it is told so', () => {
    const trained = (firstTrainedBlock: number) => {
      const parts = { variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk, firstTrainedBlock };
      const own = yoloNetwork(parts)
        .parameters.all()
        .filter((p) => p.trainable && p.name.startsWith('trunk.'));
      return new Set(own.map(({ name }) => name.split('.')[1])).size;
    };
    expect([trained(0), trained(7), trained(15)]).toEqual([15, 8, 0]);
  });

  it('does not share its numbers with the tensors it began with', () => {
    const other = yoloNetwork({ variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk });
    other.parameters.get('trunk.block9.project.weight')!.data.fill(0);
    expect(net.parameters.get('trunk.block9.project.weight')!.data.some((w) => w !== 0)).toBe(true);
  });

  it('has the same names without weights, so that those of a checkpoint can take their place', () => {
    const shapesOf = ({ parameters }: YoloNetwork) =>
      parameters.all().map((p) => [p.name, p.shape, p.trainable, p.group]);
    expect(shapesOf(network('okapi-n', 2))).toEqual(shapesOf(net));
  });

  it('refuses the weights of another net', () => {
    const wrong = new Map(trunk);
    wrong.delete('block4.expand.bias');
    const open = () => yoloNetwork({ variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk: wrong });
    expect(open).toThrow(/1 missing: "block4.expand.bias"/);
  });
});

describe('candidateGraph', () => {
  it('takes the weights of the moment and gives boxes in pixels and scores in 0..1', async () => {
    const net = yoloNetwork({ variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk });
    const graph = candidateGraph(net, 64, 2);
    const weights = Object.fromEntries(net.parameters.all().map(({ name, data }) => [name, data]));
    const pixels = Float32Array.from({ length: 2 * 64 * 64 * 3 }, (_, i) => (i * 7) % 256);
    const { boxes, scores } = await runGraph(graph, { pixels, ...weights }, 'cpu');
    expect([boxes!.dims, scores!.dims]).toEqual([
      [2, 84, 4],
      [2, 84, 2],
    ]);
    expect(numbersOf(scores!).every((score) => score > 0 && score < 1)).toBe(true);
    const corners = numbersOf(boxes!);
    for (let i = 0; i < corners.length; i += 4) {
      expect(corners[i + 2]! > corners[i]! && corners[i + 3]! > corners[i + 1]!).toBe(true);
    }
    weights['model.22.cv3.0.2.bias']!.fill(20);
    const changed = await runGraph(graph, { pixels, ...weights }, 'cpu');
    expect(numbersOf(changed.scores!)[0]).toBeCloseTo(1, 5);
  });
});
