// What a loaded model is thought to take in memory, and for object detectors what it does take.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { toOnnx } from '../../autodiff/onnx/to-onnx.ts';
import type { Task } from '../../vision/detectors/detector.ts';
import { detectionGraph } from '../../vision/yolo/detection-graph.ts';
import { yoloNetwork } from '../../vision/yolo/network.ts';
import { parseVariant } from '../../vision/yolo/variants.ts';
import { estimateBytes } from './load-stored-model.ts';

type Files = Record<string, { bytes: number; sha256: string }>;
const file = (bytes: number) => ({ bytes, sha256: '' });
const model = (files: Files, imageSize: number, task: Task = 'anomaly') => ({
  ...{ id: 'm-1', folder: '/', files, imageSize, task },
});

it('grows with the graph that is loaded and with the pixels', () => {
  const files = { 'model.onnx': file(10_000_000), 'model.pt': file(99), 'golden.png': file(5) };
  expect(estimateBytes(model(files, 100))).toBe(30_000_000);
  expect(estimateBytes(model(files, 200))).toBe(60_000_000);
  expect(estimateBytes(model(files, 200, 'detect'))).toBe(20_800_000);
});

it('goes by the weights of a model of the original, whose graph is made when it is loaded', () => {
  expect(estimateBytes(model({ 'model.pt': file(1000), 'config.yaml': file(9) }, 0))).toBe(2000);
});

const measuring = fileURLToPath(new URL('./testing/loaded-detectors.ts', import.meta.url));

it.each([
  ['okapi-n', 320],
  ['okapi-n', 640],
  ['yolov8n', 640],
  ['yolov8s', 640],
])(
  'is within a factor of two of what the detector %s takes at %i pixels',
  async (name, size) => {
    const dir = await mkdtemp(join(tmpdir(), 'okapi-'));
    try {
      const network = yoloNetwork({ variant: parseVariant(name), classes: 3, seed: 1 });
      const graph = toOnnx(detectionGraph(network, size));
      await writeFile(join(dir, 'model.onnx'), graph);
      const args = [
        '--expose-gc',
        '--import',
        import.meta.resolve('tsx'),
        measuring,
        join(dir, 'model.onnx'),
      ];
      const { stdout } = await promisify(execFile)(process.execPath, [...args, String(size)]);
      const estimate = estimateBytes(model({ 'model.onnx': file(graph.length) }, size, 'detect'));
      const ratio = estimate / Number(stdout);
      expect(ratio, `${estimate} thought, ${stdout} measured`).toBeGreaterThan(0.5);
      expect(ratio, `${estimate} thought, ${stdout} measured`).toBeLessThan(2);
    } finally {
      await rm(dir, { recursive: true });
    }
  },
  60_000,
);
