// The gallery of ten thousand pictures: what the browser's own trace says while one scrolls through it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { framesDuring, scrollBy } from './frames.ts';
import { projectOfMany } from './many-pictures.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';

const count = 10_000;

describe.skipIf(!browserRunsHere)('a gallery of ten thousand pictures', () => {
  let pages: PagesUnderTest;
  let path: string;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    path = `/ui/projects/${await projectOfMany(pages, count)}/pictures`;
  });
  afterAll(() => pages?.close());

  it('has few of them in the page, scrolls with no task of over 50 ms, and reaches the last one', async () => {
    const { page, misdeeds } = await pages.open(path);
    await page.getByText('10,000').first().waitFor({ timeout: 60_000 });
    await page.locator('.tile img').first().waitFor();
    const frames = await framesDuring(pages.browser, page, async () => {
      await scrollBy(page, 12_000, 4000);
      await scrollBy(page, -6000, 4000);
    });
    expect(await page.evaluate('scrollY')).toBeGreaterThan(3000);
    expect(frames.intervalsMs.length).toBeGreaterThan(10);
    expect(frames.taskMs.length).toBeGreaterThan(50);
    // Time of the processor: what other programs of this machine do meanwhile is no fault of the page.
    expect(frames.taskCpuMs[0]).toBeLessThan(50);
    expect(await page.locator('.tile').count()).toBeLessThan(200);

    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await page.locator('.tile-name').getByText('board 00000.png').waitFor();
    await expect
      .poll(() =>
        page.evaluate('[...document.querySelectorAll(".tile img")].every((img) => img.naturalWidth > 0)'),
      )
      .toBe(true);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  }, 180_000);
});
