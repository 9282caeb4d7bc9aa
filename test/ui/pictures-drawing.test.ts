// What a person draws on pictures, and takes with a camera: masks, areas and shots are on the server as they were on the screen.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodePicture, defaultLimits } from '../../src/vision/image/decode.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, partFile } from './part-files.ts';

const side = 100;

describe.skipIf(!browserRunsHere)('drawing on pictures', () => {
  let pages: PagesUnderTest;
  let id: string;
  let filename: string;
  let page: Page;
  beforeAll(async () => {
    pages = await pagesUnderTest();
    const { project_id } = await pages.client.createProject({ body: { name: 'parts' } });
    id = project_id;
    const files = asUploads([await partFile(1, { size: side, name: 'scratched.png' })]);
    const { items } = await pages.client.uploadProjectImages({ project_id, files });
    filename = items[0]!.filename!;
    await pages.client.markProjectImage({ project_id, filename, body: { mark: 'ng' } });
  });
  afterAll(() => pages?.close());
  beforeEach(async () => {
    page = (await pages.open(`/ui/projects/${id}/pictures`)).page;
    await page.locator('.tile').waitFor();
  });

  /** A point of the picture on the screen, by shares of its sides. */
  async function at(stage: string, x: number, y: number): Promise<{ x: number; y: number }> {
    const box = (await page.locator(`${stage} svg image`).first().boundingBox())!;
    return { x: box.x + box.width * x, y: box.y + box.height * y };
  }
  async function stored() {
    const answer = await pages.client.getMask({ project_id: id, filename });
    return decodePicture(new Uint8Array(await answer.arrayBuffer()), defaultLimits);
  }
  const valueAt = (mask: Awaited<ReturnType<typeof stored>>, x: number, y: number) =>
    mask.data[3 * (y * mask.width + x)];
  const colourAt = async (point: { x: number; y: number }) => {
    const shot = await page.screenshot({ clip: { x: point.x, y: point.y, width: 1, height: 1 } });
    return [...(await decodePicture(new Uint8Array(shot), { ...defaultLimits, minSide: 1 })).data];
  };

  it('a mask is painted with a brush, shown over the picture, and stored in black and white', async () => {
    await page.locator('.tile').dblclick();
    await page.getByRole('button', { name: 'Paint' }).click();
    const before = await colourAt(await at('.viewer-stage', 0.5, 0.3));
    const [from, to] = [await at('.viewer-stage', 0.2, 0.3), await at('.viewer-stage', 0.8, 0.3)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Save mask' }).waitFor();
    const after = await colourAt(await at('.viewer-stage', 0.5, 0.3));
    // The colour of the mask is half of what is seen there now.
    expect(after[0]! - before[0]!).toBeGreaterThan(after[1]! - before[1]!);
    expect(after).not.toEqual(before);
    await page.getByRole('button', { name: 'Save mask' }).click();
    await page.getByText('Mask saved').waitFor();
    const mask = await stored();
    expect([mask.width, mask.height]).toEqual([side, side]);
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
    expect([valueAt(mask, 50, 30), valueAt(mask, 25, 30), valueAt(mask, 50, 60)]).toEqual([255, 255, 0]);
  });

  it('an eraser takes some of it away, a file takes its place, and it is removed', async () => {
    await page.locator('.tile').dblclick();
    await page.locator('.viewer-mask').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Paint' }).click();
    await page.getByRole('dialog').getByText('Eraser').click();
    const middle = await at('.viewer-stage', 0.5, 0.3);
    await page.mouse.click(middle.x, middle.y);
    await page.getByRole('button', { name: 'Save mask' }).click();
    await expect.poll(async () => valueAt(await stored(), 50, 30)).toBe(0);
    expect(valueAt(await stored(), 25, 30)).toBe(255);

    const data = new Uint8Array(3 * side * side).fill(255, 0, 3 * 10 * side);
    const buffer = Buffer.from(await encodePicture({ width: side, height: side, data }, 'png'));
    await page
      .locator('input[accept="image/png"]')
      .setInputFiles({ name: 'mask.png', mimeType: 'image/png', buffer });
    await expect.poll(async () => valueAt(await stored(), 50, 5)).toBe(255);
    await page.getByRole('button', { name: 'Remove mask' }).click();
    await page.getByText('Mask removed').waitFor();
    await expect(stored()).rejects.toMatchObject({ code: 'mask.not_found' });
  });

  it('areas are drawn by clicks, and what is outside lies in shade', async () => {
    await page.getByRole('button', { name: 'Where to look' }).click();
    await page.getByRole('button', { name: 'Area to look at' }).click();
    const shade = await at('.area-stage', 0.1, 0.9);
    const before = await colourAt(shade);
    for (const [x, y] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.75, 0.75],
      [0.25, 0.75],
      [0.25, 0.25],
    ] as const) {
      const point = await at('.area-stage', x, y);
      await page.mouse.click(point.x, point.y);
    }
    await page.getByText('25.0 % of the picture').waitFor();
    expect((await colourAt(shade))[1]!).toBeLessThan(before[1]! * 0.7);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Areas saved').waitFor();
    const { include, ignore } = await pages.client.getRegions({ project_id: id });
    expect([include.length, ignore.length]).toEqual([1, 0]);
    for (const [i, [x, y]] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.75, 0.75],
      [0.25, 0.75],
    ].entries()) {
      expect(include[0]![i]![0]).toBeCloseTo(x!, 1);
      expect(include[0]![i]![1]).toBeCloseTo(y!, 1);
    }
  });

  it('areas are drawn by keys alone, and another person’s change in between is told', async () => {
    await page.getByRole('button', { name: 'Where to look' }).click();
    await page.getByRole('button', { name: /Look .* of the picture/ }).waitFor();
    await page.getByRole('button', { name: 'Area to leave out' }).click();
    const step = async (key: string, times: number) => {
      for (let i = 0; i < times; i++) await page.keyboard.press(key);
    };
    await page.keyboard.press('Space');
    await step('ArrowRight', 5);
    await page.keyboard.press('Space');
    await step('ArrowDown', 5);
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /Leave out 0\.5 % of the picture/ }).waitFor();

    const theirs = [
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ];
    await pages.client.putRegions({ project_id: id, body: { include: theirs } });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Somebody else has changed the areas meanwhile.').waitFor();
    expect((await pages.client.getRegions({ project_id: id })).ignore).toEqual([]);
    await page.getByRole('button', { name: 'Save mine over them' }).click();
    await page.getByText('Areas saved').waitFor();
    const { include, ignore } = await pages.client.getRegions({ project_id: id });
    expect(include).not.toEqual(theirs);
    expect(ignore).toEqual([
      [
        [0.5, 0.5],
        [0.6, 0.5],
        [0.6, 0.6],
      ],
    ]);
  });

  it('a camera takes pictures at its full size, by button and by space, marked as one says', async () => {
    await page.getByRole('button', { name: 'Camera' }).click();
    const dialog = page.getByRole('dialog', { name: 'Camera' });
    const take = dialog.getByRole('button', { name: 'Take picture' });
    await expect.poll(() => take.isEnabled()).toBe(true);
    await dialog.getByText('defective parts (NG)').click();
    await take.click();
    await dialog.getByText('1 picture taken').waitFor();
    await page.keyboard.press('Space');
    await dialog.getByText('2 pictures taken').waitFor();
    await dialog.getByText('2 stored').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const { items } = await pages.client.listProjectImages({ project_id: id });
    const shots = items.filter(({ display_name }) => display_name.startsWith('camera '));
    expect(shots.map(({ mark }) => mark)).toEqual(['ng', 'ng']);
    const size = await page.evaluate(
      '(({ videoWidth, videoHeight }) => [videoWidth, videoHeight])(document.querySelector("video"))',
    );
    expect([shots[0]!.width, shots[0]!.height]).toEqual(size);
    const bytes = await readFile(join(pages.folder, 'data/projects', id, 'raw', shots[0]!.filename));
    const { width } = await decodePicture(new Uint8Array(bytes), defaultLimits);
    expect(width).toBe(shots[0]!.width);
  });
});
