// `okapi demo`: made-up parts, a model trained on the good ones, a test of all, and one report to look at.
import { resolve } from 'node:path';
import { listDataset } from '../../vision/dataset/folder.ts';
import { type SampleKind, writeSampleParts } from '../../vision/dataset/sample-parts.ts';
import type { TrainedModel } from '../../vision/detectors/detector.ts';
import type { EpochLoss } from '../../vision/render/report-content.ts';
import type { CommandContext } from '../context.ts';
import { type DemoFolder, demoFolder } from '../demo-folder.ts';
import { quoted } from '../environment.ts';
import { evaluationLines } from '../evaluation-lines.ts';
import { exitCodes } from '../exit-codes.ts';
import { withAnomalyDetector } from '../open-detector.ts';
import { writeReport } from '../report-file.ts';
import { count, duration } from '../wording.ts';
import { evaluateShown } from './eval.ts';
import { runTraining } from './train.ts';

export interface DemoOptions {
  readonly kind: SampleKind;
  readonly dir: string;
  /** Given: the autoencoder for so many epochs, in place of `auto`. */
  readonly epochs?: number | undefined;
}

/** How large the demo is. */
export interface DemoScale {
  /** Side of the pictures that are drawn, and of those that the model sees. */
  readonly partSize: number;
  readonly imageSize: number;
  /** Good parts to learn from and to test with, and defective ones of each kind of defect. */
  readonly good: number;
  readonly testGood: number;
  readonly perDefect: number;
}

/** Enough to separate well, few enough to be done within two minutes on two cores. */
const fullScale: DemoScale = { partSize: 256, imageSize: 192, good: 40, testGood: 12, perDefect: 4 };
const SEED = 42;

export async function demo(
  options: DemoOptions,
  context: CommandContext,
  scale = fullScale,
): Promise<number> {
  const { terminal, environment, now } = context;
  const startedMs = now();
  const stage = (n: number, text: string) => terminal.note(terminal.style('bold', `${n}/4  ${text}`));
  const folder = await demoFolder(options.dir);

  stage(1, `drawing sample parts: ${options.kind}`);
  const written = await writeSampleParts(folder.parts, {
    kind: options.kind,
    seed: SEED,
    size: scale.partSize,
    ...scale,
  });
  terminal.note(`${count(written, 'picture')} in ${folder.parts}`);

  stage(2, 'learning what good parts look like');
  const { model, losses } = await trainDemo(folder, { ...options, ...scale }, context);

  stage(3, 'testing good and defective parts');
  await withAnomalyDetector(folder.model, 'cpu', terminal, async (opened) => {
    const { test } = await listDataset(folder.parts);
    const { evaluation, results } = await evaluateShown(opened, test, folder.parts, terminal);
    for (const line of evaluationLines(evaluation, opened.detector.model.threshold.value, terminal))
      terminal.out(line);

    stage(4, 'writing the report');
    const report = {
      title: `Okapi demo: ${options.kind}`,
      model: opened.detector.model,
      device: opened.device,
      untested: evaluation.untested,
      settings: settingsOf(options, model),
      ...{ results, evaluation, losses },
    };
    await writeReport(folder.report, report, context);
  });

  const okapi = environment.command;
  terminal.note(`done in ${duration((now() - startedMs) / 1000)}`);
  terminal.out(`${terminal.style('bold', 'report')}  ${resolve(folder.report)}`);
  terminal.note('Open it in a browser. Then try your own pictures of good parts, at least 20 of them:');
  terminal.note(`  ${okapi} train FOLDER -o my-model`);
  terminal.note(`  ${okapi} test my-model PICTURES... --report report.html`);
  terminal.note(`or the demo's: ${okapi} test ${quoted(folder.model)} ${quoted(folder.parts)}/test`);
  return exitCodes.ok;
}

async function trainDemo(
  folder: DemoFolder,
  { epochs, imageSize }: DemoOptions & DemoScale,
  context: CommandContext,
): Promise<{ model: TrainedModel; losses: EpochLoss[] }> {
  const losses: EpochLoss[] = [];
  const { train: pictures } = await listDataset(folder.parts);
  const request = {
    kind: epochs === undefined ? 'auto' : 'autoencoder',
    pictures,
    folder: folder.model,
    stateFolder: folder.training,
    resume: false,
    device: 'cpu',
    settings: {
      ...{ encoder: 'mobilenetv3-coco', imageSize, seed: SEED },
      ...(epochs !== undefined && { epochs }),
    },
  };
  const model = await runTraining(request, context, (event) => {
    if (event.type === 'epoch' && event.phase === 'main')
      losses.push({ epoch: event.epoch, train: event.loss, validation: event.validationLoss });
  });
  return { model, losses };
}

function settingsOf(
  { kind, epochs }: DemoOptions,
  { epochsRun, pictures }: TrainedModel,
): [string, string][] {
  return [
    ['parts', `${kind}, drawn by okapi`],
    ['learnt from', count(pictures.used, 'good picture')],
    epochs === undefined ? ['method', 'auto'] : ['epochs', String(epochsRun)],
    ['seed', String(SEED)],
  ];
}
