// One picture through one detector: decode, predict, draw, encode.
import { readFile, writeFile } from 'node:fs/promises';
import { originalRegions } from '../../vision/detectors/autoencoder/inspect.ts';
import { measureQuality } from '../../vision/hygiene/quality.ts';
import {
  type AnomalyDetector,
  type AnomalyPrediction,
  type Detector,
  decodePicture,
  encodePicture,
  type ObjectDetector,
  OkapiError,
  type Picture,
  type PictureLimits,
  probePicture,
  type Region,
  renderPrediction,
} from '../../vision/index.ts';
import { renderDetections } from '../../vision/render/detections.ts';
import { writeMapFile } from '../../vision/scoring/map-file.ts';
import { ServerError } from '../contract/errors.ts';
import { typeList } from '../datasets/accepted-types.ts';
import type { ChildSettings, Inspected, JudgedBy, PreviewPaths } from './inspect-request.ts';
import { predictAnomaly } from './predict-anomaly.ts';
import { checkFinite } from './predict-objects.ts';

/** A file and how many pixels it says that it has. */
export interface PictureFile {
  readonly bytes: Uint8Array;
  readonly pixels: number;
}

/** Throws the image.* errors of what can be seen without decoding. */
export async function readPictureFile(
  path: string,
  { limits, accepted }: Pick<ChildSettings, 'limits' | 'accepted'>,
): Promise<PictureFile> {
  const bytes = await readFile(path);
  const { type, width, height } = probePicture(bytes, limits);
  if (!accepted.includes(type)) {
    const text = `expected ${typeList(accepted)}, got a ${typeList([type])} file`;
    throw new OkapiError('image.unsupported_type', text);
  }
  return { bytes, pixels: width * height };
}

/** Throws the image.* errors, and image.decode_timeout when it takes too long: the decoder then still works. */
export async function decodeWithin(
  { bytes }: PictureFile,
  limits: PictureLimits,
  timeoutMs: number,
): Promise<Picture> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = `expected to decode the picture within ${timeoutMs / 1000} s`;
      reject(new ServerError('image.decode_timeout', text));
    }, timeoutMs);
  });
  try {
    return await Promise.race([decodePicture(bytes, limits), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws model.corrupt when the model gives the picture no finite score, or does something else than its record says. */
export async function inspectPicture(
  detector: Detector,
  picture: Picture,
  judgedBy: JudgedBy,
  previews: PreviewPaths | null,
): Promise<Inspected> {
  const found = await findIn(detector, picture, judgedBy, previews);
  if (previews === null) return { ...found, quality: null };
  const { brightness, sharpness } = measureQuality(picture);
  return { ...found, quality: { brightness, sharpness } };
}

type Found = Omit<Inspected, 'quality'>;

function findIn(
  detector: Detector,
  picture: Picture,
  judgedBy: JudgedBy,
  previews: PreviewPaths | null,
): Promise<Found> {
  if (detector.task === 'anomaly' && judgedBy.task === 'anomaly')
    return findAnomaly(detector, picture, judgedBy.threshold, previews);
  if (detector.task === 'detect' && judgedBy.task === 'detect')
    return findObjects(detector, picture, judgedBy, previews);
  throw new ServerError('model.corrupt', 'the model does something else than its record says');
}

async function findAnomaly(
  detector: AnomalyDetector,
  picture: Picture,
  threshold: number,
  previews: PreviewPaths | null,
): Promise<Found> {
  const predicted = await predictAnomaly(detector, picture);
  const isAnomaly = predicted.score > threshold;
  const prediction = { ...predicted, isAnomaly, regions: regionsOf(detector, predicted, picture, isAnomaly) };
  if (previews !== null) await drawPreviews(detector, picture, prediction, previews);
  return {
    score: predicted.score,
    isAnomaly,
    pixelThreshold: detector.model.threshold.pixelValue,
    drewReconstruction: previews?.reconstruction != null && prediction.reconstruction !== undefined,
    regions: prediction.regions.map(({ box, area, peak }) => ({ bbox: box, area, peak })),
    objects: [],
  };
}

/** Models of the original mark places only in pictures over the threshold, which may be another than in their files. */
function regionsOf(
  { model }: AnomalyDetector,
  { map, regions }: AnomalyPrediction,
  picture: Picture,
  isAnomaly: boolean,
): readonly Region[] {
  return model.threshold.pixelValue === null ? originalRegions(map, isAnomaly, picture) : regions;
}

/** Encoded anew, so they carry no metadata of the upload. */
async function drawPreviews(
  detector: AnomalyDetector,
  picture: Picture,
  prediction: AnomalyPrediction,
  paths: PreviewPaths,
): Promise<void> {
  const { heatmap, overlay } = renderPrediction(picture, prediction, detector.model);
  await Promise.all([
    write(paths.image, picture),
    ...(paths.heatmap === null ? [] : [write(paths.heatmap, heatmap)]),
    write(paths.overlay, overlay),
    ...(paths.map === null ? [] : [writeFile(paths.map, writeMapFile(prediction.map))]),
    ...(paths.reconstruction === null || prediction.reconstruction === undefined
      ? []
      : [write(paths.reconstruction, prediction.reconstruction)]),
  ]);
}

async function findObjects(
  detector: ObjectDetector,
  picture: Picture,
  { conf, iou }: Extract<JudgedBy, { task: 'detect' }>,
  previews: PreviewPaths | null,
): Promise<Found> {
  const { classes } = detector.model;
  const [prediction] = await detector.predict([picture], { conf, iou });
  const { detections } = prediction!;
  checkFinite(detections);
  if (previews !== null)
    await Promise.all([
      write(previews.image, picture),
      write(previews.overlay, renderDetections(picture, detections, classes)),
    ]);
  return {
    score: detections[0]?.confidence ?? 0,
    isAnomaly: detections.length > 0,
    pixelThreshold: null,
    drewReconstruction: false,
    regions: detections.map(({ confidence, box: [x1, y1, x2, y2] }) => ({
      bbox: [x1, y1, x2 - x1, y2 - y1],
      area: (x2 - x1) * (y2 - y1),
      peak: confidence,
    })),
    objects: detections.map(({ classId, confidence, box }) => ({
      label: classes[classId] ?? `class ${classId}`,
      confidence,
      bbox: box,
    })),
  };
}

async function write(path: string, drawn: Picture): Promise<void> {
  await writeFile(path, await encodePicture(drawn, 'jpeg', { quality: 90 }));
}
