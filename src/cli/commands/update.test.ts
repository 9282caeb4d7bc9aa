import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tinyRequest, writeParts } from '../../vision/detectors/testing/tiny-training.ts';
import { trainDetector } from '../../vision/detectors/train-detector.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { commandContext } from '../testing/command-context.ts';
import { update } from './update.ts';

let dir: string;
let model: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  const parts = await writeParts(join(dir, 'parts'), 6);
  const settings = { validationRatio: 0.4 };
  ({ folder: model } = await trainDetector(tinyRequest(dir, 'model', parts, settings)));
  await writeParts(join(dir, 'more'), 7);
}, 120_000);
afterAll(() => rm(dir, { recursive: true }));

const config = async (folder: string) => parse(await readFile(join(folder, 'config.yaml'), 'utf8'));

it('writes a new model beside the old one, and says what an autoencoder cannot', async () => {
  const terminal = capturedTerminal();
  const text = () => [...terminal.outLines, ...terminal.notes].join('\n');
  const before = await config(model);
  const options = { good: [join(dir, 'more')], device: 'cpu', threads: 1 };
  expect(await update(model, options, commandContext(terminal))).toBe(0);
  expect(text()).toContain('in its threshold alone');
  expect(text()).toMatch(/06\.png: score .* before, .* now/);
  expect(await config(model)).toEqual(before);
  const after = await config(`${model}-updated`);
  expect(after).toMatchObject({ detector: 'autoencoder', epochs_run: before.epochs_run });
  const scores = async (folder: string) =>
    JSON.parse(await readFile(join(folder, 'threshold.json'), 'utf8')).calibration_scores.length;
  expect(await scores(`${model}-updated`)).toBe((await scores(model)) + 7);
}, 120_000);

it('does not write over the model, nor from what is none', async () => {
  const context = commandContext(capturedTerminal());
  const good = [join(dir, 'more')];
  await expect(update(model, { good, out: model }, context)).rejects.toMatchObject({
    code: 'option.invalid',
  });
  await expect(update(dir, { good }, context)).rejects.toMatchObject({ code: 'checkpoint.not_found' });
});
