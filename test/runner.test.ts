// The runner in a real browser, by the page of the examples: a bundle gives the scores and drawings of the server.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { transform } from '@swc/core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anomalyBundle, type TestBundle } from '../src/runner/testing/bundles.ts';
import { samplePart } from '../src/vision/dataset/sample-parts.ts';
import {
  type AnomalyDetector,
  anomalyDetector,
  encodePicture,
  loadDetector,
  type OpenedRuntime,
  openRuntime,
  renderPrediction,
} from '../src/vision/index.ts';
import { browserRunsHere, type Misdeeds, openBrowser, watchPage } from './browser.ts';

describe.skipIf(!browserRunsHere)('the runner in a browser', () => {
  let dir: string;
  let bundle: TestBundle;
  let runtime: OpenedRuntime;
  let detector: AnomalyDetector;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let seen: Misdeeds;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'okapi-'));
    bundle = await anomalyBundle(dir);
    runtime = await openRuntime({ device: 'cpu', threads: 1 });
    detector = anomalyDetector(await loadDetector(bundle.folder, runtime));
    server = createServer((request, response) => {
      void serve(request.url ?? '/').then(
        ({ type, body }) => response.writeHead(200, { 'content-type': type }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    browser = await openBrowser();
    page = await browser.newPage();
    seen = await watchPage(page, origin);
    await page.goto(`${origin}/examples/runner.html`);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await detector?.close();
    await runtime?.close();
    await rm(dir, { recursive: true });
  });

  /** Gives the page a file and waits for what it says to that. */
  async function given(input: 'bundle' | 'picture', name: string, bytes: Uint8Array): Promise<string> {
    await page.locator(`#${input}`).setInputFiles({ name, mimeType: '', buffer: Buffer.from(bytes) });
    await page.waitForFunction(`/^(?!Choose|\\.\\.\\.)/.test(document.getElementById('words').value)`);
    return page.evaluate(`document.getElementById('words').value`);
  }

  it('gives the golden picture its score within 1e-4', async () => {
    const words = await given('bundle', 'm-1.zip', bundle.bytes);
    const [, score, recorded] = /scores (\S+), (\S+) is recorded/.exec(words) ?? [words];
    expect(Math.abs(Number(score) - Number(recorded))).toBeLessThan(1e-4);
    expect(Number(recorded)).toBeGreaterThan(0);
  });

  it('scores and draws pictures as the server does, of other sizes too', async () => {
    const { picture } = samplePart('boards', 6, 'scratch', 200);
    const words = await given('picture', 'part.png', await encodePicture(picture, 'png'));
    const [prediction] = await detector.predict([picture]);
    const [, verdict, score] = /^(OK|NG): score (\S+),/.exec(words) ?? [words];
    expect(verdict).toBe(prediction!.isAnomaly ? 'NG' : 'OK');
    expect(Math.abs(Number(score) - prediction!.score)).toBeLessThan(1e-4);
    const drawn: number[] = await page.evaluate(
      `Array.from(document.getElementById('drawn').getContext('2d').getImageData(0, 0, 200, 200).data)`,
    );
    const { overlay } = renderPrediction(picture, prediction!, detector.model);
    const differences = drawn
      .filter((_, i) => i % 4 !== 3)
      .map((level, i) => Math.abs(level - overlay.data[i]!));
    expect(differences.length).toBe(overlay.data.length);
    expect(differences.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(2);
  });

  it('says what is wrong with a damaged bundle, and asked nobody else for anything', async () => {
    const damaged = bundle.bytes.slice();
    damaged[damaged.length >> 1]! ^= 1;
    expect(await given('bundle', 'm-1.zip', damaged)).toMatch(/^(zip\.crc_mismatch|checkpoint\.corrupt): /);
    expect(seen).toEqual({ policyViolations: [], errors: [], outside: [] });
  });
});

const root = new URL('../', import.meta.url);

/** The files of the project; those under dist/ are made of their sources, one by one, as the build makes them. */
async function serve(url: string): Promise<{ type: string; body: string | Buffer }> {
  const path = normalize(new URL(url, 'http://host').pathname).slice(1);
  const [, built] = /^dist\/(.+)\.(?:js|ts)$/.exec(path) ?? [];
  if (built !== undefined) {
    const source = await readFile(new URL(`src/${built}.ts`, root), 'utf8');
    const jsc = {
      parser: { syntax: 'typescript' },
      target: 'es2022',
      transform: { verbatimModuleSyntax: true },
    } as const;
    const { code } = await transform(source, { jsc, module: { type: 'es6' }, swcrc: false });
    return { type: 'text/javascript', body: code };
  }
  if (!/^(examples|node_modules\/onnxruntime-web\/dist)\//.test(path)) throw new Error('not found');
  const type = { html: 'text/html', mjs: 'text/javascript', wasm: 'application/wasm' }[
    path.split('.').at(-1)!
  ];
  return { type: type ?? 'application/octet-stream', body: await readFile(new URL(path, root)) };
}
