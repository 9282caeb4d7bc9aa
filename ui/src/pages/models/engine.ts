// ONNX Runtime in this page: WebAssembly of this server on one thread, so that it needs no worker and no policy for scripts.

import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import type { Ort } from '../../../../src/runner/engine.ts';
import { openBundle, type Runner } from '../../../../src/runner/index.ts';

ort.env.wasm.numThreads = 1;
ort.env.wasm.proxy = false;
ort.env.wasm.wasmPaths = { wasm };

export type { Runner } from '../../../../src/runner/index.ts';

/** Opens the bundle of a model. Throws OkapiError, and Error when the engine cannot be started. */
export function openHere(bundle: Uint8Array): Promise<Runner> {
  return openBundle(bundle, ort as unknown as Ort, { session: { executionProviders: ['wasm'] } });
}

/** The pixels of a picture as the browser decodes them, upright; colours as they are written. */
export async function pixelsOf(file: Blob): Promise<ImageData> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
