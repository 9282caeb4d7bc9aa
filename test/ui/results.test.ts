// The page of results in a real browser: the threshold that is moved and saved, evaluations, models side by side, detectors.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { evaluationExamples } from '../../src/server/contract/evaluation-examples.ts';
import { storeEvaluation } from '../../src/server/evaluation/evaluation-record.ts';
import { addResults } from '../../src/server/inference/results.ts';
import { storeFake } from '../../src/server/models/testing/fake-model.ts';
import { calibrateThreshold } from '../../src/vision/scoring/threshold.ts';
import { writeThreshold } from '../../src/vision/scoring/threshold-file.ts';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { hostileTexts } from './hostile.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';
import { asUploads, partFile, partFiles } from './part-files.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const patience = { timeout: 60_000 };
const none = { policyViolations: [], errors: [], outside: [] };

describe.skipIf(!browserRunsHere)('the page of results', () => {
  let pages: PagesUnderTest;
  let project: string;
  /** By method. */
  const models: Record<string, string> = {};
  beforeAll(async () => {
    pages = await pagesUnderTest({ training: { threads: 1 }, inference: { threads: 1 } } as never);
    const { client } = pages;
    project = (await client.createProject({ body: { name: 'Widgets' } })).project_id;
    await client.uploadProjectImages({ project_id: project, files: asUploads(await partFiles(8)) });
    for (const method of ['subspace', 'memory-bank'] as const) {
      const body = { method, img_size: 64 };
      const { job_id } = await client.trainProject({ project_id: project, body });
      models[method] = (await client.untilJobEnds(job_id)).model_id!;
    }
    for (const mark of ['ok', 'ng'] as const) {
      const defect = mark === 'ng' ? { defect: 'scratch' as const } : {};
      const files = await Promise.all(
        [50, 51, 52].map((seed) => partFile(seed, { ...defect, name: `${mark} ${seed}.png` })),
      );
      const { items } = await client.uploadProjectImages({ project_id: project, files: asUploads(files) });
      for (const { filename } of items)
        await client.markProjectImage({ project_id: project, filename: filename!, body: { mark } });
    }
  });
  afterAll(() => pages?.close());

  const open = (query: string, options = {}) =>
    pages.open(`/ui/projects/${project}/results?${query}`, options);
  const of = (method: string, view: string) => `model=${models[method]}&view=${view}`;
  const scoresOf = (method: string) => pages.client.getModelScores({ model_id: models[method]! });
  const slider = (page: Page) => page.getByRole('slider', { name: 'Threshold' });
  const now = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));
  const figure = (page: Page, name: string) =>
    page.locator('.results-figures > div').filter({ has: page.getByText(name, { exact: true }) });

  it('leads to the training where there is no model', async () => {
    const { project_id } = await pages.client.createProject({ body: { name: 'New' } });
    const { page } = await pages.open(`/ui/projects/${project_id}/results`);
    await page.getByText('There is no model yet').waitFor(patience);
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.waitForURL('**/train');
  });

  it('the line is moved by the pointer and by keys, and tells at once who changes sides', async () => {
    const { page, misdeeds } = await open(of('subspace', 'threshold'));
    await slider(page).waitFor(patience);
    const { items, threshold } = await scoresOf('subspace');
    expect(await now(page)).toBe(threshold.value);
    const bars = await page.locator('.results-bar.good title').allTextContents();
    const counted = bars.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
    expect(counted).toBe(items.length);

    // To between the third and the second highest score.
    const wanted = (items[1]!.score + items[2]!.score) / 2;
    const chart = (await page.locator('.results-histogram').boundingBox())!;
    const [low, high] = await Promise.all(
      ['aria-valuemin', 'aria-valuemax'].map(async (name) => Number(await slider(page).getAttribute(name))),
    );
    const x = (score: number) => chart.x + 14 + ((score - low!) / (high! - low!)) * (chart.width - 28);
    await page.mouse.move(x(threshold.value), chart.y + 60);
    await page.mouse.down();
    await page.mouse.move(x(wanted) - 8, chart.y + 60);
    await page.mouse.move(x(wanted), chart.y + 60);
    await page.mouse.up();
    const moved = await now(page);
    expect(Math.abs(moved - wanted)).toBeLessThan((high! - low!) / 100);
    const above = items.filter(({ score }) => score > moved);
    await figure(page, 'False alarms')
      .getByText(`${above.length} of ${items.length} good pictures`)
      .waitFor();
    await page.getByText(`${above.length} pictures become NG`).waitFor();
    const shown = await page.locator('.results-strip li .cut').allTextContents();
    expect(shown).toEqual(above.map(({ display_name }) => display_name));
    await expect
      .poll(
        () =>
          page
            .locator('.results-strip img')
            .first()
            .evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth),
        patience,
      )
      .toBeGreaterThan(0);

    await slider(page).focus();
    await page.keyboard.press('ArrowRight');
    expect(await now(page)).toBeGreaterThan(moved);
    await page.keyboard.press('Home');
    await figure(page, 'False alarms').getByText(`${items.length} of ${items.length}`).waitFor();
    await page.getByRole('button', { name: 'Back to the saved one' }).click();
    expect(await now(page)).toBe(threshold.value);
    expect(misdeeds).toEqual(none);
  });

  it('a rate gives the threshold that the server would, it is saved with its reason, and taken back', async () => {
    const { page, misdeeds } = await open(of('subspace', 'threshold'));
    await slider(page).waitFor(patience);
    const before = await scoresOf('subspace');
    const wanted = before.by_rate.find(({ target_false_alarm_rate: rate }) => rate === 0.1)!;
    await page.getByRole('button', { name: '10 %' }).click();
    expect(await now(page)).toBeCloseTo(wanted.value, 9);
    await page.getByText('good pictures are too few for 10 %').waitFor();
    await page.getByLabel('Why').fill(hostileTexts[0]!);
    await page.getByRole('button', { name: 'Save the threshold' }).click();
    await page.getByRole('cell', { name: hostileTexts[0]! }).waitFor(patience);
    const saved = (await pages.client.getModel({ model_id: models.subspace! })).thresholds.at(-1);
    expect(saved).toMatchObject({
      value: wanted.value,
      target_false_alarm_rate: 0.1,
      reason: hostileTexts[0],
    });
    await page.getByRole('button', { name: 'Use again' }).click();
    await expect
      .poll(async () => (await scoresOf('subspace')).threshold, patience)
      .toMatchObject({
        value: before.threshold.value,
        target_false_alarm_rate: before.threshold.target_false_alarm_rate,
        reason: expect.stringMatching(/^back to the threshold of/),
      });
    await expect.poll(() => page.getByRole('button', { name: 'Use again' }).count()).toBe(2);
    await page.getByLabel('Exact value').fill('123.5');
    await page.getByRole('button', { name: 'Save the threshold' }).click();
    await expect.poll(async () => (await scoresOf('subspace')).threshold.value, patience).toBe(123.5);
    await pages.client.patchThreshold({
      model_id: models.subspace!,
      body: { target_false_alarm_rate: before.threshold.target_false_alarm_rate! },
    });
    expect(misdeeds).toEqual(none);
  });

  it('an evaluation is started, its figures are those of the server, and a press shows what the model sees', async () => {
    const { page, misdeeds } = await open(of('subspace', 'evaluation'));
    await page.getByText('This model was never evaluated').waitFor(patience);
    await page.getByRole('button', { name: 'Evaluate' }).click();
    await page.getByText('Confusion').waitFor(patience);
    const model_id = models.subspace!;
    const { items } = await pages.client.listEvaluations({ model_id });
    const evaluation = await pages.client.getEvaluation({ evaluation_id: items[0]!.evaluation_id });
    if (evaluation.task !== 'anomaly') throw new Error('expected a model that finds anomalies');
    expect(evaluation.counts).toMatchObject({ ok: 3, ng: 3 });
    const { image_auroc, recall } = evaluation.figures;
    await figure(page, 'Image AUROC')
      .getByText(image_auroc.value!.toFixed(3), { exact: true })
      .first()
      .waitFor();
    await figure(page, 'Defects found')
      .getByText(`${(recall.value! * 100).toFixed(1)} %`, { exact: true })
      .first()
      .waitFor();
    await page.getByRole('img', { name: /^Defects found against false alarms/ }).waitFor();
    const missed = evaluation.confusion.false_negatives;
    await page.getByRole('cell', { name: new RegExp(`^${missed} ?missed$`) }).waitFor();
    const cards = await page
      .locator('.results-judged-card')
      .evaluateAll((all) =>
        all.map((card) => (card as unknown as { className: string }).className.split(' ')[1]),
      );
    expect(cards).toHaveLength(6);
    const rank = ['missed', 'falseAlarms', 'right'];
    expect(cards).toEqual([...cards].sort((a, b) => rank.indexOf(a!) - rank.indexOf(b!)));

    await page.locator('.results-judged-card').first().click();
    const layers = page.locator('.results-views image');
    await expect.poll(() => layers.count(), patience).toBe(2);
    await page.getByText('Heatmap', { exact: true }).first().click();
    await expect.poll(() => layers.last().getAttribute('href')).toMatch(/^\/static\/preview\//);
    // As large as the picture, and another drawing.
    const [sizes, difference] = await page.evaluate<[number[], number]>(`(async () => {
      const drawn = await Promise.all([...document.querySelectorAll('.results-views image')].map(async (image) => {
        const bitmap = await createImageBitmap(await (await fetch(image.getAttribute('href'))).blob());
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
        canvas.drawImage(bitmap, 0, 0);
        return canvas.getImageData(0, 0, bitmap.width, bitmap.height);
      }));
      const [picture, heat] = drawn.map(({ data }) => data);
      const sum = picture.reduce((total, value, i) => total + Math.abs(value - heat[i]), 0);
      return [drawn.flatMap(({ width, height }) => [width, height]), sum / picture.length];
    })()`);
    expect(sizes).toEqual([64, 64, 64, 64]);
    expect(difference).toBeGreaterThan(10);
    // Both move together.
    const stages = page.locator('.results-views svg.stage-layer');
    await stages.first().focus();
    await page.keyboard.press('+');
    const boxes = await stages.evaluateAll((all) => all.map((svg) => svg.getAttribute('viewBox')));
    expect(boxes[0]).toBe(boxes[1]);
    expect(boxes[0]).not.toMatch(/^0 0 /);
    await page.getByRole('button', { name: 'Next picture' }).click();
    await page.getByText('2 of 6').waitFor();
    await page.keyboard.press('Escape');
    // To look is no test.
    expect((await pages.client.listResults({ project_id: project })).items).toEqual([]);
    expect(misdeeds).toEqual(none);
  });

  it('models are evaluated on the same pictures and stand side by side', async () => {
    const { page, misdeeds } = await open(of('subspace', 'compare'));
    await page.getByRole('button', { name: 'Evaluate them on the same pictures' }).click(patience);
    await page.getByText('Picture by picture').waitFor(patience);
    const ids = [models.subspace!, models['memory-bank']!];
    const comparison = await pages.client.compareModels({
      project_id: project,
      query: { models: ids.join(',') },
    });
    const rows = page.locator('.results-table').first().locator('tbody tr');
    expect(await rows.count()).toBe(2);
    await rows
      .nth(1)
      .getByText(comparison.models[1]!.figures.image_auroc.value!.toFixed(3))
      .first()
      .waitFor();
    await page.locator('.results-open').first().click();
    await expect.poll(() => page.locator('.results-views image').count(), patience).toBe(3);
    const stages = page.locator('.results-views svg.stage-layer');
    await stages.nth(1).hover();
    await page.mouse.wheel(0, -400);
    const boxes = () => stages.evaluateAll((all) => all.map((svg) => svg.getAttribute('viewBox')));
    await expect.poll(async () => (await boxes())[0]).not.toMatch(/^0 0 /);
    expect(new Set(await boxes()).size).toBe(1);
    // That nothing was evaluated yet is an answer of the server.
    expect(misdeeds).toEqual({ ...none, errors: [expect.stringContaining('404')] });
  });

  it('drift is told from the newest tests', async () => {
    const { page } = await open(of('memory-bank', 'drift'));
    await page.getByText('Nothing was tested with this model yet').waitFor(patience);
    const { items } = await scoresOf('memory-bank');
    const results = Array.from({ length: 24 }, (_, i) => ({
      result_id: String(i).padStart(32, '0'),
      model_id: models['memory-bank']!,
      filename: 'a.png',
      score: items[0]!.score + 100 + i,
      threshold: 1,
      is_anomaly: true,
      is_uncertain: false,
      regions: 0,
      detections: [],
      at: '2026-01-02T03:04:05.000Z',
      by: 'tester',
      image_url: '/a',
      heatmap_url: '/b',
      overlay_url: '/c',
      brightness: null,
      sharpness: null,
    }));
    await addResults(pages.server.services.context, { kind: 'project', id: project }, results);
    await page.reload();
    const score = page.locator('.card').filter({ has: page.getByRole('heading', { name: 'Score' }) });
    await score.getByText('has changed').waitFor(patience);
    await score.getByText('Look at lamp, lens and parts').waitFor();
  });

  it('names, notes and classes of any kind are shown as text', async () => {
    const { context } = pages.server.services;
    const owner = { kind: 'project', id: project } as const;
    const scores = [1, 2, 3, 4, 5];
    const calibration = { scores, peaks: scores, source: 'held-out', targetFalseAlarmRate: 0.1 } as const;
    const text = writeThreshold(calibrateThreshold(calibration), {
      scoreType: 'x',
      bestValidationLoss: null,
      calibration,
    });
    const at = '2026-01-02T03:04:05.000Z';
    const version = (reason: string, value: number) =>
      ({ value, pixel_value: null, at, by: reason, reason, target_false_alarm_rate: null }) as const;
    const thresholds = hostileTexts.map((reason, i) => version(reason, i));
    const files = { 'threshold.json': text, 'manifest.json': '{}' };
    await storeFake(context, pages.folder, 'hostile', { owner, thresholds }, files);
    const { evaluation, detail } = evaluationExamples;
    const pictures = hostileTexts.map((display_name, i) => ({
      ...{ filename: `${i}.png`, display_name, url: `/static/projects/${project}/raw/${i}.png` },
      ...{ truth: 'ng', score: i, is_anomaly: false },
    }));
    const record = { ...evaluation, model_id: 'hostile', evaluation_id: 'cd'.repeat(16), owner };
    await storeEvaluation(context, record, { ...detail, pictures } as never);
    const { page, misdeeds } = await open('model=hostile');
    for (const reason of hostileTexts)
      await page.getByRole('cell', { name: reason, exact: true }).first().waitFor(patience);
    await page.getByText('Evaluation', { exact: true }).first().click();
    const names = page.locator('.results-judged-card .cut');
    await names.first().waitFor(patience);
    expect((await names.allTextContents()).toSorted()).toEqual([...hostileTexts].toSorted());
    expect(await page.evaluate('window.pwned')).toBeUndefined();

    // What the evaluation suggests is a version with who, when and why after one press.
    await page.getByText('1 of 40 good ones would be false alarms, 1 of 12 NG pictures missed.').waitFor();
    await page.getByRole('button', { name: 'Use this threshold' }).click();
    await page.getByText('It is in use.').waitFor(patience);
    expect((await pages.client.getModel({ model_id: 'hostile' })).thresholds.at(-1)).toMatchObject({
      ...{ value: 4.4, by: 'local' },
      reason: expect.stringMatching(/^Suggested by the evaluation of .* 1 of 40 good ones/),
    });
    // Pictures that are gone are asked for and missing; nothing else is wrong.
    expect({ ...misdeeds, errors: misdeeds.errors.filter((error) => !error.includes('404')) }).toEqual(none);
    await context.docs.delete('models/hostile' as never).catch(() => {});
  });

  it('an object detector shows its figures, classes and confusion, and saves its thresholds', async () => {
    const { project_id } = await pages.client.createProject({
      body: { name: 'Finder', training_mode: 'yolo' },
    });
    const classes = [hostileTexts[0]!, 'dent'];
    const curve = {
      precisionByRecall: [1, 0.5],
      precision: [0.4, 0.9],
      recall: [0.95, 0.2],
      f1: [0.6, 0.3],
    };
    const row = { truths: 20, pictures: 9, detections: 30, precision: 0.81, recall: 0.7, f1: 0.75 };
    const metrics = {
      ...{ map50: 0.912, map50_95: 0.634, precision: 0.81, recall: 0.7, f1: 0.75, bestConfidence: 0.31 },
      perClass: classes.map((name) => ({ name, ...row, ap50: 0.912, ap50_95: 0.634 })),
      curves: { recalls: [0, 1], confidences: [0, 1], classes: [curve, curve], mean: curve },
      confusion: {
        confidence: 0.25,
        iou: 0.45,
        counts: [
          [17, 1, 2],
          [0, 16, 4],
          [3, 5, 0],
        ],
      },
      counts: { pictures: 9, truths: 40, detections: 60 },
      classesWithoutTruth: [],
      best_epoch: 2,
      epochs: [
        { epoch: 1, loss: 9, map50: 0.5, map50_95: 0.2, precision: 0.5, recall: 0.5, lr: 0.01, best: true },
        { epoch: 2, loss: 5, map50: 0.9, map50_95: 0.6, precision: 0.8, recall: 0.7, lr: 0.01, best: true },
      ],
    };
    const model_id = `${project_id}-m`;
    await storeFake(
      pages.server.services.context,
      pages.folder,
      model_id,
      {
        owner: { kind: 'project', id: project_id },
        detector: 'yolo',
        training_mode: 'yolo',
        objects: { variant: 'okapi-n', classes, metrics: null, started_from: null },
        thresholds: [
          {
            ...{ value: 0.25, iou: 0.45, pixel_value: null, at: '2026-01-02T03:04:05.000Z' },
            ...{ by: 'local', reason: 'as asked for', target_false_alarm_rate: null },
          },
        ],
      } as never,
      { 'metrics.json': JSON.stringify(metrics), 'manifest.json': '{}' },
    );
    const { page, misdeeds } = await pages.open(`/ui/projects/${project_id}/results`);
    await figure(page, 'mAP50').getByText('0.912').waitFor(patience);
    const cells = page.locator('.results-matrix tbody tr').first().locator('td');
    expect(await cells.allTextContents()).toEqual(['17', '1', '2']);
    await page.getByRole('rowheader', { name: hostileTexts[0]! }).first().waitFor();
    await page.getByRole('img', { name: /^Precision against recall/ }).waitFor();
    await page.getByText('Thresholds', { exact: true }).click();
    await page.getByRole('slider', { name: 'Least confidence' }).fill('0.5');
    await page.getByText('precision 0.40, recall 0.95, F1 0.60').waitFor();
    await page.getByRole('button', { name: 'Save the threshold' }).click();
    await expect
      .poll(async () => (await pages.client.getModel({ model_id })).thresholds.at(-1), patience)
      .toMatchObject({ value: 0.5, iou: 0.45 });
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByText('Evaluation', { exact: true }).click();
    await page.getByRole('button', { name: 'Evaluate' }).click(patience);
    await page.getByText('the project has no dataset').waitFor(patience);
    const { objects, objectsDetail } = evaluationExamples;
    const owner = { kind: 'project', id: project_id } as const;
    await storeEvaluation(
      pages.server.services.context,
      { ...objects, model_id, owner },
      objectsDetail as never,
    );
    await page.reload();
    await figure(page, 'mAP50').getByText('0.930').waitFor(patience);
    await page.getByText('Today tests use the confidence 0.50').waitFor();
    const card = page.locator('.results-judged-card');
    expect(await card.locator('.badge').allTextContents()).toEqual(['1 missed', '1 where nothing is']);
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.click();
    await expect.poll(() => page.locator('.results-box').count(), patience).toBe(2);
    expect(await page.locator('.results-box.extra text').textContent()).toBe('scratch 0.61');
    // The picture of the example is in no dataset, and a project without one is refused.
    expect({ ...misdeeds, errors: misdeeds.errors.filter((error) => !error.includes('404')) }).toEqual(none);
  });

  it.each([
    ['light', 'en', 1440],
    ['dark', 'th', 360],
  ] as const)('nothing is wrong by axe-core: %s, %s, %i pixels wide', async (theme, language, width) => {
    const { page } = await open(of('subspace', 'threshold'), { theme, language, width });
    const views = page.locator('.results-head .segment');
    await views.first().waitFor(patience);
    for (const ready of ['.results-histogram', '.results-figures', '.results-choice', '#update-title']) {
      await page.locator(ready).first().waitFor(patience);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const next = views.nth(
        1 + ['.results-histogram', '.results-figures', '.results-choice'].indexOf(ready),
      );
      if (ready !== '#update-title') await next.click();
    }
  });
});
