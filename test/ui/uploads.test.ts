// Uploads as a person sees them: every file gets its verdict, whatever happens on the way; what is stored is on the disk.
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, type PartFile, partFile, partFiles } from './part-files.ts';

describe.skipIf(!browserRunsHere)('uploads', () => {
  let pages: PagesUnderTest;
  beforeAll(async () => {
    pages = await pagesUnderTest();
  });
  afterAll(() => pages?.close());

  async function newProject(): Promise<{ id: string; path: string }> {
    const { project_id: id } = await pages.client.createProject({ body: { name: 'parts' } });
    return { id, path: `/ui/projects/${id}/pictures` };
  }
  const onDisk = async (id: string) =>
    (await readdir(join(pages.folder, 'data/projects', id, 'raw'))).filter((name) => name !== '_index.json');
  const names = async (id: string) =>
    (await pages.client.listProjectImages({ project_id: id })).items.map((image) => image.display_name);
  const panel = (page: Page) => page.getByRole('region', { name: 'Upload', exact: true });
  const choose = (page: Page, files: readonly PartFile[]) =>
    page
      .locator('input[type=file][accept="image/*"]')
      .first()
      .setInputFiles([...files]);

  it('files that are dropped are stored, known or refused, each with its reason', async () => {
    const { id, path } = await newProject();
    const [known, ...fresh] = await partFiles(5);
    await pages.client.uploadProjectImages({ project_id: id, files: asUploads([known!]) });
    const files = [
      known!,
      ...fresh,
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') },
      { name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('<html>no picture either</html>') },
      { name: 'cut.png', mimeType: 'image/png', buffer: fresh[0]!.buffer.subarray(0, 900) },
    ];
    const { page, misdeeds } = await pages.open(path);
    await page.locator('.tile').first().waitFor();
    await drop(page, files);
    await panel(page).getByText('Upload 9 of 9').waitFor();
    for (const text of ['4 stored', '1 already here', '4 rejected'])
      await panel(page).getByText(text).waitFor();
    const row = (name: string) => panel(page).getByRole('listitem').filter({ hasText: name });
    await row('empty.png').getByText('The file is empty.').waitFor();
    await row('notes.txt').getByText('This is no picture of a type that the server takes.').waitFor();
    await row('text.png').getByText('This is no picture of a type that the server takes.').waitFor();
    await row('cut.png').getByText('The end of the file is missing.').waitFor();
    await expect.poll(() => page.locator('.tile').count()).toBe(5);
    expect(await onDisk(id)).toHaveLength(5);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('folders are walked to their end, and names that look like code are only names', async () => {
    const { id, path } = await newProject();
    const folder = await mkdtemp(join(tmpdir(), 'okapi-lot-'));
    await mkdir(join(folder, 'good/early'), { recursive: true });
    // As browsers send them: a quote in a name of a file is %22.
    const sent = (text: string) => `${text.replaceAll('"', '%22')}.png`;
    const texts = hostileTexts.filter((text) => !text.includes('/')).slice(0, 8);
    for (const [i, text] of texts.entries())
      await writeFile(
        join(folder, i % 2 ? 'good' : 'good/early', `${text}.png`),
        (await partFile(20 + i)).buffer,
      );
    const { page, misdeeds } = await pages.open(path);
    await page.locator('input[webkitdirectory]').first().setInputFiles(folder);
    await panel(page).getByText(`${texts.length} stored`).waitFor();
    await expect.poll(() => page.locator('.tile').count()).toBe(texts.length);
    expect((await names(id)).sort()).toEqual(texts.map(sent).sort());
    for (const text of texts)
      await page.locator('.tile-name').getByText(sent(text), { exact: true }).waitFor();
    expect(await page.evaluate('window.pwned')).toBe(undefined);
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('a server that asks to wait is waited for, and no file is lost', async () => {
    const { id, path } = await newProject();
    const { page } = await pages.open(path);
    const asked: number[] = [];
    await page.route('**/upload', (route) => {
      asked.push(Date.now());
      if (asked.length > 1) return route.continue();
      const problem = {
        status: 429,
        code: 'request.too_many',
        detail: 'expected fewer',
        title: '',
        requestId: 'x',
      };
      return route.fulfill({ status: 429, headers: { 'retry-after': '2' }, json: problem });
    });
    await choose(page, await partFiles(3, 40));
    await panel(page)
      .getByText(/The server takes more uploads in/)
      .waitFor();
    await panel(page).getByText('3 stored').waitFor();
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(1900);
    expect(await onDisk(id)).toHaveLength(3);
  });

  it('what is cut off several times fails, and goes through with another try', async () => {
    const { id, path } = await newProject();
    const { page } = await pages.open(path);
    await page.route('**/upload', (route) => route.abort('connectionreset'));
    await choose(page, await partFiles(3, 50));
    await panel(page).getByText('3 failed').waitFor();
    await panel(page).getByText('The connection was cut off several times.').first().waitFor();
    await page.unroute('**/upload');
    await panel(page).getByRole('button', { name: 'Try again' }).click();
    await panel(page).getByText('3 stored').waitFor();
    expect(await onDisk(id)).toHaveLength(3);
  });

  it('while the server is away files wait, and they go on once it is back', async () => {
    const { id, path } = await newProject();
    const { page } = await pages.open(path);
    await page.getByRole('heading', { name: 'Drop pictures' }).waitFor();
    await page.route('**/upload', (route) => route.abort('connectionrefused'));
    await page.route('**/readyz', (route) => route.abort('connectionrefused'));
    await choose(page, await partFiles(2, 60));
    await page.getByText('The server does not answer').first().waitFor();
    await panel(page).getByText('waiting').first().waitFor();
    await page.unrouteAll();
    await panel(page).getByText('2 stored').waitFor();
    expect(await onDisk(id)).toHaveLength(2);
  });

  it('an upload that is canceled stops, and can be taken up again', async () => {
    const { id, path } = await newProject();
    const { page } = await pages.open(path);
    let release = () => {};
    await page.route('**/upload', async (route) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await route.abort().catch(() => {});
    });
    await choose(page, await partFiles(2, 70));
    await panel(page).getByRole('button', { name: 'Cancel' }).click();
    await panel(page).getByText('2 canceled').waitFor();
    release();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await panel(page).getByRole('button', { name: 'Try again' }).click();
    await panel(page).getByText('2 stored').waitFor();
    await panel(page).getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => panel(page).count()).toBe(0);
    expect(await onDisk(id)).toHaveLength(2);
  });
});

/** As a person does it with the mouse, but for the mouse. */
async function drop(page: Page, files: readonly PartFile[]): Promise<void> {
  const given = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    base64: buffer.toString('base64'),
  }));
  const script = `(files) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    for (const kind of ['dragenter', 'dragover', 'drop'])
      document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }`;
  await page.evaluate(`(${script})(${JSON.stringify(given)})`);
}
