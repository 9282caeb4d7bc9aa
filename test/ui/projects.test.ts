// The list of projects: the first one from nothing, cards that say how things are, and deletion by name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, partFiles } from './part-files.ts';

describe.skipIf(!browserRunsHere)('the projects', () => {
  let pages: PagesUnderTest;
  beforeAll(async () => {
    pages = await pagesUnderTest({ training: { require_approval: true } });
  });
  afterAll(() => pages?.close());

  it.each([
    ['light', 'en', 1440],
    ['dark', 'th', 360],
  ] as const)('begin with a place to drop pictures, %s, %s, %i px', async (theme, language, width) => {
    const { page } = await pages.open('/ui/projects', { theme, language, width });
    await page.locator('.projects-start button').first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('come into being with sample parts in one click', async () => {
    const { page, misdeeds } = await pages.open('/ui/projects');
    await page.getByRole('button', { name: 'Try it with sample parts' }).click();
    await page.waitForURL('**/pictures', { timeout: 90_000 });
    await page.getByRole('heading', { name: 'Sample parts' }).waitFor();
    await page.getByText('24 pictures of good parts to learn from.').waitFor();
    const [project] = await pages.client.listProjects();
    expect(project).toMatchObject({ name: 'Sample parts', num_images: 30, num_ng: 6 });
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  }, 120_000);

  it('come into being from chosen pictures, one click before the next step', async () => {
    const { page } = await pages.open('/ui/projects');
    // The list is not empty any more: the same files dropped on it do the same.
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const files = (await partFiles(3)).map(({ name, buffer }) => ({
      name,
      base64: buffer.toString('base64'),
    }));
    await page.evaluate(`(() => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of ${JSON.stringify(files)})
        transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: 'image/png' }));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    })()`);
    await page.getByRole('heading', { name: 'My parts' }).waitFor();
    await page.getByText('3 stored').waitFor();
    await page.getByRole('link', { name: 'Train' }).last().click();
    await page.waitForURL('**/train');
  });

  it('are made by name and kind, and found by search and ?mode=', async () => {
    const { page } = await pages.open('/ui/projects');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Box finder');
    await page.getByRole('dialog').getByRole('radio', { name: /YOLO/ }).check();
    await page.getByText('Finds and names objects, from pictures with boxes drawn on them.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create project' }).click();
    await page.waitForURL('**/dataset');

    await page.goto(`${pages.server.url}/ui/projects?mode=yolo`);
    await page.getByRole('link', { name: 'Box finder' }).waitFor();
    expect(await page.locator('.project-card').count()).toBe(1);
    await page.locator('.segments').getByText('All', { exact: true }).click();
    await expect.poll(() => page.locator('.project-card').count()).toBe(3);
    await page.getByLabel('Search projects').fill('SAMPLE');
    await expect.poll(() => page.locator('.project-card').count()).toBe(1);
    await page.getByLabel('Search projects').fill('nothing of the kind');
    await page.getByText('No project fits the search.').waitFor();
  });

  it('that wait for approval say so, and are deleted by their name with their job', async () => {
    const { client } = pages;
    const { project_id } = await client.createProject({ body: { name: 'Precious "one"' } });
    await client.uploadProjectImages({ project_id, files: asUploads(await partFiles(4, 10)) });
    await client.trainProject({ project_id, body: { method: 'subspace', img_size: 64 } });
    const { page } = await pages.open('/ui/projects');
    const card = page.locator('.project-card').filter({ hasText: 'Precious' });
    await card.getByText('Waits for approval').waitFor();
    await card.getByRole('button', { name: 'Delete Precious "one"' }).click();
    const remove = page.getByRole('button', { name: 'Delete project' });
    await page.getByLabel('Type its name to confirm').fill('precious');
    expect(await remove.isDisabled()).toBe(true);
    await page.getByLabel('Type its name to confirm').fill('Precious "one"');
    expect(await remove.isDisabled()).toBe(true);
    await page.getByLabel('A job of it is running or waiting: cancel it').check();
    await remove.click();
    await page.getByText('Project Precious "one" deleted').waitFor();
    await expect.poll(() => card.count()).toBe(0);
    await expect(client.getProject({ project_id })).rejects.toMatchObject({ status: 404 });
  });

  it('with a model show how far it can be trusted', async () => {
    const { client } = pages;
    const { project_id } = await client.createProject({ body: { name: 'Trained' } });
    await client.uploadProjectImages({ project_id, files: asUploads(await partFiles(6, 30)) });
    const { job_id } = await client.trainProject({ project_id, body: { method: 'subspace', img_size: 64 } });
    await client.approveJob({ job_id });
    expect((await client.untilJobEnds(job_id)).status).toBe('finished');
    const { page } = await pages.open('/ui/projects');
    const card = page.locator('.project-card').filter({ hasText: 'Trained' });
    await card.getByText(/Model trained/).waitFor();
    await card.getByText(/False alarms \d/).waitFor();
  }, 120_000);

  it('show the forty hostile texts as text', async () => {
    for (const text of hostileTexts)
      await pages.client.createProject({ body: { name: text.slice(0, 120), description: text } });
    const { page, misdeeds } = await pages.open('/ui/projects', { width: 360 });
    for (const text of hostileTexts)
      await page
        .getByRole('link', { name: text.slice(0, 120), exact: true })
        .first()
        .waitFor();
    expect(await page.evaluate('window.pwned')).toBe(undefined);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('that cannot be asked for say why, and come back by themselves', async () => {
    const { page } = await pages.open('/ui/models');
    const problem = {
      status: 429,
      code: 'request.too_many',
      detail: 'expected fewer requests',
      title: '',
      requestId: 'x',
    };
    let asked = 0;
    await page.route(`${pages.server.url}/projects`, (route) => {
      asked++;
      return asked > 3
        ? route.continue()
        : route.fulfill({ status: 429, headers: { 'retry-after': '1' }, json: problem });
    });
    await page.getByRole('link', { name: 'Projects' }).click();
    await page.getByText('The server has too much to do').waitFor();
    await page.getByRole('link', { name: 'Box finder' }).waitFor();
  });
});
