// The operator view: one verdict readable from afar, from a camera and a folder, and never an old one as if it were of now.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { filmOf } from './film.ts';
import { hostileTexts } from './hostile.ts';
import { englishLeft } from './language.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { board, type Trained, trainBoards } from './trained.ts';

const none = { policyViolations: [], errors: [], outside: [] };
const patienceMs = 120_000;
/** Without quotes, which browsers send in another way. */
const hostileName = `${hostileTexts[4]}.png`;

describe.skipIf(!browserRunsHere)('the operator view', () => {
  let pages: PagesUnderTest;
  let trained: Trained;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'okapi-camera-'));
    const film = join(folder, 'part.y4m');
    await writeFile(film, filmOf([samplePart('boards', 1, undefined, 320).picture]));
    pages = await pagesUnderTest({}, [
      `--use-file-for-fake-video-capture=${film}`,
      '--autoplay-policy=no-user-gesture-required',
    ]);
    trained = await trainBoards(pages, { name: hostileTexts[1]! });
  }, 300_000);
  afterAll(async () => {
    await pages?.close();
    await rm(folder, { recursive: true });
  });

  const results = async () => (await pages.client.listResults({ project_id: trained.project_id })).items;
  const sign = (page: Page) => page.locator('.op-sign');
  const setThreshold = (value: number) =>
    pages.client.patchThreshold({ model_id: trained.model_id, body: { value } });
  async function start(page: Page) {
    await page.getByRole('button', { name: 'Open the camera' }).click({ timeout: patienceMs });
    await expect.poll(() => page.evaluate("document.querySelector('video').videoWidth")).toBe(320);
    await page.getByRole('button', { name: 'Start' }).click({ timeout: patienceMs });
    await page.locator('.op-sign.ready').waitFor({ timeout: patienceMs });
  }

  it('leads from the list of models to the line', async () => {
    const { page, misdeeds } = await pages.open('/ui/operator', {
      theme: 'dark',
      language: 'th',
      width: 390,
    });
    await page.locator('.op-model').waitFor({ timeout: patienceMs });
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('.op-model').click();
    await page.waitForURL(`**/ui/operator/${trained.model_id}`);
    await page.getByRole('heading', { name: hostileTexts[1]! }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('judges what the camera sees when one taps or presses the space bar, loud on NG, and keeps it in the history', async () => {
    const { page, misdeeds } = await pages.open(`/ui/operator/${trained.model_id}`, { touch: true });
    await page.evaluate(`{
      window.tones = 0;
      const Tone = window.OscillatorNode;
      window.OscillatorNode = class extends Tone { constructor(...given) { super(...given); window.tones++; } };
    }`);
    await setThreshold(1e6);
    await start(page);
    await page.getByText('Ready', { exact: true }).first().waitFor();
    await sign(page).tap();
    await page.locator('.op-sign.ok').waitFor({ timeout: patienceMs });
    expect(await page.locator('.op-word').textContent()).toBe('OK');
    expect(await page.evaluate('window.tones')).toBe(0);
    await setThreshold(-1e6);
    await page.keyboard.press(' ');
    await page.locator('.op-sign.ng').waitFor({ timeout: patienceMs });
    expect(await page.evaluate('window.tones')).toBe(2);
    // Readable from across the room: the word fills a good part of the screen.
    const box = (await page.locator('.op-word').boundingBox())!;
    expect(box.height).toBeGreaterThan(200);
    expect(await page.locator('.op-counts dd').allTextContents()).toEqual(['2', '1', '1', '50.0 %']);
    const [last, before] = await results();
    expect([before?.is_anomaly, last?.is_anomaly]).toEqual([false, true]);
    expect(last?.filename).toMatch(/^camera-/);
    await page.getByRole('button', { name: `Look at ${last!.filename}` }).click();
    await page.getByRole('dialog').getByRole('img').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('m');
    await page.keyboard.press(' ');
    await expect.poll(async () => (await results()).length, { timeout: patienceMs }).toBe(3);
    await page.locator('.op-sign.ng').waitFor();
    expect(await page.evaluate('window.tones')).toBe(2);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('takes the verdict down when the server is lost or the line is paused, and goes on by itself', async () => {
    const { page } = await pages.open(`/ui/operator/${trained.model_id}`);
    await start(page);
    await page.keyboard.press(' ');
    await page.locator('.op-word').waitFor({ timeout: patienceMs });
    await page.route('**/models/*/test*', (route) => route.abort());
    await page.route('**/readyz', (route) => route.abort());
    await page.getByText('Server does not answer').first().waitFor({ timeout: patienceMs });
    expect(await page.locator('.op-word').count()).toBe(0);
    await page.locator('.op-last').waitFor(); // the last one, said to be the past
    await page.unrouteAll();
    const shown = () => sign(page).getAttribute('data-sign');
    await expect.poll(shown, { timeout: patienceMs }).toBe('ready');
    expect(await page.locator('.op-word').count()).toBe(0);
    await page.keyboard.press(' ');
    await page.locator('.op-word').waitFor({ timeout: patienceMs });
    await page.keyboard.press('p');
    await page.getByText('Nothing is checked.', { exact: false }).waitFor();
    expect(await page.locator('.op-word').count()).toBe(0);
  }, 300_000);

  it('takes pictures by itself at an interval, until it is paused', async () => {
    const { page, misdeeds } = await pages.open(`/ui/operator/${trained.model_id}`, {
      language: 'th',
      theme: 'dark',
    });
    await page.getByText('ตามเวลาที่ตั้ง', { exact: true }).click({ timeout: patienceMs });
    await page.getByLabel('วินาทีระหว่างรูป').fill('0.5');
    await page.getByRole('button', { name: 'เปิดกล้อง' }).click();
    await expect.poll(() => page.evaluate("document.querySelector('video').videoWidth")).toBe(320);
    const before = (await results()).length;
    await page.getByRole('button', { name: 'เริ่ม', exact: true }).click();
    const added = async () => (await results()).length - before;
    await expect.poll(added, { timeout: patienceMs }).toBeGreaterThan(2);
    await page.getByRole('button', { name: 'หยุดชั่วคราว' }).click();
    await page.getByText('ไม่มีการตรวจ', { exact: false }).waitFor();
    expect(await englishLeft(page, [hostileTexts[1]!])).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
    // What was under way may still arrive; then nothing does.
    await page.waitForLoadState('networkidle');
    const whenPaused = await added();
    await page.clock.install();
    await page.clock.runFor(5000);
    expect(await added()).toBe(whenPaused);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('judges each new picture in a watched folder, and keeps those of a time without server', async () => {
    await setThreshold(-1e6);
    const { page, misdeeds } = await pages.open(`/ui/operator/${trained.model_id}`);
    await page.evaluate('window.showDirectoryPicker = () => navigator.storage.getDirectory()');
    const write = async (name: string, bytes: Buffer) =>
      page.evaluate(`(async () => {
        const folder = await navigator.storage.getDirectory();
        const file = await (await folder.getFileHandle(${JSON.stringify(name)}, { create: true })).createWritable();
        await file.write(Uint8Array.from(atob('${bytes.toString('base64')}'), (c) => c.charCodeAt(0)));
        await file.close();
      })()`);
    await write('old.png', await board(70));
    const before = (await results()).length;
    await page.getByText('Folder', { exact: true }).click({ timeout: patienceMs });
    await page.getByRole('button', { name: 'Choose the folder and start' }).click();
    await page.getByText('Waiting for new pictures').waitFor({ timeout: patienceMs });
    await write(hostileName, await board(71));
    await page.locator('.op-sign.ng').waitFor({ timeout: patienceMs });
    await page.getByRole('button', { name: `Look at ${hostileName}` }).click();
    await page.getByRole('dialog').getByRole('heading', { name: hostileName }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    await page.route('**/models/*/test*', (route) => route.abort());
    await page.route('**/readyz', (route) => route.abort());
    await write('meanwhile.png', await board(72));
    await page.getByText('Server does not answer').first().waitFor({ timeout: patienceMs });
    await page.unrouteAll();
    await expect.poll(async () => (await results()).length, { timeout: patienceMs }).toBe(before + 2);
    const names = (await results()).map(({ filename }) => filename);
    expect(names.slice(0, 2)).toEqual(['meanwhile.png', hostileName]);
    expect(misdeeds.policyViolations).toEqual([]);
  }, 300_000);
});
