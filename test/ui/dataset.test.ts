// The dataset page in a real browser: a ZIP with its faults, the report, the pictures with their boxes.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipOf } from '../../src/server/yolo/testing/datasets.ts';
import { blocksFile, plainDataset } from '../../src/vision/dataset/detection/testing/dataset-files.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';

describe.skipIf(!browserRunsHere)('the dataset page', () => {
  let pages: PagesUnderTest;
  let project: string;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    const { project_id } = await pages.client.createProject({
      body: { name: 'Finder', training_mode: 'yolo' },
    });
    project = project_id;
  });
  afterAll(() => pages?.close());

  const zip = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/zip', buffer });
  const open = (options = {}) => pages.open(`/ui/projects/${project}/dataset`, options);

  it('says what is wrong with a ZIP, by its name, and takes another one at once', async () => {
    const { page, misdeeds } = await open();
    await page.getByText('No dataset yet').waitFor();
    await page.locator('input[type=file]').setInputFiles(zip('<img src=x>.zip', Buffer.from('no zip')));
    await page.getByText('<img src=x>.zip').waitFor();
    await page.getByRole('alert').getByText('expected a ZIP archive').waitFor();
    expect(await pages.client.getYoloDataset({ project_id: project })).toMatchObject({ ready: false });

    const files = await plainDataset();
    await page.locator('input[type=file]').setInputFiles(zip('parts.zip', zipOf(files)));
    await page.getByText('4 pictures', { exact: true }).waitFor();
    await page.getByText('2 pictures', { exact: true }).waitFor();
    await page.getByRole('row', { name: /cat/ }).getByText('2').waitFor();
    expect(misdeeds).toEqual({
      policyViolations: [],
      errors: [expect.stringMatching(/415|422/)],
      outside: [],
    });
  });

  it('draws the boxes where the labels say', async () => {
    const { page } = await open();
    const { items } = await pages.client.listYoloPictures({ project_id: project });
    const wanted = items.find(({ boxes }) => boxes.length > 0)!;
    const svg = page
      .getByRole('img', { name: new RegExp(`^${wanted.name.replaceAll('.', '\\.')}:`) })
      .first();
    await svg.waitFor();
    const drawn = await svg.evaluate((element) => {
      const rect = element.querySelector('rect')!;
      return ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name)));
    });
    const [box] = wanted.boxes;
    expect(drawn[0]).toBeCloseTo(box!.x * wanted.width, 3);
    expect(drawn[3]).toBeCloseTo(box!.height * wanted.height, 3);
    // The picture itself is there, too.
    const width = await page.evaluate<number>(
      `fetch(document.querySelector('.dataset-pictures image').getAttribute('href')).then((answer) => answer.blob()).then(createImageBitmap).then(({ width }) => width)`,
    );
    expect(width).toBeGreaterThan(0);
    await page.getByLabel('Class', { exact: true }).selectOption('dog');
    await expect.poll(() => page.locator('.dataset-pictures li').count()).toBe(3);
  });

  it('lists what a person should look at', async () => {
    const files = { ...(await plainDataset()) };
    const { 'data.yaml': _, ...rest } = files;
    const unused = `names: ${JSON.stringify(['cat', 'dog', ...hostileTexts])}\n`;
    const { page, misdeeds } = await open();
    await page.getByText('4 pictures', { exact: true }).waitFor();
    const more = { ...rest, 'data.yaml': unused, 'train/labels/none.txt': '0 0.5 0.5 0.2 0.2\n' };
    await page.locator('input[type=file]').setInputFiles(zip('parts.zip', zipOf(more)));
    await page.getByText(`Without a box to learn from: ${hostileTexts.join(', ')}`).waitFor();
    const names = await page.locator('.dataset-class').allTextContents();
    expect(names).toEqual(expect.arrayContaining(['cat', 'dog', ...hostileTexts]));
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
    await page.getByText('1 label files without a picture').waitFor();
  });

  it('offers to leave out pictures that cannot be read', async () => {
    const files = await plainDataset();
    const broken = { ...files, 'train/images/broken.png': Buffer.from('no picture') };
    const { page } = await open();
    await page.getByText('4 pictures', { exact: true }).waitFor();
    await page.locator('input[type=file]').setInputFiles(zip('broken.zip', zipOf(broken)));
    await page.getByRole('button', { name: 'Upload again without them' }).click();
    await page.getByText('1 pictures could not be read and were left out').waitFor();
  });

  it('gives the dataset back as a ZIP, and deletes it after asking', async () => {
    const { page } = await open();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as ZIP' }).click(),
    ]);
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(0, 2).toString()).toBe('PK');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No dataset yet').waitFor();
    expect(await pages.client.getYoloDataset({ project_id: project })).toMatchObject({ ready: false });
  });

  it.each([
    ['light', 1440],
    ['dark', 360],
  ] as const)('has nothing that axe-core finds in %s at %i px', async (theme, width) => {
    const files = { ...(await plainDataset()), 'train/images/more.png': await blocksFile(9) };
    await pages.client.uploadYoloDataset({
      project_id: project,
      file: { name: 'parts.zip', data: new Blob([zipOf(files) as Uint8Array<ArrayBuffer>]) },
    });
    const { page } = await open({ theme, width });
    await page.locator('.dataset-pictures li').first().waitFor();
    await page.getByText('Sizes of the pictures').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
