// The pages of models: found by filters, told in full, run in the browser with the server's score, and deleted after a question.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { englishLeft } from './language.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { board, type Trained, trainBoards } from './trained.ts';

const none = { policyViolations: [], errors: [], outside: [] };
const patienceMs = 90_000;

describe.skipIf(!browserRunsHere)('the models', () => {
  let pages: PagesUnderTest;
  let trained: Trained;
  let other: Trained;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    [trained, other] = await Promise.all([
      trainBoards(pages),
      trainBoards(pages, { name: hostileTexts[0]!, body: { method: 'memory-bank', img_size: 64 } }),
    ]);
    const note = hostileTexts.join(' ');
    await pages.client.patchThreshold({ model_id: other.model_id, body: { value: 7, note } });
  }, 300_000);
  afterAll(() => pages?.close());

  it('are listed and found by text, project and kind, in both themes and narrow', async () => {
    const { page, misdeeds } = await pages.open('/ui/models');
    await page.getByText('2 models').waitFor({ timeout: patienceMs });
    expect(await page.locator('.models-name strong').allTextContents()).toContain(hostileTexts[0]!);
    await page.getByLabel('Search').fill('oards');
    await page.getByText('1 model', { exact: true }).waitFor();
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Kind').selectOption({ label: 'Memory bank' });
    await page.getByText('1 model', { exact: true }).waitFor();
    await page.getByLabel('Project').selectOption({ label: 'Boards' });
    await page.getByText('No model fits these filters.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const narrow = await pages.open('/ui/models', { width: 360, theme: 'dark', language: 'th' });
    await narrow.page.getByText('2 โมเดล').waitFor({ timeout: patienceMs });
    expect(await narrow.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await accessibilityFaults(narrow.page)).toEqual([]);
    expect([misdeeds, narrow.misdeeds]).toEqual([none, none]);
  }, 300_000);

  it('tell where one comes from, check its golden picture, and hand over its files', async () => {
    const { page, misdeeds } = await pages.open(`/ui/models/${trained.model_id}`);
    await page.getByRole('heading', { name: 'Boards' }).waitFor({ timeout: patienceMs });
    const { dataset_sha256, thresholds } = await pages.client.getModel({ model_id: trained.model_id });
    await page.getByText(dataset_sha256!).waitFor();
    await page.getByText(thresholds.at(-1)!.reason, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Check it now' }).click();
    await page.getByText(/^As it was: score/).waitFor({ timeout: patienceMs });
    await page.getByText('config.yaml, as the training wrote it').click();
    await page.getByText('detector: subspace').first().waitFor();
    expect(await page.locator('.models-code').last().textContent()).toContain(trained.model_id);

    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'onnx' }).click();
    const download = await waiting;
    expect(download.suggestedFilename()).toBe(`${trained.model_id}.onnx`);
    const server = await pages.client.downloadModel({
      model_id: trained.model_id,
      query: { format: 'onnx' },
    });
    expect((await readFile(await download.path())).equals(Buffer.from(await server.arrayBuffer()))).toBe(
      true,
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('tell all of it in Thai too, dark and narrow', async () => {
    const { page, misdeeds } = await pages.open(`/ui/models/${trained.model_id}`, {
      ...{ language: 'th', theme: 'dark', width: 390 },
    });
    await page.getByRole('button', { name: 'โหลดโมเดลที่นี่' }).waitFor({ timeout: patienceMs });
    await page.getByRole('button', { name: 'ตรวจเดี๋ยวนี้' }).click();
    await page.getByText(/^ตรงตามเดิม: คะแนน/).waitFor({ timeout: patienceMs });
    const { note, thresholds, encoder, files } = await pages.client.getModel({ model_id: trained.model_id });
    // What the training wrote down stands as it was written.
    const written = [note!, thresholds.at(-1)!.reason, encoder!, ...files.map(({ name }) => name)];
    const names = ['Boards', trained.project_id, 'onnxruntime-web', '@vladmandic/human', 'PyTorch'];
    const formats = ['bundle', 'safetensors', 'runtime', 'MIT', 'curl', 'TypeScript'];
    expect(await englishLeft(page, [...written, ...names, ...formats])).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('run in the browser with the score of the server, and break no rule of the page', async () => {
    const { page, misdeeds } = await pages.open(`/ui/models/${trained.model_id}`);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.getByRole('button', { name: 'Load the model here' }).click({ timeout: patienceMs });
    await page.getByText('Ready: it runs in this page').waitFor({ timeout: patienceMs });
    expect(asked.some((url) => /\/ui\/assets\/ort-wasm[^/]*\.wasm$/.test(url))).toBe(true);
    for (const [seed, defect] of [[31], [32, 'missing']] as const) {
      const buffer = await board(seed, defect);
      const name = `part ${seed}.png`;
      const file = { name, mimeType: 'image/png', buffer };
      await page.locator('input[type=file]').setInputFiles(file);
      await page.locator('.models-here').getByText(name).waitFor({ timeout: patienceMs });
      const { items } = await pages.client.testModel({
        model_id: trained.model_id,
        query: { store: false },
        files: [{ name, data: new Blob([new Uint8Array(buffer)]) }],
      });
      const [item] = items;
      if (item === undefined || 'error' in item) throw new Error('expected a score');
      const here = Number(await page.locator('.models-here data').getAttribute('value'));
      expect(Math.abs(here - item.score)).toBeLessThan(1e-4);
      await page
        .locator('.models-verdict')
        .getByText(item.is_anomaly ? 'NG' : 'OK')
        .waitFor();
    }
    // The pictures stayed in the page: nothing was sent.
    expect(asked.filter((url) => url.includes('/test'))).toEqual([]);
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('show hostile notes as text', async () => {
    const { page, misdeeds } = await pages.open(`/ui/models/${other.model_id}`);
    await page.getByText(hostileTexts.join(' ')).waitFor({ timeout: patienceMs });
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(misdeeds).toEqual(none);
  }, 300_000);

  it('are deleted after a question, and a missing one is told', async () => {
    const { page } = await pages.open(`/ui/models/${other.model_id}`);
    await page.getByRole('button', { name: 'Delete' }).click({ timeout: patienceMs });
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect((await pages.client.listModels()).length).toBe(2);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the model' }).click();
    await page.getByText('The model was deleted').waitFor();
    await page.getByText('1 model', { exact: true }).waitFor({ timeout: patienceMs });
    expect((await pages.client.listModels()).map(({ model_id }) => model_id)).toEqual([trained.model_id]);
    await page.goto(`${pages.server.url}/ui/models/${other.model_id}`);
    await page.getByText('This is not here, or no longer.').waitFor({ timeout: patienceMs });
  }, 300_000);
});
