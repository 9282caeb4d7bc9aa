// The page of trainings in a real browser: what it promises, the job from approval to its end, and what goes wrong.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeOriginal } from '../../src/server/inference/testing/stored-models.ts';
import { zipOf } from '../../src/server/yolo/testing/datasets.ts';
import { plainDataset } from '../../src/vision/dataset/detection/testing/dataset-files.ts';
import { patchKinds } from '../../src/vision/detectors/patches/patch-kinds.ts';
import { FEWEST_PICTURES } from '../../src/vision/training/good-pictures.ts';
import { leastPictures } from '../../ui/src/pages/project/train/plan.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, partFiles } from './part-files.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

it('knows how few pictures each method works from', () => {
  expect(leastPictures).toEqual({
    auto: patchKinds.auto.fewest,
    'memory-bank': patchKinds['memory-bank'].fewest,
    subspace: patchKinds.subspace.fewest,
    autoencoder: FEWEST_PICTURES,
  });
});

describe.skipIf(!browserRunsHere)('the page of trainings', () => {
  let pages: PagesUnderTest;
  let seed = 1;
  beforeAll(async () => {
    pages = await pagesUnderTest({
      training: { require_approval: true, threads: 1 },
      jobs: { max_workers: 1 },
    } as never);
  });
  afterAll(() => pages?.close());

  const patience = { timeout: 90_000 };
  async function projectWith(
    good: number,
    mode: 'anomaly' | 'finetune' | 'yolo' = 'anomaly',
    name = 'Widgets',
  ): Promise<string> {
    const { project_id } = await pages.client.createProject({ body: { name, training_mode: mode } });
    const files = asUploads(await partFiles(good, seed));
    seed += good;
    if (good > 0) await pages.client.uploadProjectImages({ project_id, files });
    return project_id;
  }
  const open = (project: string, query = '', options = {}) =>
    pages.open(`/ui/projects/${project}/train${query}`, options);
  const requestOf = async (jobId: string) =>
    (await pages.server.services.context.queue.get(jobId))!.request as Record<string, unknown>;
  const jobIn = (page: Page) => new URL(page.url()).searchParams.get('job')!;
  const approve = (jobId: string) => pages.client.approveJob({ job_id: jobId });

  it('without pictures it says what is missing and leads there', async () => {
    const { page, misdeeds } = await open(await projectWith(0));
    await page.getByText('There are no good pictures yet').waitFor(patience);
    await page.getByRole('link', { name: 'Add pictures' }).click();
    await page.waitForURL('**/pictures');
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('one press trains: approved by a press, watched to its end, which leads on', async () => {
    const project = await projectWith(1);
    const { page, misdeeds } = await open(project);
    await page.getByText('Learns from one good picture').waitFor(patience);
    await page.getByText('expect false alarms until you add more').waitFor();
    await page.getByText('Advanced settings').click();
    await page.getByLabel('Picture size').fill('64');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Waits for approval').first().waitFor(patience);
    expect(await requestOf(jobIn(page))).toMatchObject({ method: 'auto', img_size: 64, images: 1 });
    await page.getByRole('button', { name: 'Let it run' }).click();
    await page.getByText('The model is ready.').waitFor({ timeout: 150_000 });
    await page.getByText('Log', { exact: true }).click();
    await page.getByText('writing the model').waitFor();
    const [model] = await pages.client.listModels({ query: { project_id: project } });
    await page.getByRole('link', { name: 'See what it learned' }).click();
    await page.waitForURL(`**/results?model=${model!.model_id}`);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('settings beyond the limits of the server are told and not sent', async () => {
    const { page } = await open(await projectWith(3));
    const train = page.getByRole('button', { name: 'Train', exact: true });
    await page.getByText('a false-alarm rate under 25 % cannot be promised').waitFor(patience);
    await page.getByText('Advanced settings').click();
    const size = page.getByLabel('Picture size');
    for (const bad of ['65', '32', '2048', '']) {
      await size.fill(bad);
      await page.getByRole('alert').getByText('From 64 to 1,024, in steps of 32').waitFor();
      expect(await train.isDisabled()).toBe(true);
    }
    await size.fill('96');
    expect(await train.isEnabled()).toBe(true);
    await page.getByText('Autoencoder', { exact: true }).click();
    await page.getByText('needs at least 5 good pictures; there are 3').waitFor();
    expect(await train.isDisabled()).toBe(true);
    expect(await page.getByRole('spinbutton', { name: 'Epochs' }).count()).toBe(1);
    await page.getByText('Subspace', { exact: true }).click();
    expect(await page.getByRole('spinbutton', { name: 'Epochs' }).count()).toBe(0);
  });

  it('a running job shows curves, pictures and log, survives a reload and a lost server, and is canceled after asking', async () => {
    const project = await projectWith(5);
    const { page } = await open(project);
    await page.getByText('Advanced settings').click(patience);
    await page.getByText('Autoencoder', { exact: true }).click();
    await page.getByLabel('Picture size').fill('64');
    await page.getByRole('spinbutton', { name: 'Epochs' }).fill('3000');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Waits for approval').first().waitFor(patience);
    const job = jobIn(page);
    expect(await requestOf(job)).toMatchObject({ method: 'autoencoder', img_size: 64, epochs: 3000 });
    await approve(job);

    const drawn = () => page.locator('.train-pair img').last();
    await drawn().waitFor({ timeout: 150_000 });
    await expect
      .poll(
        () => drawn().evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth),
        patience,
      )
      .toBeGreaterThan(16);
    const curve = page
      .getByRole('img', { name: /^Loss on the training pictures/ })
      .locator('path')
      .first();
    await expect
      .poll(async () => (await curve.getAttribute('d'))!.split('L').length, patience)
      .toBeGreaterThan(2);
    await page.getByText(/^epoch \d+ of 3,000$/).waitFor(patience);
    await page.getByText('Log', { exact: true }).click();
    await page.getByText('reading the images').waitFor();

    await page.reload();
    await drawn().waitFor(patience);
    await expect
      .poll(async () => (await curve.getAttribute('d'))!.split('L').length, patience)
      .toBeGreaterThan(2);

    // Another job waits behind it.
    const other = await projectWith(1);
    const { job_id } = await pages.client.trainProject({
      project_id: other,
      body: { method: 'subspace', img_size: 64 },
    });
    await approve(job_id);
    const { page: second } = await open(other);
    await second.getByText('One job is before it.').waitFor(patience);

    await page.route(/\/(jobs|readyz|session)/, (route) => route.abort());
    await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))");
    await page.getByText('The server does not answer').first().waitFor(patience);
    await page.unrouteAll();
    await expect.poll(() => page.getByText('The server does not answer').count(), patience).toBe(0);

    await page.getByRole('button', { name: 'Cancel the training' }).click();
    await page.getByRole('button', { name: 'Let it run' }).click();
    await page.getByRole('button', { name: 'Cancel the training' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the training' }).click();
    await page.getByText('Canceled', { exact: true }).first().waitFor(patience);
    await expect.poll(async () => (await pages.client.getJob({ job_id: job })).status).toBe('canceled');
    await second.getByText('The model is ready.').waitFor({ timeout: 150_000 });
  });

  it('a refused job says why, harmlessly', async () => {
    const project = await projectWith(1);
    const { job_id } = await pages.client.trainProject({ project_id: project, body: { method: 'auto' } });
    const { page, misdeeds } = await open(project);
    await page.getByRole('button', { name: 'Refuse' }).click(patience);
    await page.getByLabel('Reason').fill(hostileTexts[3]!);
    await page.getByRole('dialog').getByRole('button', { name: 'Refuse' }).click();
    await page.getByText(hostileTexts[3]!).first().waitFor(patience);
    await expect.poll(async () => (await pages.client.getJob({ job_id })).status, patience).toBe('canceled');
    const { queue } = pages.server.services.context;
    const owner = { kind: 'project', id: project } as const;
    for (const [i, text] of hostileTexts.entries()) {
      const order = { kind: 'train', owner, model_id: `m-${i}`, request: {}, created_by: text } as const;
      const { job_id: id } = await queue.add({ ...order, needs_approval: true });
      await queue.reject(id, 'admin', text);
    }
    await page.goto(`${pages.server.url}/ui/projects/${project}/train`);
    for (const text of hostileTexts.slice(-49))
      await page.getByRole('cell', { name: text, exact: true }).first().waitFor(patience);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('a job that the server does not know is said to be gone, and not asked for again and again', async () => {
    const project = await projectWith(1);
    const { page } = await open(project, '?job=long-gone');
    await page.getByText('The server knows no such job').waitFor(patience);
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().includes('/jobs/long-gone')) asked++;
    });
    await page.getByRole('link', { name: 'All trainings' }).click();
    await page.getByText('Learns from one good picture').waitFor(patience);
    expect(asked).toBe(0);
  });

  it('fine-tuning goes on from weights that are uploaded, once they are sound', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
    const weights = await readFile(join(await writeOriginal(folder), 'model.pt'));
    await rm(folder, { recursive: true });
    const project = await projectWith(5, 'finetune');
    const { page } = await open(project);
    await page.getByText('There is no base model in this project yet').waitFor(patience);
    const train = page.getByRole('button', { name: 'Train', exact: true });
    expect(await train.isDisabled()).toBe(true);
    const choose = (name: string, buffer: Buffer) =>
      page.locator('input[type=file]').setInputFiles({ name, mimeType: '', buffer });
    await choose('broken.safetensors', Buffer.from('not weights'));
    await page.getByRole('alert').waitFor(patience);
    await choose('base <b>.pt', weights);
    await page.getByText('base <b>.pt is a base model now.').waitFor(patience);
    await train.click();
    await page.getByText('Waits for approval').first().waitFor(patience);
    const [base] = await pages.client.listModels({ query: { project_id: project } });
    expect(await requestOf(jobIn(page))).toMatchObject({
      base_model_id: base!.model_id,
      method: 'autoencoder',
    });
    await pages.client.cancelJob({ job_id: jobIn(page) });
  });

  it('an object detector is trained on the dataset, with the settings as they are set', async () => {
    const project = await projectWith(0, 'yolo');
    const { page } = await open(project);
    await page.getByText('There is no labelled dataset yet').waitFor(patience);
    const data = new Blob([new Uint8Array(zipOf(await plainDataset()))]);
    await pages.client.uploadYoloDataset({ project_id: project, file: { name: 'parts.zip', data } });
    await page.reload();
    await page.getByText('Learns from 4 pictures, measured on 2 others').waitFor(patience);
    await page.getByText('Advanced settings').click();
    await page.getByLabel('Model variant').selectOption('okapi-s');
    await page.getByLabel('Batch').fill('2');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Waits for approval').first().waitFor(patience);
    expect(await requestOf(jobIn(page))).toMatchObject({
      ...{ variant: 'okapi-s', batch: 2, epochs: 50, img_size: 320, conf: 0.25, iou: 0.45, lr0: null },
    });
    await pages.client.cancelJob({ job_id: jobIn(page) });
  });

  it.each(['light', 'dark'] as const)(
    'nothing is wrong by axe-core in the %s theme, in Thai too',
    async (theme) => {
      const project = await projectWith(2, 'anomaly', 'ชิ้นงาน');
      const { page } = await open(project, '', { theme, language: 'th', width: 360 });
      await page.getByText('ตั้งค่าขั้นสูง').click(patience);
      await page.getByRole('radio').last().check();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      const { job_id } = await pages.client.trainProject({ project_id: project, body: { method: 'auto' } });
      await page.reload();
      await page.getByText('รออนุมัติ').first().waitFor(patience);
      expect(await accessibilityFaults(page)).toEqual([]);
      await pages.client.cancelJob({ job_id });
    },
  );
});
