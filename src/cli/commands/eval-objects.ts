// `okapi eval` of a detector of objects, on pictures whose boxes are known.
import { basename, resolve } from 'node:path';
import type { LabelledPicture } from '../../vision/dataset/labelled.ts';
import type { ObjectDetector } from '../../vision/detectors/detector.ts';
import { type EvaluatedObjects, evaluateObjects } from '../../vision/evaluation/evaluate-objects.ts';
import type { CommandContext } from '../context.ts';
import { countBar } from '../count-bar.ts';
import { detectionLines } from '../detection-lines.ts';
import { shownObjects, writeObjectsReport } from '../detection-page.ts';
import type { EvalOptions } from '../evaluation-output.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { type LabelledPictures, openLabelled } from '../labelled-pictures.ts';
import type { OpenedDetector } from '../open-detector.ts';
import { printable } from '../terminal.ts';

/** Pictures in a report, so that it can be sent by mail. */
const MOST_PICTURES = 200;

export async function evaluateFound(
  folder: string,
  path: string,
  { detector, device }: OpenedDetector<ObjectDetector>,
  options: EvalOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const { model } = detector;
  const { conf = model.conf, iou = model.iou } = options;
  const labelled = await openLabelled(path, {}, terminal);
  try {
    const pictures = picturesToJudge(labelled);
    const results: Awaited<ReturnType<typeof shownObjects>>[] = [];
    const bar = countBar(terminal, 'testing', pictures.length);
    const onPicture = async (evaluated: EvaluatedObjects) => {
      if (options.report !== undefined && results.length < MOST_PICTURES)
        results.push(await shownObjects(basename(evaluated.file), evaluated, model.classes));
      bar.step();
    };
    const { classes } = labelled.dataset;
    const evaluation = await interruptible(terminal, 'stopping after this picture', (signal) =>
      evaluateObjects(detector, { classes, pictures }, { signal, onPicture, conf, iou }),
    ).finally(() => bar.close());
    const { report, untested } = evaluation;
    for (const { file, message, code } of untested)
      terminal.note(
        `${terminal.style('yellow', 'not tested')} ${printable(file)}: ${printable(message)} (${code})`,
      );
    if (options.json) {
      const { variant, imageSize } = model;
      const described = { folder, variant, imageSize, classes: model.classes, conf, iou };
      const worst = evaluation.pictures.map(({ file, counts }) => ({ file, ...counts }));
      const output = {
        okapi: context.version,
        model: described,
        device,
        untested,
        ...report,
        pictures: worst,
      };
      terminal.out(JSON.stringify(output, null, 2));
    } else for (const line of detectionLines(evaluation, terminal)) terminal.out(line);
    if (options.report !== undefined) {
      const title = `${basename(resolve(folder))} on ${basename(resolve(path))}`;
      await writeObjectsReport(options.report, { title, model, device, report, results, untested }, context);
      terminal.note(`report     ${options.report}`);
    }
    return report.counts.pictures > 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    await labelled.close();
  }
}

/** Its val pictures when the dataset has a val of its own; otherwise all, since none is set apart. */
function picturesToJudge({ dataset: { train, val }, health }: LabelledPictures): readonly LabelledPicture[] {
  return health.split.by === 'dataset' && val.length > 0 ? val : [...train, ...val];
}
