// `okapi test`: a verdict for each picture, with pictures, JSON or a report on request.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import type { AnomalyDetector, AnomalyModel, AnomalyPrediction } from '../../vision/detectors/detector.ts';
import { renderPrediction } from '../../vision/detectors/render-prediction.ts';
import { type InspectedFile, inspectFiles, type TestedFile } from '../../vision/evaluation/inspect-files.ts';
import { ReportResults, reportResult } from '../../vision/evaluation/report-pictures.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { isUncertain, type UncertainBand } from '../../vision/scoring/threshold.ts';
import type { TilePlan } from '../../vision/scoring/tile-plan.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { type OpenedDetector, withDetector } from '../open-detector.ts';
import { type PictureArgument, pictureArguments, previewNames } from '../picture-arguments.ts';
import { writeReport } from '../report-file.ts';
import { printable, type Terminal } from '../terminal.ts';
import { refuseThresholds, type TestOptions } from '../test-options.ts';
import { count, figure } from '../wording.ts';
import { testForObjects } from './test-objects.ts';

/** One picture in the output of `--json`. */
export type TestItem =
  | {
      readonly file: string;
      readonly verdict: 'OK' | 'NG';
      readonly score: number;
      readonly threshold: number;
      /** Whether it lies so near to the threshold that a person should look. */
      readonly uncertain: boolean;
      /** In pixels of the picture: box [x, y, width, height], polygon [[x, y], ...]. */
      readonly regions: AnomalyPrediction['regions'];
      /** Files that --out wrote. */
      readonly overlay?: string;
      readonly heatmap?: string;
    }
  | { readonly file: string; readonly verdict: null; readonly error: { code: string; message: string } };

/** The output of `--json`: one object. */
export interface TestOutput {
  readonly okapi: string;
  readonly model: {
    readonly folder: string;
    readonly encoder: string;
    readonly imageSize: number;
    /** How pictures are cut; null: not at all. */
    readonly tiles: TilePlan | null;
    readonly threshold: number;
    /** Scores above low and not above high are uncertain; null for imported models. */
    readonly uncertain: UncertainBand | null;
    /** Above it a pixel belongs to a region; null for imported models. */
    readonly pixelThreshold: number | null;
    readonly trust: string;
  };
  readonly device: string;
  readonly ok: number;
  readonly ng: number;
  readonly untested: number;
  /** Of those that were tested. */
  readonly uncertain: number;
  readonly items: readonly TestItem[];
}

export async function test(
  folder: string,
  paths: readonly string[],
  options: TestOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const pictures = await pictureArguments(paths);
  return withDetector(folder, options.device, terminal, async (opened) => {
    const { detector } = opened;
    return detector.task === 'anomaly'
      ? testForAnomalies(folder, pictures, { ...opened, detector }, options, context)
      : testForObjects(folder, pictures, { ...opened, detector }, options, context);
  });
}

async function testForAnomalies(
  folder: string,
  pictures: readonly PictureArgument[],
  opened: OpenedDetector<AnomalyDetector>,
  options: TestOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  refuseThresholds(options);
  const tested = await interruptible(terminal, 'stopping after this picture', (signal) =>
    testPictures(pictures, opened, { options, terminal, signal }),
  );
  const output = outputOf(folder, opened, tested.items, context.version);
  if (options.json) terminal.out(JSON.stringify(output, null, 2));
  terminal.note(summary(output));
  if (options.report !== undefined) {
    const title = `${basename(resolve(folder))}: ${count(pictures.length, 'picture')} tested`;
    const { device, detector } = opened;
    await writeReport(options.report, { title, model: detector.model, device, ...tested }, context);
    terminal.note(`report     ${options.report}`);
  }
  return exitCodeOf(output);
}

interface Tested {
  readonly items: readonly TestItem[];
  readonly results: ReturnType<ReportResults['all']>;
  readonly untested: readonly (InspectedFile & { status: 'untested' })[];
}

