// The test page: verdicts as the server gave them, maps and places as pixels, what people say to them, and detectors' boxes.
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/vision/image/decode.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { board, objects, type Trained, trainBoards, trainObjects } from './trained.ts';

const none = { policyViolations: [], errors: [], outside: [] };
const patienceMs = 120_000;
const png = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/png', buffer });

describe.skipIf(!browserRunsHere)('the test page', () => {
  let pages: PagesUnderTest;
  let boards: Trained;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    boards = await trainBoards(pages, { body: { method: 'autoencoder', img_size: 64, epochs: 1 } });
    // Low enough that a defect is NG for a model that has hardly learnt.
    const good = await ask(boards, await board(41));
    await pages.client.patchThreshold({ model_id: boards.model_id, body: { value: good.score * 1.3 } });
  }, 300_000);
  afterAll(() => pages?.close());

  async function ask({ model_id }: Trained, buffer: Buffer) {
    const files = [{ name: 'a.png', data: new Blob([new Uint8Array(buffer)]) }];
    const { items } = await pages.client.testModel({ model_id, query: { store: false }, files });
    const item = items[0]!;
    if ('error' in item) throw new Error(`expected a score, got ${item.error_detail}`);
    return item;
  }
  const open = (of: Trained, options = {}) =>
    pages.open(`/ui/projects/${of.project_id}/test?model=${of.model_id}`, options);
  async function drop(page: Page, files: ReturnType<typeof png>[]) {
    await page.getByRole('button', { name: 'Choose pictures' }).waitFor({ timeout: patienceMs });
    await page.locator('.test-source input[type=file]').setInputFiles(files);
  }
  const judged = (page: Page, name: string) =>
    page
      .locator('.test-row', { has: page.getByRole('button', { name, exact: true }) })
      .locator('.verdict-tag')
      .waitFor({ timeout: patienceMs });

  /** Mean difference of the levels of an element under two settings of a slider. */
  async function change(element: Locator, slider: Locator, values: readonly [string, string]) {
    const shots = [];
    for (const value of values) {
      await slider.fill(value);
      await element.locator('image').first().waitFor();
      shots.push(await decodePicture(await element.screenshot()));
    }
    const [a, b] = shots as [(typeof shots)[0], (typeof shots)[0]];
    return a!.data.reduce((sum, level, i) => sum + Math.abs(level - b!.data[i]!), 0) / a!.data.length;
  }

  it('says what the server said, with the map over the picture and its places beside it', async () => {
    const { page, misdeeds } = await open(boards);
    const bad = await board(42, 'missing');
    await drop(page, [png('bad one.png', bad)]);
    await judged(page, 'bad one.png');
    const item = await ask(boards, bad);
    const shown = await page.locator('.test-verdict-word').textContent();
    const [stored] = (await pages.client.listResults({ project_id: boards.project_id })).items;
    expect(stored).toMatchObject({ filename: 'bad one.png', score: item.score });
    const isNear = Math.abs(item.score / item.threshold - 1) < 0.1;
    expect(shown).toBe(isNear ? 'Uncertain' : item.is_anomaly ? 'NG' : 'OK');
    await expect.poll(() => page.locator('.test-region').count()).toBe(item.regions.length);

    // The places light up in the picture when one points at them.
    await page.locator('.test-place').first().hover();
    await page.locator('.test-region.lit').waitFor();

    // The map has its colours where the defect is, and is drawn on a scale that one can stretch.
    await page.locator('.test-heat').waitFor();
    const stage = page.locator('.test-stage');
    expect(await change(stage, page.getByLabel('Opacity of the map'), ['0', '1'])).toBeGreaterThan(0.5);
    await expect.poll(() => change(stage, page.getByLabel('Scale'), ['10', '1'])).toBeGreaterThan(0.2);

    // Side by side, with what the autoencoder thinks it should be.
    await page.getByText('Side by side').click();
    await page.getByText('As the model thinks it should be').waitFor();
    expect(await page.locator('.test-side .test-stage').count()).toBe(3);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('tests many, sorts them, hands them over, and goes on when the server was lost', async () => {
    const { page } = await open(boards);
    await page.route('**/models/*/test*', (route) => route.abort());
    await page.route('**/readyz', (route) => route.abort());
    const names = [...hostileTexts.slice(0, 2).map((text) => `${text.replaceAll('/', '_')}.png`), 'c.png'];
    const files = [];
    for (const [i, name] of names.entries()) files.push(png(name, await board(50 + i)));
    await drop(page, [...files, png('broken.png', Buffer.from('no picture'))]);
    await page.getByText('The server does not answer').first().waitFor({ timeout: patienceMs });
    expect(await page.locator('.verdict-tag').count()).toBe(0);
    await page.unrouteAll();
    for (const name of names) await judged(page, name);
    await page.getByText('Not tested').waitFor({ timeout: patienceMs });
    await page.getByRole('button', { name: 'Picture', exact: true }).click();
    const order = await page.locator('.test-row .link').allTextContents();
    expect(order).toEqual([...order].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
    const waiting = page.waitForEvent('download');
    await page.locator('.test-list').getByRole('button', { name: 'CSV' }).click();
    const csv = await readFile(await (await waiting).path(), 'utf8');
    expect(csv.trim().split('\r\n')).toHaveLength(1 + names.length);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
  }, 300_000);

  it('notes a false alarm, makes a good picture of it, and finds both in the history', async () => {
    const { model_id, project_id } = boards;
    await pages.client.patchThreshold({ model_id, body: { value: 1e-6 } });
    const { page, misdeeds } = await open(boards, { width: 390, theme: 'dark' });
    await drop(page, [png('alarm.png', await board(61))]);
    await judged(page, 'alarm.png');
    expect(await page.locator('.test-verdict-word').textContent()).toBe('NG');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.getByRole('button', { name: 'False alarm' }).click();
    await page.getByRole('button', { name: 'Add to the good pictures' }).click();
    await page.getByText('Added to the good pictures').waitFor({ timeout: patienceMs });
    const { items } = await pages.client.listResults({ project_id, query: { feedback: 'false_alarm' } });
    expect(items.map(({ filename }) => filename)).toEqual(['alarm.png']);
    expect((await pages.client.getProject({ project_id })).num_images).toBe(7);

    await page.getByText('History', { exact: true }).click();
    await page.getByLabel('Marked').selectOption('false_alarm');
    await expect.poll(() => page.locator('.test-past').count()).toBe(1);
    await page.getByRole('button', { name: 'Open alarm.png' }).click();
    await page.getByRole('dialog').getByText('Marked as a false alarm').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
    await page.getByText('Taken back').waitFor();
    const after = await pages.client.listResults({ project_id, query: { feedback: 'false_alarm' } });
    expect(after.items).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);
});

describe.skipIf(!browserRunsHere)('the test page of a detector', () => {
  let pages: PagesUnderTest;
  let trained: Trained;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    trained = await trainObjects(pages);
  }, 300_000);
  afterAll(() => pages?.close());

  it('shows boxes at once as the thresholds are moved, the same as the server finds', async () => {
    const { page, misdeeds } = await pages.open(`/ui/projects/${trained.project_id}/test`);
    const buffer = await objects(3);
    await page.locator('.test-source input[type=file]').setInputFiles([png('tray.png', buffer)]);
    await page.locator('.test-box').first().waitFor({ timeout: patienceMs });
    const serverCount = async (conf: number, iou: number) => {
      const { items } = await pages.client.testModel({
        model_id: trained.model_id,
        query: { store: false, conf, iou },
        files: [{ name: 'tray.png', data: new Blob([new Uint8Array(buffer)]) }],
      });
      return (items[0] as { detections: readonly unknown[] }).detections.length;
    };
    await page.waitForLoadState('networkidle');
    for (const conf of ['0.002', '0.006', '0.9']) {
      let asked = 0;
      page.on('request', () => asked++);
      await page.getByLabel('Least confidence').fill(conf);
      expect(await page.locator('.test-box').count()).toBe(await serverCount(Number(conf), 0.45));
      expect(asked).toBe(0);
    }
    await page.getByLabel('Least confidence').fill('0.001');
    const few = await page.locator('.test-box').count();
    await page.getByLabel(/^Overlap/).fill('0.9');
    await expect
      .poll(() => page.locator('.test-box').count(), { timeout: patienceMs })
      .toBe(await serverCount(0.001, 0.9));
    expect(await page.locator('.test-box').count()).toBeGreaterThanOrEqual(few);
    await page.locator('.test-place').first().hover();
    await page.locator('.test-box.lit').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);
});
