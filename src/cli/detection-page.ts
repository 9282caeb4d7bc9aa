// Writes the HTML report of a test or an evaluation of a detector of objects.
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeFileAtomic } from '../vision/checkpoint/atomic-folder.ts';
import type { LabelledBox } from '../vision/dataset/labelled.ts';
import type { DetectModel } from '../vision/detectors/detector.ts';
import type { UntestedFile } from '../vision/evaluation/inspect-files.ts';
import { encodePicture } from '../vision/image/encode.ts';
import type { Picture } from '../vision/image/picture.ts';
import { resize } from '../vision/image/resize.ts';
import { type DetectionResult, renderDetectionPage } from '../vision/render/detection-report.ts';
import { renderDetections } from '../vision/render/detections.ts';
import type { Detection } from '../vision/scoring/detection.ts';
import type { DetectionReport } from '../vision/scoring/detection-metrics.ts';
import type { CommandContext } from './context.ts';

/** Pictures in a report are for a look, not for measuring. */
const MAX_SIDE = 640;

/** '2 scratch 0.93, 1 dent 0.50': how many of each class, and the surest one; or 'nothing'. */
export function objectWords(detections: readonly Detection[], classes: readonly string[]): string {
  return byClass(detections, classes, (of) => ` ${Math.max(...of.map((d) => d.confidence)).toFixed(2)}`);
}

function byClass<B extends LabelledBox>(
  boxes: readonly B[],
  classes: readonly string[],
  note: (of: readonly B[]) => string,
): string {
  const words = classes.flatMap((name, classId) => {
    const of = boxes.filter((box) => box.classId === classId);
    return of.length === 0 ? [] : [`${of.length} ${name}${note(of)}`];
  });
  return words.length > 0 ? words.join(', ') : 'nothing';
}

export async function shownObjects(
  name: string,
  {
    picture,
    detections,
    truths,
  }: {
    readonly picture: Picture;
    readonly detections: readonly Detection[];
    readonly truths: readonly LabelledBox[] | null;
  },
  classes: readonly string[],
): Promise<DetectionResult> {
  const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  const small = scale === 1 ? picture : resize(picture, width!, height!, 'area');
  const scaled = detections.map((one): Detection => {
    const [x1, y1, x2, y2] = one.box;
    return { ...one, box: [x1 * scale, y1 * scale, x2 * scale, y2 * scale] };
  });
  const bytes = await encodePicture(renderDetections(small, scaled, classes), 'jpeg', { quality: 82 });
  return {
    name,
    found: objectWords(detections, classes),
    truth: truths && byClass(truths, classes, () => ''),
    overlay: { bytes, mime: 'image/jpeg', width: width!, height: height! },
  };
}

export interface ObjectsReportParts {
  readonly title: string;
  readonly model: DetectModel;
  readonly device: string;
  readonly report: DetectionReport | null;
  readonly results: readonly DetectionResult[];
  readonly untested: readonly UntestedFile[];
}

export async function writeObjectsReport(
  file: string,
  { title, model, device, report, results, untested }: ObjectsReportParts,
  { version, date }: CommandContext,
): Promise<void> {
  const page = renderDetectionPage({
    ...{ title, version, report, results },
    createdAt: date().toISOString(),
    classes: model.classes,
    refused: untested.map(({ file: name, message, code }) => ({ name, reason: `${message} (${code})` })),
    settings: [
      ['variant', model.variant],
      ['picture size', `${model.imageSize} px`],
      ['confidence', String(model.conf)],
      ['overlap of two boxes of one object', String(model.iou)],
      ['device', device],
    ],
  });
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFileAtomic(file, new TextEncoder().encode(page));
}
