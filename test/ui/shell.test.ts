// What stands around every page: places, language, theme, a server that goes away; and what no page may do.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';

describe.skipIf(!browserRunsHere)('around every page', () => {
  let pages: PagesUnderTest;
  beforeAll(async () => {
    pages = await pagesUnderTest();
  });
  afterAll(() => pages?.close());

  it('the addresses of the original lead to the right place', async () => {
    const { page, misdeeds } = await pages.open('/');
    await page.waitForURL('**/ui/projects');
    for (const [original, now] of [
      ['/ui', '/ui/projects'],
      ['/ui/index.html', '/ui/projects'],
      ['/ui/yolo.html', '/ui/projects?mode=yolo'],
      ['/ui/models.html', '/ui/models'],
      ['/ui/label.html', '/ui/projects'],
      ['/ui/fine_tune.html', '/ui/projects?mode=finetune'],
    ] as const) {
      await page.goto(`${pages.server.url}${original}`);
      await page.waitForURL(`${pages.server.url}${now}`);
    }
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('the language turns at once and stays', async () => {
    const { page } = await pages.open('/ui/projects');
    await page.getByText('ไทย').click();
    await page.getByRole('link', { name: 'โครงการ' }).first().waitFor();
    expect(await page.getAttribute('html', 'lang')).toBe('th');
    await page.reload();
    await page.getByRole('link', { name: 'โครงการ' }).first().waitFor();
  });

  it('what the server refuses is told in the language of the page', async () => {
    const { page } = await pages.open('/ui/projects/nowhere/pictures', { language: 'th' });
    await page.getByText('ไม่มีโครงการนี้').first().waitFor();
    await page.getByTitle('English').click();
    await page.getByText('This is not here, or no longer.').first().waitFor();
    expect(await page.getByText('ไม่มีโครงการนี้').count()).toBe(0);
  });

  it('the theme turns and stays', async () => {
    const { page } = await pages.open('/ui/projects');
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await expect.poll(ground).toBe(dark);
  });

  it('a server that goes away is told, and the page goes on once it is back', async () => {
    const { page } = await pages.open('/ui/projects');
    await page.getByRole('link', { name: 'Models' }).waitFor();
    await page.route('**/models', (route) =>
      route.request().resourceType() === 'document' ? route.continue() : route.abort(),
    );
    await page.route('**/readyz', (route) => route.abort());
    await page.route('**/session', (route) => route.abort());
    await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))");
    await page.reload();
    await page.getByText('The server does not answer').first().waitFor();
    await page.unrouteAll();
    await page.getByRole('link', { name: 'Models' }).waitFor();
    await expect.poll(() => page.getByText('The server does not answer').count()).toBe(0);
  });

  it('the files are packed, kept by their hash, and the first page asks for at most 130 KB of scripts', async () => {
    const html = await (await fetch(`${pages.server.url}/ui/projects`)).text();
    const entry = /src="(\/ui\/assets\/index-[^"]+\.js)"/.exec(html)![1]!;
    const answer = await fetch(`${pages.server.url}${entry}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('cache-control')).toMatch(/immutable/);
    expect(answer.headers.get('content-encoding')).toBe('gzip');

    const { page } = await pages.open('/ui/models');
    const sizes: number[] = [];
    page.on('response', async (response) => {
      if (!/\.js$/.test(response.url())) return;
      sizes.push(Number((await response.allHeaders())['content-length']));
    });
    await page.goto(`${pages.server.url}/ui/projects`);
    await page.waitForLoadState('networkidle');
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, bytes) => sum + bytes)).toBeLessThan(130_000);
  });

  it.each(['light', 'dark'] as const)('nothing is wrong by axe-core in the %s theme', async (theme) => {
    const { page } = await pages.open('/ui/projects', { theme });
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
