// Makes the pictures of docs/images/pages again: `npx tsx scripts/screenshots.ts`; with a FOLDER those of all pages. A server of its own with the sample
// project, every page as a person sees it, in both themes, at two widths, and in Thai.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import type { Upload } from '../src/client/client.ts';
import { defectsOf, samplePart } from '../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { filmOf } from '../test/ui/film.ts';
import { type OpenOptions, pagesUnderTest } from '../test/ui/pages.ts';

const [folder = 'docs/images/pages'] = process.argv.slice(2);
/** Those that the documents show; into another folder come all. */
const inDocs = [
  'projects',
  'pictures',
  'results',
  'test',
  'label',
  'operator-dark',
  'results-dark',
  'test-small-thai',
];
const [one, two, three] = defectsOf('boards');
/** What is tested on the page Test, and lies before the camera of the operator view. */
const boards = [undefined, one, two, undefined, undefined, three].map(
  (defect, i) => samplePart('boards', 900 + i, defect, 256).picture,
);
await mkdir(folder, { recursive: true });
const camera = await mkdtemp(join(tmpdir(), 'okapi-camera-'));
const film = join(camera, 'boards.y4m');
await writeFile(film, filmOf(boards));
const pages = await pagesUnderTest({}, [`--use-file-for-fake-video-capture=${film}`]);
const { client } = pages;

const { project_id } = await client.createSampleProject({ body: { name: 'Circuit boards' } });
const { job_id } = await client.trainProject({ project_id, body: { method: 'auto' } });
const { model_id = '' } = await client.untilJobEnds(job_id);
const evaluation = await client.evaluateModel({ model_id, body: {} });
await client.untilJobEnds(evaluation.job_id);
const files: Upload[] = [];
for (const [i, picture] of boards.entries())
  files.push({
    name: `board-${i + 1}.png`,
    data: new Blob([(await encodePicture(picture, 'png')) as Uint8Array<ArrayBuffer>]),
  });
const tested = await client.testModel({ model_id, files });
const worst = tested.items.reduce((a, b) => ('score' in b && (!('score' in a) || b.score > a.score) ? b : a));
const shown = files.find(({ name }) => name === worst.filename)!;
const { project_id: finder } = await client.createProject({
  body: { name: 'Blobs on boards', training_mode: 'yolo' },
});
await client.uploadProjectImages({ project_id: finder, files });
const { items } = await client.listProjectImages({ project_id: finder });
for (const { filename, width = 1, height = 1 } of items.slice(0, 4)) {
  const boxes = [
    { label: 'chip', x: 0.15, y: 0.2, width: 0.25, height: 0.2 },
    { label: 'pad', x: 0.6, y: 0.55, width: 0.12, height: 0.14 },
  ];
  await client.putLabel({
    project_id: finder,
    filename,
    body: { image_width: width, image_height: height, boxes },
  });
}

/** Nothing loads any more, and every picture in sight is there. Pages keep streams open, so the network is no sign of it. */
async function settled(page: Page): Promise<void> {
  const isSettled = `document.querySelector('h1') !== null &&
    document.querySelectorAll('.loading, .skeleton, [aria-busy=true]').length === 0 &&
    [...document.images].every((image) => image.complete || image.loading === 'lazy')`;
  // Not by waitForFunction: it evaluates text within the page, which the policy forbids.
  for (let left = 300; left > 0 && !(await page.evaluate(isSettled)); left--) await page.waitForTimeout(200);
  await page.waitForTimeout(500);
}

/** Takes pictures until some were judged and the last is NG. */
async function runLine(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Open the camera|เปิดกล้อง/ }).click();
  await page.getByRole('button', { name: /^(Start|เริ่ม)$/ }).click();
  await page.locator('.op-sign.ready').waitFor();
  for (let taken = 1; taken <= 30; taken++) {
    await page.keyboard.press(' ');
    await page.waitForTimeout(1300);
    if (taken >= 6 && (await page.locator('.op-sign.ng').count()) > 0) return;
  }
}

/** Name, address, what to do before the picture. */
const shots: readonly (readonly [string, string, ((page: Page) => Promise<unknown>)?])[] = [
  ['projects', '/ui/projects'],
  ['pictures', `/ui/projects/${project_id}/pictures`],
  ['train', `/ui/projects/${project_id}/train`],
  ['results', `/ui/projects/${project_id}/results`],
  [
    'test',
    `/ui/projects/${project_id}/test`,
    async (page) => {
      const buffer = Buffer.from(await shown.data.arrayBuffer());
      await page
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name: shown.name, mimeType: 'image/png', buffer });
      await page.locator('.verdict-shape').first().waitFor({ timeout: 60_000 });
    },
  ],
  ['label', `/ui/projects/${finder}/label`],
  ['models', '/ui/models'],
  ['model', `/ui/models/${model_id}`],
  ['operator', `/ui/operator/${model_id}`, runLine],
  ['system', '/ui/system'],
];
const looks: readonly (OpenOptions & { readonly suffix: string })[] = [
  { suffix: '', width: 1440, height: 900 },
  { suffix: '-dark', width: 1440, height: 900, theme: 'dark' },
  { suffix: '-small-thai', width: 390, height: 844, language: 'th' },
];
for (const { suffix, ...look } of looks)
  for (const [name, address, before] of shots) {
    if (process.argv[2] === undefined && !inDocs.includes(`${name}${suffix}`)) continue;
    const { page, misdeeds } = await pages.open(address, look);
    try {
      await settled(page);
      await before?.(page);
      await settled(page);
      const png = await page.screenshot();
      await writeFile(
        join(folder, `${name}${suffix}.png`),
        await sharp(png).png({ palette: true, quality: 90 }).toBuffer(),
      );
    } catch (error) {
      console.error(`${name}${suffix}: ${String(error).slice(0, 300)}`);
    }
    const wrong = [...misdeeds.policyViolations, ...misdeeds.errors, ...misdeeds.outside];
    if (wrong.length > 0) console.error(`${name}${suffix}: ${wrong.join('; ')}`);
    await page.context().close();
  }
await pages.close();
await rm(camera, { recursive: true });
