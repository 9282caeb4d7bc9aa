// Writes the HTML report of a test or an evaluation.
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeFileAtomic } from '../vision/checkpoint/atomic-folder.ts';
import type { AnomalyModel } from '../vision/detectors/detector.ts';
import type { UntestedFile } from '../vision/evaluation/inspect-files.ts';
import { renderReport } from '../vision/render/report.ts';
import type { EpochLoss, Evaluation, Report, ReportResult } from '../vision/render/report-content.ts';
import type { CommandContext } from './context.ts';

export interface ReportParts {
  readonly title: string;
  readonly model: AnomalyModel;
  readonly device: string;
  readonly results: readonly ReportResult[];
  readonly untested: readonly Omit<UntestedFile, 'status'>[];
  readonly evaluation?: Evaluation;
  readonly losses?: readonly EpochLoss[];
  /** Settings beside those that the model tells. */
  readonly settings?: Report['settings'];
}

export async function writeReport(
  file: string,
  parts: ReportParts,
  { version, date }: CommandContext,
): Promise<void> {
  const { title, model, device, results, untested, evaluation, losses, settings = [] } = parts;
  const html = renderReport({
    title,
    version,
    createdAt: date().toISOString(),
    threshold: model.threshold,
    results,
    refused: untested.map(({ file: name, message, code }) => ({ name, reason: `${message} (${code})` })),
    settings: [
      ['encoder', model.encoder],
      ['picture size', `${model.imageSize} px`],
      ...(model.tiles
        ? [['tiles', `${model.tiles.size} px, overlapping by ${model.tiles.overlap} px`] as const]
        : []),
      ['device', device],
      ...settings,
    ],
    ...(evaluation && { evaluation }),
    ...(losses && { losses }),
  });
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFileAtomic(file, new TextEncoder().encode(html));
}
