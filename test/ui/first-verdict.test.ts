// From an empty install to the first verdict on one's own pictures: every click of the way is counted.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { type PartFile, partFile } from './part-files.ts';

const mostClicks = 6;
const goodPictures = 3;
const patience = { timeout: 120_000 };

describe.skipIf(!browserRunsHere)('an empty install', () => {
  let pages: PagesUnderTest;
  beforeAll(async () => {
    pages = await pagesUnderTest();
  });
  afterAll(() => pages?.close());

  it('is at most six clicks away from the first verdict on own pictures', async () => {
    const { good, bad } = await ownPictures();
    const { page, misdeeds } = await pages.open('/ui');
    // Those of the page itself, such as the press of a hidden input, are no clicks of a person.
    await page.evaluate(`{
      window.clicks = 0;
      addEventListener('click', ({ isTrusted }) => isTrusted && window.clicks++, true);
    }`);
    await choose(page, page.getByRole('button', { name: 'Choose pictures' }), good);
    await page.getByText(`${goodPictures} stored`).waitFor(patience);
    await page.getByRole('main').getByRole('link', { name: 'Train' }).last().click();
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('The model is ready.').waitFor(patience);
    await page.getByRole('link', { name: 'Test new parts' }).click();
    await choose(page, page.getByRole('button', { name: 'Choose pictures' }), [bad]);
    const verdict = page.locator('.test-verdict-word');
    await verdict.waitFor(patience);
    const clicks = await page.evaluate<number>('window.clicks');
    expect(clicks).toBeGreaterThan(1);
    expect(clicks).toBeLessThanOrEqual(mostClicks);

    const [project] = await pages.client.listProjects();
    const { items } = await pages.client.listResults({ project_id: project!.project_id });
    expect(items.map(({ filename }) => filename)).toEqual([bad.name]);
    expect(await verdict.textContent()).toBe(items[0]!.is_anomaly ? 'NG' : 'OK');
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  }, 300_000);
});

async function choose(page: Page, button: Locator, files: readonly PartFile[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await button.click();
  await (await chooser).setFiles([...files]);
}

/** Some of the aliens where they are, else drawn parts. */
async function ownPictures(): Promise<{ readonly good: readonly PartFile[]; readonly bad: PartFile }> {
  const real = resolve(process.env.OKAPI_TEST_DATA ?? '../shared/data', 'aliens');
  if (existsSync(real)) {
    const good = (await readdir(join(real, 'train/good'))).sort().slice(0, goodPictures);
    const [bad] = (await readdir(join(real, 'test/bad'))).sort();
    return {
      good: await Promise.all(good.map((name) => realPicture(join(real, 'train/good', name)))),
      bad: await realPicture(join(real, 'test/bad', bad!)),
    };
  }
  console.log('no real pictures: set OKAPI_TEST_DATA to a folder with aliens; drawn parts are used');
  return {
    good: await Promise.all(Array.from({ length: goodPictures }, (_, i) => partFile(i + 1, { size: 256 }))),
    bad: await partFile(50, { size: 256, defect: 'scratch' }),
  };
}

const realPicture = async (path: string): Promise<PartFile> => ({
  name: basename(path),
  mimeType: 'image/png',
  buffer: await readFile(path),
});
