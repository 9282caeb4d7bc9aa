// `okapi eval`: how good models are on pictures whose truth is known from the folders they lie in.
import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { listDataset, type TestPicture } from '../../vision/dataset/folder.ts';
import type { AnomalyDetector } from '../../vision/detectors/detector.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { evaluateDetector } from '../../vision/evaluation/evaluate-detector.ts';
import { ReportResults, reportResult } from '../../vision/evaluation/report-pictures.ts';
import type { ReportResult } from '../../vision/render/report-content.ts';
import { readCalibration } from '../../vision/scoring/threshold-file.ts';
import type { CommandContext } from '../context.ts';
import { countBar } from '../count-bar.ts';
import { evaluationLines } from '../evaluation-lines.ts';
import { type EvalOptions, evaluationJson, modelJson, noteUntested } from '../evaluation-output.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { type OpenedDetector, withDetector } from '../open-detector.ts';
import { writeReport } from '../report-file.ts';
import type { Terminal } from '../terminal.ts';
import { refuseThresholds } from '../test-options.ts';
import { compareFolders } from './eval-compare.ts';
import { evaluateFound } from './eval-objects.ts';

/** `paths`: one model folder or more, then the folder of the pictures. */
export async function evaluate(
  paths: readonly string[],
  options: EvalOptions,
  context: CommandContext,
): Promise<number> {
  const [folders, dir] = [paths.slice(0, -1), paths.at(-1)!];
  if (folders.length === 0)
    throw new OkapiError(
      'option.invalid',
      `expected a model folder and a folder of pictures, got ${dir} alone`,
    );
  if (folders.length > 1) {
    refuseThresholds(options);
    return compareFolders(folders, { dir, pictures: await testPictures(dir) }, options, context);
  }
  const [folder] = folders as [string];
  return withDetector(folder, options.device, context.terminal, async (opened) => {
    const { detector } = opened;
    return detector.task === 'anomaly'
      ? evaluateOne(folder, dir, { ...opened, detector }, options, context)
      : evaluateFound(folder, dir, { ...opened, detector }, options, context);
  });
}

async function evaluateOne(
  folder: string,
  dir: string,
  opened: OpenedDetector<AnomalyDetector>,
  options: EvalOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  refuseThresholds(options);
  const pictures = await testPictures(dir);
  const leftOut = await leftOutScores(folder);
  const { evaluation, results } = await evaluateShown(opened, pictures, dir, terminal, leftOut);
  noteUntested(evaluation, terminal);
  const { device, detector } = opened;
  const { model } = detector;
  if (options.json) {
    const record = { okapi: context.version, device, model: modelJson(folder, model) };
    terminal.out(JSON.stringify({ ...record, ...evaluationJson(evaluation) }, null, 2));
  } else for (const line of evaluationLines(evaluation, model.threshold.value, terminal)) terminal.out(line);
  if (options.report !== undefined) {
    const title = `${basename(resolve(folder))} on ${basename(resolve(dir))}`;
    const { untested } = evaluation;
    await writeReport(options.report, { title, model, device, results, untested, evaluation }, context);
    terminal.note(`report     ${options.report}`);
  }
  return evaluation.pictures.length > 0 ? exitCodes.ok : exitCodes.failed;
}

/** Evaluates with a bar, and collects what a report shows. */
export async function evaluateShown(
  { detector }: OpenedDetector<AnomalyDetector>,
  pictures: readonly TestPicture[],
  dir: string,
  terminal: Terminal,
  leftOut: readonly number[] = [],
): Promise<{ evaluation: DetectorEvaluation; results: readonly ReportResult[] }> {
  const results = new ReportResults();
  const bar = countBar(terminal, 'testing', pictures.length);
  const onPicture: NonNullable<Parameters<typeof evaluateDetector>[2]>['onPicture'] = async (
    tested,
    { defect },
  ) => {
    const truth = { anomalous: defect !== null, kind: defect ?? 'good' };
    results.add(await reportResult(relative(dir, tested.file), tested, detector.model, truth));
    bar.step();
  };
  try {
    const evaluation = await interruptible(terminal, 'stopping after this picture', (signal) =>
      evaluateDetector(detector, pictures, { signal, leftOut, onPicture }),
    );
    return { evaluation, results: results.all() };
  } finally {
    bar.close();
  }
}

/** Those that the threshold rests on; none of a model that keeps none. */
async function leftOutScores(folder: string): Promise<readonly number[]> {
  const text = await readFile(join(folder, 'threshold.json'), 'utf8').catch(() => null);
  return text === null ? [] : (readCalibration(text)?.scores ?? []);
}

async function testPictures(dir: string): Promise<readonly TestPicture[]> {
  const { test } = await listDataset(dir);
  if (test.length > 0) return test;
  throw new OkapiError(
    'dataset.layout',
    `expected pictures in ${dir}/test/good and ${dir}/test/DEFECT (one folder for each kind of defect), found none`,
  );
}
