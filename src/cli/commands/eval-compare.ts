// `okapi eval` with two or more models: each is measured on the same pictures, then they are put side by side.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import type { AnomalyModel } from '../../vision/detectors/detector.ts';
import { type Comparison, compareModels } from '../../vision/evaluation/compare-models.ts';
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { evaluateDetector } from '../../vision/evaluation/evaluate-detector.ts';
import { renderComparison } from '../../vision/render/comparison-report.ts';
import { comparisonLines } from '../comparison-lines.ts';
import type { CommandContext } from '../context.ts';
import { countBar } from '../count-bar.ts';
import {
  type EvalOptions,
  evaluationJson,
  modelJson,
  noteUntested,
  type TestSet,
} from '../evaluation-output.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { withAnomalyDetector } from '../open-detector.ts';
import type { Terminal } from '../terminal.ts';

/** A model that was measured. */
export interface MeasuredModel {
  readonly name: string;
  readonly folder: string;
  readonly device: string;
  readonly model: AnomalyModel;
  readonly evaluation: DetectorEvaluation;
}

export async function compareFolders(
  folders: readonly string[],
  set: TestSet,
  options: EvalOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const measured: MeasuredModel[] = [];
  for (const [i, name] of namesOf(folders).entries())
    measured.push(await measure(folders[i]!, name, set, options.device, terminal));
  noteUntested(measured[0]!.evaluation, terminal);
  const comparison = compareModels(measured.map(({ name, evaluation }) => ({ name, ...evaluation })));
  if (options.json) terminal.out(JSON.stringify(jsonOf(measured, comparison, context.version), null, 2));
  else for (const line of comparisonLines(measured, comparison, terminal)) terminal.out(line);
  if (options.report !== undefined) {
    await writeComparison(options.report, set, measured, comparison, context);
    terminal.note(`report     ${options.report}`);
  }
  return comparison.pictures.length > 0 ? exitCodes.ok : exitCodes.failed;
}

/** The last part of each path; the whole path of those that share it. */
function namesOf(folders: readonly string[]): string[] {
  const short = folders.map((folder) => basename(resolve(folder)));
  return short.map((name, i) => (short.indexOf(name) === short.lastIndexOf(name) ? name : folders[i]!));
}

async function measure(
  folder: string,
  name: string,
  { pictures }: TestSet,
  device: string,
  terminal: Terminal,
): Promise<MeasuredModel> {
  return withAnomalyDetector(folder, device, terminal, async (opened) => {
    const bar = countBar(terminal, `testing with ${name}`, pictures.length);
    try {
      const evaluation = await interruptible(terminal, 'stopping after this picture', (signal) =>
        evaluateDetector(opened.detector, pictures, { signal, onPicture: () => bar.step() }),
      );
      return { name, folder, device: opened.device, model: opened.detector.model, evaluation };
    } finally {
      bar.close();
    }
  });
}

function jsonOf(measured: readonly MeasuredModel[], comparison: Comparison, version: string) {
  const models = measured.map(({ name, folder, device, model, evaluation }) => ({
    name,
    device,
    model: modelJson(folder, model),
    ...evaluationJson(evaluation),
  }));
  return { okapi: version, models, comparison };
}

async function writeComparison(
  file: string,
  { dir }: TestSet,
  measured: readonly MeasuredModel[],
  { againstFirst, pictures }: Comparison,
  { version, date }: CommandContext,
): Promise<void> {
  const html = renderComparison({
    title: `${measured.map(({ name }) => name).join(', ')} on ${basename(resolve(dir))}`,
    createdAt: date().toISOString(),
    version,
    models: measured.map(({ name, evaluation }) => ({ name, ...evaluation })),
    againstFirst,
    pictures: pictures.map(({ file: path, defect, differs, verdicts }) => ({
      name: relative(dir, path),
      truth: defect ?? 'good',
      differs,
      verdicts,
    })),
  });
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFileAtomic(file, new TextEncoder().encode(html));
}
