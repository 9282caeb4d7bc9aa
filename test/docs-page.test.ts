// The page at /docs in a real browser: it shows every operation, asks nobody else for anything and breaks no policy.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../src/server/app.ts';
import { routes } from '../src/server/contract/routes.ts';
import { browserRunsHere, openBrowser, watchPage } from './browser.ts';

let folder: string;
let server: RunningServer;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  server = await startServer({
    folder,
    env: {},
    overrides: { server: { port: 0 }, log: { level: 'silent' } },
  });
  if (browserRunsHere) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!browserRunsHere)('the page of the document', () => {
  it('shows every operation, opens one, and keeps to its policy', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const seen = await watchPage(page, server.url);
    await page.goto(`${server.url}/docs`);
    await page.waitForSelector('.opblock');
    expect(await page.title()).toBe('Okapi API');
    expect(await page.locator('.info .title').textContent()).toMatch(/^Okapi/);

    const shown = await page.locator('.opblock').evaluateAll((blocks) =>
      blocks.map((block) => {
        const text = (part: string) => block.querySelector(part)?.textContent ?? '';
        return `${text('.opblock-summary-method')} ${text('.opblock-summary-path').replace(/\u200b/g, '')}`;
      }),
    );
    expect(shown.sort()).toEqual(
      Object.values(routes)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );

    // One that has a body, path parameters, examples and errors.
    const operation = page.locator('#operations-projects-trainProject');
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.opblock-body').waitFor();
    const text = (await operation.textContent()) ?? '';
    for (const part of ['img_size', 'epochs', 'job.already_running', 'project_id'])
      expect(text).toContain(part);

    if (process.env.OKAPI_SCREENSHOTS !== undefined)
      await page.screenshot({ path: join(process.env.OKAPI_SCREENSHOTS, 'docs.png') });
    expect(seen).toEqual({ policyViolations: [], errors: [], outside: [] });
    await page.close();
  });

  it('tries an operation out in the page itself', async () => {
    const page = await browser.newPage();
    const seen = await watchPage(page, server.url);
    await page.goto(`${server.url}/docs`);
    const operation = page.locator('#operations-server-limits');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .highlight-code').first().waitFor();
    expect(await operation.locator('.live-responses-table').textContent()).toContain('max_files');
    expect(seen).toEqual({ policyViolations: [], errors: [], outside: [] });
    await page.close();
  });
});
