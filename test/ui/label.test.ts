// Labelling in a real browser: what is drawn by mouse, touch and keys is what the server keeps.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';

const side = 200;
const none = { policyViolations: [], errors: [], outside: [] };

describe.skipIf(!browserRunsHere)('the label page', () => {
  let pages: PagesUnderTest;
  let project: string;
  let names: string[];
  beforeAll(async () => {
    pages = await pagesUnderTest();
    ({ project, names } = await projectWith('yolo', 5));
  });
  afterAll(() => pages?.close());

  async function projectWith(training_mode: 'yolo' | 'anomaly', count: number) {
    const { project_id } = await pages.client.createProject({ body: { name: 'Screws', training_mode } });
    const files = [];
    for (let i = 0; i < count; i++) {
      const { picture } = samplePart('screws', i + 1, undefined, side);
      const data = new Blob([(await encodePicture(picture, 'png')) as Uint8Array<ArrayBuffer>]);
      files.push({ name: `part ${i}.png`, data });
    }
    await pages.client.uploadProjectImages({ project_id, files });
    const { items } = await pages.client.listProjectImages({ project_id });
    return { project: project_id, names: items.map(({ filename }) => filename) };
  }

  /** Pixels of the screen of a point of the picture. */
  async function screen(page: Page, x: number, y: number) {
    const at = await page.evaluate<{ x: number; y: number }>(`(() => {
      const point = new DOMPoint(${x}, ${y}).matrixTransform(document.querySelector('.label-stage .stage-layer').getScreenCTM());
      return { x: point.x, y: point.y };
    })()`);
    return at;
  }

  async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]) {
    const a = await screen(page, ...from);
    const b = await screen(page, ...to);
    await page.mouse.move(a.x, a.y);
    await page.mouse.down();
    await page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2, { steps: 3 });
    await page.mouse.move(b.x, b.y, { steps: 3 });
    await page.mouse.up();
  }

  /** What the server keeps, in pixels. */
  const kept = async (filename: string, of = project) =>
    (await pages.client.getLabel({ project_id: of, filename })).boxes.map(
      ({ label, x, y, width, height }) => [
        label,
        ...[x, y, width, height].map((share) => Math.round(share * side)),
      ],
    );

  async function openOn(filename: string, options = {}) {
    const opened = await pages.open(`/ui/projects/${project}/label?picture=${filename}`, options);
    await opened.page.locator('.label-stage image').waitFor();
    return opened;
  }

  it('a first class and a dragged box are saved by themselves, and are there again after a reload', async () => {
    const { page, misdeeds } = await openOn(names[0]!);
    await page.getByLabel('Add a class').fill('<b>dent</b>');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: /<b>dent<\/b>/, pressed: true }).waitFor();
    await drag(page, [20, 30], [100, 110]);
    await expect.poll(() => kept(names[0]!)).toEqual([['<b>dent</b>', 20, 30, 80, 80]]);
    await page.getByText('Saved').waitFor();
    await page.reload();
    await expect.poll(() => page.locator('.label-box').count()).toBe(1);

    // Moved, pulled at its lower right grip, and taken back.
    await drag(page, [60, 70], [70, 70]);
    await expect.poll(() => kept(names[0]!)).toEqual([['<b>dent</b>', 30, 30, 80, 80]]);
    await drag(page, [110, 110], [150, 160]);
    await expect.poll(() => kept(names[0]!)).toEqual([['<b>dent</b>', 30, 30, 120, 130]]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => kept(names[0]!)).toEqual([['<b>dent</b>', 30, 30, 80, 80]]);
    expect(misdeeds).toEqual(none);
  });

  it('works by keys alone', async () => {
    await pages.client.putClasses({ project_id: project, body: { classes: ['<b>dent</b>', 'screw'] } });
    const { page } = await openOn(names[1]!);
    await page.locator('.label-stage .stage-layer').focus();
    await page.keyboard.press('2');
    await page.getByRole('button', { name: /screw/, pressed: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Alt+Shift+ArrowDown');
    await expect.poll(() => kept(names[1]!)).toEqual([['screw', 90, 79, 40, 50]]);
    await page.keyboard.press('1');
    await expect.poll(() => kept(names[1]!)).toEqual([['<b>dent</b>', 90, 79, 40, 50]]);
    await page.keyboard.press('Control+z');
    await expect.poll(() => kept(names[1]!)).toEqual([['screw', 90, 79, 40, 50]]);
    await page.keyboard.press('.');
    await page.keyboard.press('Delete');
    await expect.poll(() => kept(names[1]!)).toEqual([]);
    await page.keyboard.press('Control+z');
    await expect.poll(() => kept(names[1]!)).toHaveLength(1);

    // To the next picture, with the boxes.
    await page.keyboard.press('c');
    await expect.poll(() => kept(names[2]!)).toEqual([['screw', 90, 79, 40, 50]]);
    await page.waitForURL(`**picture=${names[2]}`);
    await page.keyboard.press('d');
    await page.waitForURL(`**picture=${names[3]}`);
  });

  it('works by touch', async () => {
    const { page } = await openOn(names[3]!, { touch: true, width: 390, height: 844 });
    const a = await screen(page, 40, 40);
    const b = await screen(page, 120, 140);
    const session = await page.context().newCDPSession(page);
    const touch = (type: string, at: readonly { x: number; y: number }[]) =>
      session.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: [...at] });
    await touch('touchStart', [a]);
    await touch('touchMove', [{ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }]);
    await touch('touchMove', [b]);
    await touch('touchEnd', []);
    await expect.poll(async () => (await kept(names[3]!)).length).toBe(1);
    const [, x, y, width, height] = (await kept(names[3]!))[0]!;
    expect(Math.abs(Number(x) - 40) + Math.abs(Number(y) - 40)).toBeLessThanOrEqual(4);
    expect(Math.abs(Number(width) - 80) + Math.abs(Number(height) - 100)).toBeLessThanOrEqual(4);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('says when somebody else was quicker, and loses neither boxes', async () => {
    const { page } = await openOn(names[4]!);
    await page.getByRole('button', { name: /screw/ }).first().click();
    await drag(page, [10, 10], [50, 50]);
    await expect.poll(() => kept(names[4]!)).toHaveLength(1);
    const body = { image_width: side, image_height: side, boxes: [] };
    await pages.client.putLabel({ project_id: project, filename: names[4]!, body });
    await drag(page, [100, 100], [150, 150]);
    await page.getByText('Somebody else has changed').waitFor();
    expect(await kept(names[4]!)).toEqual([]);
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await expect.poll(() => kept(names[4]!)).toHaveLength(2);
  });

  it('says that the server is away, and saves once it is back', async () => {
    const { page } = await openOn(names[4]!);
    await expect.poll(() => page.locator('.label-box').count()).toBe(2);
    await page.route('**/labels/**', (route) => route.abort());
    await drag(page, [60, 150], [90, 190]);
    await page.getByText('The server does not answer').first().waitFor();
    await page.unrouteAll();
    await expect.poll(async () => (await kept(names[4]!)).length, { timeout: 20_000 }).toBe(3);
  });

  it('shows the forty texts that it must not run as names of classes and on boxes', async () => {
    const other = await projectWith('yolo', 1);
    const boxes = hostileTexts.map((label) => ({ label, x: 0.1, y: 0.1, width: 0.5, height: 0.5 }));
    const [filename] = other.names;
    const body = { image_width: side, image_height: side, boxes };
    await pages.client.putLabel({ project_id: other.project, filename: filename!, body });
    const { page, misdeeds } = await pages.open(`/ui/projects/${other.project}/label`);
    await expect.poll(() => page.locator('.label-box').count()).toBe(hostileTexts.length);
    // Classes are unique without regard to case: of two that differ in it alone, the first is kept.
    const shown = hostileTexts.map((text) =>
      /^javascript:/i.test(text) ? 'javascript:window.pwned=1' : text,
    );
    expect(await page.locator('.label-box text').allTextContents()).toEqual(shown);
    const listed = await page.locator('.label-boxes .grow').allTextContents();
    expect(listed).toEqual(shown);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(misdeeds).toEqual(none);
  });

  it('makes the dataset in one press', async () => {
    const { page } = await openOn(names[0]!);
    await page.getByText('5 of 5 labelled').first().waitFor();
    await page.getByRole('button', { name: 'Make the dataset' }).click();
    await page.waitForURL(`**/projects/${project}/dataset`);
    const dataset = await pages.client.getYoloDataset({ project_id: project });
    expect(dataset).toMatchObject({ ready: true, source: 'labels' });
    expect(dataset.train_images + dataset.val_images).toBe(5);
  });

  it('takes boxes that a model proposes, once they are confirmed', async () => {
    const anomaly = await projectWith('anomaly', 3);
    const { client } = pages;
    const body = { method: 'subspace', img_size: 128 } as const;
    const { job_id } = await client.trainProject({ project_id: anomaly.project, body });
    expect(await client.untilJobEnds(job_id)).toMatchObject({ status: 'finished' });
    // A part with a square where none should be.
    const { picture } = samplePart('screws', 77, undefined, side);
    for (let y = 80; y < 120; y++) picture.data.fill(255, (y * side + 80) * 3, (y * side + 120) * 3);
    const data = new Blob([(await encodePicture(picture, 'png')) as Uint8Array<ArrayBuffer>]);
    const sent = await client.uploadProjectImages({
      project_id: anomaly.project,
      files: [{ name: 'bad.png', data }],
    });
    const bad = sent.items[0]!.filename!;
    const { page } = await pages.open(`/ui/projects/${anomaly.project}/label?picture=${bad}`);
    await page.getByRole('button', { name: 'Ask the model' }).click();
    await page.getByRole('button', { name: 'Accept all' }).click();
    await expect.poll(async () => (await kept(bad, anomaly.project)).length).toBeGreaterThan(0);
    const boxes = await kept(bad, anomaly.project);
    const hit = boxes.some(([, x, y, w, h]) => +x! < 100 && +y! < 100 && +x! + +w! > 100 && +y! + +h! > 100);
    expect(hit, JSON.stringify(boxes)).toBe(true);
  });

  it.each([
    ['light', 1440],
    ['dark', 360],
  ] as const)('has nothing that axe-core finds in %s at %i px', async (theme, width) => {
    const { page } = await openOn(names[0]!, { theme, width });
    await page.getByText('Saved').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
