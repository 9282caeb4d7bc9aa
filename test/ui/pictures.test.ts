// The gallery of a project and a picture at full size, driven by mouse and keys; marks are what the server then says.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, partFile, partFiles } from './part-files.ts';

/** Without a slash: that of a name is what stands behind the last one. */
const hostileName = hostileTexts.find((text) => text.startsWith('<svg onload'))!;

describe.skipIf(!browserRunsHere)('the pictures of a project', () => {
  let pages: PagesUnderTest;
  let id: string;
  let path: string;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    const { project_id } = await pages.client.createProject({ body: { name: 'parts' } });
    id = project_id;
    path = `/ui/projects/${id}/pictures`;
    const parts = await partFiles(9);
    // The same part once more, as another camera program would save it: nearly the same.
    const { picture } = samplePart('textures', 1, undefined, 64);
    const copy = Buffer.from(await encodePicture(picture, 'jpeg', { quality: 95 }));
    const named = await partFile(99, { name: hostileName });
    const files = [...parts, { name: 'twin.jpg', mimeType: 'image/jpeg', buffer: copy }, named];
    await pages.client.uploadProjectImages({ project_id, files: asUploads(files) });
  });
  afterAll(() => pages?.close());

  const tile = (page: Page, name: string): Locator =>
    page.locator('.tile').filter({ has: page.locator('.tile-name', { hasText: name }) });
  const marks = async () =>
    Object.fromEntries(
      (await pages.client.listProjectImages({ project_id: id })).items.map((image) => [
        image.display_name,
        image.mark,
      ]),
    );
  async function opened(options = {}) {
    const { page, misdeeds } = await pages.open(path, options);
    await tile(page, 'part-1.png').waitFor();
    return { page, misdeeds };
  }

  it('are chosen by click, shift and ctrl, marked by keys, and the marks can be taken back', async () => {
    const { page, misdeeds } = await opened();
    await page.getByLabel('Order').selectOption('By name');
    await tile(page, 'part-2.png').click();
    await tile(page, 'part-4.png').click({ modifiers: ['Shift'] });
    await tile(page, 'part-7.png').click({ modifiers: ['Control'] });
    await page.getByRole('toolbar', { name: '4 pictures' }).waitFor();
    await page.keyboard.press('b');
    // What one points at stays.
    await page.getByText('4 pictures: NG').hover();
    await expect.poll(marks).toMatchObject({ 'part-2.png': 'ng', 'part-3.png': 'ng', 'part-7.png': 'ng' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await marks())['part-3.png']).toBe(null);
    // The keys go on where they were, and what was done can be taken back over an open picture too.
    await page.keyboard.press('g');
    await page.getByText('4 pictures: OK').hover();
    await expect.poll(async () => (await marks())['part-3.png']).toBe('ok');
    expect((await marks())['part-1.png']).toBe(null);
    await page.keyboard.press('Enter');
    const viewer = page.getByRole('dialog', { name: 'part-7.png' });
    await viewer.locator('.viewer-stage svg:focus').waitFor();
    await viewer.getByRole('button', { name: 'Undo' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await marks())['part-3.png']).toBe(null);
    await viewer.locator('.viewer-stage svg:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    await expect.poll(async () => (await marks())['part-3.png']).toBe('ng');
    // The tests that follow find four marked pictures.
    await page.keyboard.press('g');
    await expect.poll(async () => (await marks())['part-7.png']).toBe('ok');
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('are held out of trainings by a key or a button, shown as such, and given back', async () => {
    const { page, misdeeds } = await opened();
    const held = async () =>
      (await pages.client.listProjectImages({ project_id: id })).items
        .filter(({ holdout }) => holdout)
        .map(({ display_name }) => display_name);
    await tile(page, 'part-5.png').click();
    await tile(page, 'part-6.png').click({ modifiers: ['Control'] });
    await page.keyboard.press('h');
    await expect.poll(held).toEqual(['part-5.png', 'part-6.png']);
    await page.getByText('Held out', { exact: false }).first().click();
    await expect.poll(() => page.locator('.tile').count()).toBe(2);
    await page.getByRole('option', { name: 'held out part-5.png' }).waitFor();
    await page.getByRole('button', { name: 'Let it be learnt' }).click();
    await expect.poll(held).toEqual([]);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('are reached and chosen by the keyboard alone', async () => {
    const { page } = await opened();
    await page.getByLabel('Order').selectOption('By name');
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    const chosen = page.getByRole('listbox').getByRole('option', { selected: true });
    expect(await chosen.getAttribute('aria-label')).toMatch(/^part-9\.png/);
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await chosen.count()).toBe(2);
    await page.keyboard.press('Control+a');
    expect(await chosen.count()).toBe(11);
    await page.keyboard.press('Escape');
    expect(await chosen.count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'part-8.png' }).waitFor();
  });

  it('are filtered by mark, and searched by name', async () => {
    const { page } = await opened();
    await page.locator('.segments').getByText('Not marked').click();
    await expect.poll(() => page.locator('.tile').count()).toBe(7);
    await page.locator('.segments').getByText('All').click();
    await page.getByLabel('Search by name').fill('TWIN');
    await expect.poll(() => page.locator('.tile').count()).toBe(1);
    await page.getByLabel('Search by name').fill('nothing of the kind');
    await page.getByRole('button', { name: 'Show all pictures' }).click();
    await expect.poll(() => page.locator('.tile').count()).toBe(11);
  });

  it('that a person should look at are flagged, with the sentence of the check', async () => {
    const { page } = await opened();
    await page.getByText(/to look at before a training/).waitFor();
    await page.getByRole('button', { name: 'Show them' }).click();
    const { flags } = await pages.client.getHygiene({ project_id: id });
    const twin = flags.find(
      ({ kind, display_name }) => kind === 'near_duplicate' && display_name === 'twin.jpg',
    );
    const shown = twin ?? flags.find(({ kind }) => kind === 'near_duplicate')!;
    await tile(page, shown.display_name).dblclick();
    await page.getByRole('dialog').getByText(shown.sentence).waitFor();
    await page.getByRole('button', { name: 'The other picture' }).click();
    await expect.poll(() => page.getByRole('dialog').getAttribute('aria-label')).not.toBe(shown.display_name);
  });

  it('are looked at closely: zoomed, turned over by keys, marked', async () => {
    const { page, misdeeds } = await opened();
    await page.getByLabel('Order').selectOption('By name');
    await tile(page, 'part-5.png').dblclick();
    await page.getByRole('dialog', { name: 'part-5.png' }).waitFor();
    const svg = page.locator('.viewer-stage svg').first();
    const view = () => svg.getAttribute('viewBox');
    await expect.poll(view).toBe('0 0 64 64');
    await page.keyboard.press('+');
    await expect.poll(view).not.toBe('0 0 64 64');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: 'part-5.png' }).waitFor();
    await page.getByRole('button', { name: 'Fit' }).click();
    await svg.focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: 'part-6.png' }).waitFor();
    await page.keyboard.press('b');
    await expect.poll(async () => (await marks())['part-6.png']).toBe('ng');
    await page.keyboard.press('0');
    await expect.poll(async () => (await marks())['part-6.png']).toBe(null);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('with names that look like code show the names', async () => {
    const { page } = await opened();
    await tile(page, hostileName).dblclick();
    await page.getByRole('dialog').getByText(hostileName, { exact: true }).waitFor();
    expect(await page.evaluate('window.pwned')).toBe(undefined);
  });

  it.each([
    ['light', 'en', 1440],
    ['dark', 'th', 360],
    ['light', 'en', 2560],
  ] as const)(
    'fit the screen, and have nothing that axe-core finds up to 1440 px: %s, %s, %i px',
    async (theme, language, width) => {
      const { page } = await opened({ theme, language, width });
      await tile(page, 'part-1.png').click({ position: { x: 12, y: 12 } });
      await page.getByRole('toolbar').waitFor();
      // A larger screen shows more of the same, which the check would only take longer for.
      if (width < 2000) expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.getByRole('listbox').focus();
      await page.keyboard.press('Enter');
      await page.locator('.viewer-stage image').waitFor();
      if (width < 2000) expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    },
  );

  // The last, since what it deletes the others look for.
  it('are deleted after a question, several at once', async () => {
    const { page } = await opened();
    await page.getByLabel('Order').selectOption('By name');
    await tile(page, 'part-1.png').click();
    await tile(page, 'part-2.png').click({ modifiers: ['Shift'] });
    await page.keyboard.press('Delete');
    const question = page.getByRole('dialog', { name: 'Delete 2 pictures?' });
    await question.getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('2 pictures deleted').waitFor();
    expect(await page.locator('.tile').count()).toBe(9);
    expect(Object.keys(await marks())).toHaveLength(9);
  });
});