async function testPictures(
  pictures: readonly PictureArgument[],
  { detector }: OpenedDetector<AnomalyDetector>,
  { options, terminal, signal }: { options: TestOptions; terminal: Terminal; signal: AbortSignal },
): Promise<Tested> {
  const items: TestItem[] = [];
  const results = new ReportResults();
  const untested: (InspectedFile & { status: 'untested' })[] = [];
  const previews = previewNames(pictures);
  const names = new Map(pictures.map(({ file, name }) => [file, name]));
  for await (const result of inspectFiles(detector, [...names.keys()], { signal })) {
    if (result.status === 'untested') {
      const { file, code, message } = result;
      untested.push(result);
      items.push({ file, verdict: null, error: { code, message } });
      terminal.note(
        `${terminal.style('yellow', 'not tested')} ${printable(file)}: ${printable(message)} (${code})`,
      );
      continue;
    }
    const written =
      options.out === undefined
        ? {}
        : await writePreviews(join(options.out, previews.get(result.file)!), result, detector.model);
    const band = detector.model.threshold.uncertain;
    const near = band !== undefined && isUncertain(result.prediction.score, band);
    items.push(itemOf(result, near, written));
    if (!options.json) terminal.out(verdictLine(result, near, terminal));
    if (options.report !== undefined)
      results.add(await reportResult(names.get(result.file)!, result, detector.model));
  }
  return { items, results: results.all(), untested };
}

function itemOf(
  { file, prediction }: TestedFile,
  uncertain: boolean,
  written: { overlay?: string; heatmap?: string },
): TestItem {
  const { score, threshold, isAnomaly, regions } = prediction;
  return { file, verdict: isAnomaly ? 'NG' : 'OK', score, threshold, uncertain, regions, ...written };
}

function verdictLine({ file, prediction }: TestedFile, near: boolean, terminal: Terminal): string {
  const { score, threshold, isAnomaly, regions } = prediction;
  const verdict = isAnomaly ? terminal.style('red', 'NG') : terminal.style('green', 'OK');
  const times = threshold > 0 ? `  ${(score / threshold).toFixed(2).padStart(5)} x threshold` : '';
  const where = isAnomaly && regions.length > 0 ? `  ${count(regions.length, 'region')}` : '';
  return `${verdict}  ${figure(score)}${times}  ${printable(file)}${where}${near ? terminal.style('yellow', '  uncertain') : ''}`;
}

async function writePreviews(
  stem: string,
  { picture, prediction }: TestedFile,
  model: AnomalyModel,
): Promise<{ overlay: string; heatmap: string }> {
  const pictures = renderPrediction(picture, prediction, model);
  const files = { overlay: `${stem}.overlay.png`, heatmap: `${stem}.heatmap.png` };
  await mkdir(dirname(stem), { recursive: true });
  for (const which of ['overlay', 'heatmap'] as const)
    await writeFileAtomic(files[which], await encodePicture(pictures[which], 'png'));
  return files;
}

function outputOf(
  folder: string,
  { detector, device }: OpenedDetector<AnomalyDetector>,
  items: readonly TestItem[],
  version: string,
): TestOutput {
  const { encoder, imageSize, tiles, threshold } = detector.model;
  const having = (verdict: TestItem['verdict']) => items.filter((item) => item.verdict === verdict).length;
  return {
    okapi: version,
    model: {
      folder,
      encoder,
      imageSize,
      tiles: tiles ?? null,
      threshold: threshold.value,
      uncertain: threshold.uncertain ?? null,
      pixelThreshold: threshold.pixelValue,
      trust: threshold.trust,
    },
    device,
    ok: having('OK'),
    ng: having('NG'),
    untested: having(null),
    uncertain: items.filter((item) => item.verdict !== null && item.uncertain).length,
    items,
  };
}

function summary({ ok, ng, untested, uncertain, model }: TestOutput): string {
  const near = uncertain > 0 ? `, ${uncertain} of them uncertain` : '';
  const left = untested > 0 ? `, ${untested} not tested` : '';
  return `${count(ok + ng, 'picture')}: ${ok} OK, ${ng} NG${near}${left} (threshold ${figure(model.threshold)})`;
}

function exitCodeOf({ ng, untested }: TestOutput): number {
  if (ng > 0) return exitCodes.ng;
  return untested > 0 ? exitCodes.failed : exitCodes.ok;
}
