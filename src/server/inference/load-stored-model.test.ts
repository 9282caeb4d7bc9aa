// What a loaded model is thought to take in memory.
import { expect, it } from 'vitest';
import { estimateBytes } from './load-stored-model.ts';

const file = (bytes: number) => ({ bytes, sha256: '' });
const model = (files: Record<string, { bytes: number; sha256: string }>, imageSize: number) => ({
  id: 'm-1',
  folder: '/',
  files,
  imageSize,
});

it('grows with the graph that is loaded and with the pixels', () => {
  const files = { 'model.onnx': file(10_000_000), 'model.pt': file(99), 'golden.png': file(5) };
  expect(estimateBytes(model(files, 100))).toBe(30_000_000);
  expect(estimateBytes(model(files, 200))).toBe(60_000_000);
});

it('goes by the weights of a model of the original, whose graph is made when it is loaded', () => {
  expect(estimateBytes(model({ 'model.pt': file(1000), 'config.yaml': file(9) }, 0))).toBe(2000);
});
