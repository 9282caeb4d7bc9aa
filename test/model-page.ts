// A page that runs an ONNX model with onnxruntime-web, served from this machine alone.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { RuntimeTensor } from '../src/autodiff/runtime.ts';
import { watchPage } from './browser.ts';

export interface ModelPage {
  /** Runs the model; the outputs as plain numbers. */
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, readonly number[]>>>;
  /** Addresses of other machines that the page asked for. */
  readonly outside: readonly string[];
  close(): Promise<void>;
}

interface Feed {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

const html = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import * as ort from '/ort/ort.wasm.bundle.min.mjs';
ort.env.wasm.numThreads = 1;
const arrays = { uint8: Uint8Array, float32: Float32Array };
window.runModel = async (feeds) => {
  const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['wasm'] });
  const given = feeds.map(({ name, type, dims, data }) => [name, new ort.Tensor(type, arrays[type].from(data), dims)]);
  const out = await session.run(Object.fromEntries(given));
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, Array.from(data, Number)]));
};
</script>`;

const types: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
};

/** The folder of the files that browsers load. */
const ort = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

export async function openModelPage(browser: Browser, model: Uint8Array): Promise<ModelPage> {
  const server = createServer(async ({ url = '/' }, response) => {
    const [, name] = /^\/ort\/([\w.-]+)$/.exec(url) ?? [];
    if (name === undefined && url !== '/' && url !== '/model.onnx') return void response.writeHead(404).end();
    const body = name === undefined ? (url === '/' ? html : model) : await readFile(join(ort, name));
    response.writeHead(200, { 'content-type': types[extname(url)] ?? 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const page = await browser.newPage();
  const { outside } = await watchPage(page, origin);
  await page.goto(origin);
  await page.waitForFunction('window.runModel !== undefined');
  return {
    outside,
    async run(feeds) {
      const plain = Object.entries(feeds).map(
        ([name, { type, dims, data }]): Feed => ({
          name,
          type,
          dims,
          data: Array.from(data as ArrayLike<number>),
        }),
      );
      return page.evaluate(
        (given) => (globalThis as unknown as { runModel: (feeds: Feed[]) => never }).runModel(given),
        plain,
      );
    },
    async close() {
      await page.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
