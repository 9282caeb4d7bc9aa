// `okapi test` with a detector of objects: what is in each picture, with overlays, JSON or a report on request.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import type { Box } from '../../vision/dataset/labelled.ts';
import type { DetectPrediction, ObjectDetector } from '../../vision/detectors/detector.ts';
import { inspectFiles, type TestedFile, type UntestedFile } from '../../vision/evaluation/inspect-files.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import type { Picture } from '../../vision/image/picture.ts';
import { renderDetections } from '../../vision/render/detections.ts';
import type { CommandContext } from '../context.ts';
import { objectWords, shownObjects, writeObjectsReport } from '../detection-page.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import type { OpenedDetector } from '../open-detector.ts';
import { type PictureArgument, previewNames } from '../picture-arguments.ts';
import { printable } from '../terminal.ts';
import type { TestOptions } from '../test-options.ts';
import { count } from '../wording.ts';

/** One picture in the output of `--json`. */
type ObjectsItem =
  | {
      readonly file: string;
      readonly detections: readonly {
        readonly label: string;
        readonly confidence: number;
        /** [x1, y1, x2, y2] in pixels of the picture. */
        readonly box: Box;
      }[];
      /** A file that --out wrote. */
      readonly overlay?: string;
    }
  | { readonly file: string; readonly error: { readonly code: string; readonly message: string } };

type Tested = TestedFile<DetectPrediction>;

export async function testForObjects(
  folder: string,
  pictures: readonly PictureArgument[],
  { detector, device }: OpenedDetector<ObjectDetector>,
  options: TestOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const { model } = detector;
  const { conf = model.conf, iou = model.iou } = options;
  const names = new Map(pictures.map(({ file, name }) => [file, name]));
  const previews = previewNames(pictures);
  const items: ObjectsItem[] = [];
  const untested: UntestedFile[] = [];
  const results: Awaited<ReturnType<typeof shownObjects>>[] = [];
  const asked = { predict: (list: readonly Picture[]) => detector.predict(list, { conf, iou }) };
  await interruptible(terminal, 'stopping after this picture', async (signal) => {
    for await (const result of inspectFiles(asked, [...names.keys()], { signal })) {
      if (result.status === 'untested') {
        const { file, code, message } = result;
        untested.push(result);
        items.push({ file, error: { code, message } });
        terminal.note(
          `${terminal.style('yellow', 'not tested')} ${printable(file)}: ${printable(message)} (${code})`,
        );
        continue;
      }
      const overlay =
        options.out === undefined
          ? {}
          : {
              overlay: await writeOverlay(
                join(options.out, previews.get(result.file)!),
                result,
                model.classes,
              ),
            };
      items.push({ ...itemOf(result, model.classes), ...overlay });
      const { picture, prediction } = result;
      const { detections } = prediction;
      if (!options.json)
        terminal.out(`${printable(result.file)}  ${printable(objectWords(detections, model.classes))}`);
      if (options.report !== undefined)
        results.push(
          await shownObjects(names.get(result.file)!, { picture, detections, truths: null }, model.classes),
        );
    }
  });
  const tested = items.length - untested.length;
  if (options.json) {
    const { variant, imageSize, classes } = model;
    const described = { folder, variant, imageSize, classes, conf, iou };
    const output = {
      okapi: context.version,
      model: described,
      device,
      tested,
      untested: untested.length,
      items,
    };
    terminal.out(JSON.stringify(output, null, 2));
  }
  const left = untested.length > 0 ? `, ${untested.length} not tested` : '';
  terminal.note(`${count(tested, 'picture')} tested${left} (confidence above ${conf})`);
  if (options.report !== undefined) {
    const title = `${basename(resolve(folder))}: ${count(pictures.length, 'picture')} tested`;
    await writeObjectsReport(
      options.report,
      { title, model, device, report: null, results, untested },
      context,
    );
    terminal.note(`report     ${options.report}`);
  }
  return untested.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function itemOf({ file, prediction }: Tested, classes: readonly string[]) {
  const detections = prediction.detections.map(({ classId, confidence, box }) => ({
    label: classes[classId]!,
    confidence,
    box,
  }));
  return { file, detections };
}

async function writeOverlay(
  stem: string,
  { picture, prediction }: Tested,
  classes: readonly string[],
): Promise<string> {
  const file = `${stem}.overlay.png`;
  await mkdir(dirname(stem), { recursive: true });
  await writeFileAtomic(
    file,
    await encodePicture(renderDetections(picture, prediction.detections, classes), 'png'),
  );
  return file;
}
