// Signing in as a page does it, in a real browser: pictures of the page load, and pages of another port get nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../src/server/app.ts';
import { createKey } from '../src/server/platform/api-keys.ts';
import { samplePart } from '../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { browserRunsHere, openBrowser } from './browser.ts';

let folder: string;
let server: RunningServer;
let stranger: Server;
let browser: Browser;
let key: string;
let picture: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  const overrides = { server: { port: 0 }, log: { level: 'silent' } };
  server = await startServer({ folder, env: {}, overrides });
  const body = new FormData();
  const { picture: part } = samplePart('screws', 1, undefined, 64);
  body.append('files', new Blob([(await encodePicture(part, 'png')) as Uint8Array<ArrayBuffer>]), 'a.png');
  const sent = await fetch(`${server.url}/datasets/line-1/upload`, { method: 'POST', body });
  picture = ((await sent.json()) as { items: { url: string }[] }).items[0]!.url;
  const { docs, ids, clock } = server.services.context;
  key = await createKey(docs, { name: 'operator', scope: 'write' }, ids, clock);
  stranger = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<p>hello'));
  await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
  if (browserRunsHere) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  stranger?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Width of the picture as a page shows it; 0 when it may not. */
const widthIn = (page: Page) =>
  page.evaluate<number>(`new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth);
    image.onerror = () => done(0);
    image.src = '${server.url}${picture}?' + Math.random();
  })`);
/** Status of a request that the page makes; 0 when the browser does not let it see the answer. */
const statusIn = (page: Page, method: string, path: string, body?: object) =>
  page.evaluate<number>(`fetch('${server.url}${path}', {
    method: '${method}',
    credentials: 'include',
    ${body === undefined ? '' : `headers: { 'content-type': 'application/json' }, body: '${JSON.stringify(body)}',`}
  }).then((answer) => answer.status, () => 0)`);

describe.skipIf(!browserRunsHere)('a page', () => {
  it('that signs in shows pictures without a key, until it signs out; another port gets nothing meanwhile', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/docs`);
    // The server looks for new keys once a second.
    await expect.poll(() => statusIn(page, 'GET', '/projects'), { timeout: 5000 }).toBe(401);
    expect(await widthIn(page)).toBe(0);
    expect(await statusIn(page, 'POST', '/session', { key })).toBe(200);
    expect(await widthIn(page)).toBe(64);
    expect(await statusIn(page, 'POST', '/projects', { name: 'by page' })).toBe(200);
    expect(await page.evaluate('document.cookie')).toBe('');

    // Cookies know no ports: the browser would send this one along from there.
    const other = await context.newPage();
    await other.goto(`http://localhost:${(stranger.address() as AddressInfo).port}/`);
    expect(await widthIn(other)).toBe(0);
    expect(await statusIn(other, 'GET', '/projects')).toBe(0);
    expect(await statusIn(other, 'POST', '/projects', { name: 'evil' })).toBe(0);
    const projects = await page.evaluate<{ name: string }[]>(`fetch('/projects').then((a) => a.json())`);
    expect(projects.map(({ name }) => name)).toEqual(['by page']);

    expect(await statusIn(page, 'DELETE', '/session')).toBe(200);
    expect(await widthIn(page)).toBe(0);
    await context.close();
  });
});
