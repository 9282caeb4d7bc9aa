// The test page: verdicts as the server gave them, maps and places as pixels, what people say to them, and detectors' boxes.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/vision/image/decode.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { englishLeft } from './language.ts';
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
    expect(shown).toBe(item.is_anomaly ? 'NG' : 'OK');
    expect(await page.locator('.test-verdict').getByText('uncertain').count()).toBe(
      item.is_uncertain ? 1 : 0,
    );
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
    expect(await page.locator('.test-row .verdict-tag').count()).toBe(0);
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

  it('in Thai takes pictures by paste, folder and camera, and tells of them in the history', async () => {
    const { page, misdeeds } = await open(boards, { language: 'th', theme: 'dark' });
    await page.getByRole('button', { name: 'เลือกรูปภาพ' }).waitFor({ timeout: patienceMs });
    await paste(page, png('pasted.png', await board(71)));
    await judged(page, 'pasted.png');

    // As from the file manager: a folder in a folder, and a file that is no picture.
    const folder = await mkdtemp(join(tmpdir(), 'okapi-lot-'));
    await mkdir(join(folder, 'early'));
    await writeFile(join(folder, 'of a folder.png'), await board(72));
    await writeFile(join(folder, 'early', 'deeper.png'), await board(73));
    await writeFile(join(folder, 'notes.txt'), 'no picture');
    await dropFolder(page, page.locator('.test-source'), folder);
    for (const name of ['of a folder.png', 'deeper.png']) await judged(page, name);
    await rm(folder, { recursive: true });

    await page.getByRole('button', { name: 'ใช้กล้อง' }).click();
    await page.getByRole('button', { name: 'ถ่ายและทดสอบ' }).click();
    await expect.poll(() => page.locator('.test-row .verdict-tag').count(), { timeout: patienceMs }).toBe(4);
    const [last] = (await pages.client.listResults({ project_id: boards.project_id })).items;
    expect(last?.filename).toMatch(/^camera-.*\.jpg$/);
    const camera = last!.filename;
    const own = ['Boards', 'autoencoder', 'pasted.png', 'of a folder.png', 'deeper.png', camera];
    expect(await englishLeft(page, own)).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByText('ประวัติ', { exact: true }).click();
    await page.getByLabel('ชื่อไฟล์หรือป้าย').fill('deeper');
    await expect.poll(() => page.locator('.test-past').count(), { timeout: patienceMs }).toBe(1);
    expect(await englishLeft(page, own)).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'เปิด deeper.png' }).click();
    await page.getByRole('dialog').getByText('ผลนี้ถูกต้องไหม').waitFor();
    expect(await englishLeft(page, own)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('a false alarm, marked here, becomes part of a new model with a threshold of its own', async () => {
    const { client } = pages;
    const { project_id } = boards;
    const body = { method: 'subspace', img_size: 96 } as const;
    const { job_id } = await client.trainProject({ project_id, body });
    const model_id = (await client.untilJobEnds(job_id)).model_id!;
    const alarm = await board(81);
    const { score } = await ask({ project_id, model_id }, alarm);
    await client.patchThreshold({ model_id, body: { value: score - 1 } });
    const { page, misdeeds } = await open({ project_id, model_id });
    await drop(page, [png('lamp.png', alarm)]);
    await judged(page, 'lamp.png');
    await page.getByRole('button', { name: 'False alarm' }).click();
    await page.getByText('Marked as a false alarm').waitFor();

    await page.getByRole('link', { name: 'Results' }).click();
    await page.locator('.results-head .segment').last().click({ timeout: patienceMs });
    await page.getByRole('checkbox', { name: 'Learn lamp.png' }).waitFor({ timeout: patienceMs });
    await page.getByRole('button', { name: 'Update with 1 picture' }).click();
    await page.getByText('The model is ready.').waitFor({ timeout: patienceMs });
    await page.getByRole('link', { name: 'See what it learned' }).click();
    await page.waitForURL(/results\?model=/);
    const updated = new URL(page.url()).searchParams.get('model')!;
    expect(updated).not.toBe(model_id);
    const [before, now] = await Promise.all(
      [model_id, updated].map((id) => client.getModel({ model_id: id })),
    );
    expect(now!.updated_from).toMatchObject({ model_id, images: [expect.anything()] });
    // The old one stays as it was; what the new one says of the part is nearer to good.
    expect(before!.threshold).toBe(score - 1);
    expect(now!.threshold).toBeGreaterThan(score - 1);
    expect((await ask({ project_id, model_id }, alarm)).score).toBe(score);
    expect((await ask({ project_id, model_id: updated }, alarm)).score).toBeLessThan(score);
    await page.locator('.results-head .segment').last().click({ timeout: patienceMs });
    await page.locator('#update-title').waitFor({ timeout: patienceMs });
    await page.getByText('1 picture was added').waitFor({ timeout: patienceMs });
    expect(misdeeds).toEqual(none);
  }, 300_000);
});

/** As from the clipboard. */
async function paste(page: Page, { name, buffer }: ReturnType<typeof png>): Promise<void> {
  await page.evaluate(`{
    const clipboardData = new DataTransfer();
    const bytes = Uint8Array.from(atob('${buffer.toString('base64')}'), (c) => c.charCodeAt(0));
    clipboardData.items.add(new File([bytes], ${JSON.stringify(name)}, { type: 'image/png' }));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }`);
}

/** As dragged from outside of the browser. */
async function dropFolder(page: Page, target: Locator, folder: string): Promise<void> {
  const { x, y, width, height } = (await target.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const at = { x: x + width / 2, y: y + height / 2 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      ...at,
      type,
      data: { items: [], files: [folder], dragOperationsMask: 1 },
    });
  await session.detach();
}

describe.skipIf(!browserRunsHere)('the test page of a detector', () => {
  const classes = [hostileTexts[3]!, hostileTexts[0]!] as const;
  let pages: PagesUnderTest;
  let trained: Trained;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    trained = await trainObjects(pages, classes);
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
    // Classes are named as they are, whatever their names look like.
    const named = new Set(await page.locator('.test-place strong').allTextContents());
    expect(named.size).toBeGreaterThan(0);
    expect([...named].filter((name) => !classes.includes(name))).toEqual([]);
    expect(await page.locator('.test-box text').first().textContent()).toContain(
      await page.locator('.test-place strong').first().textContent(),
    );
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);
});
