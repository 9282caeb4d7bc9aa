// The model folder of a trained object detector, written in one go.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { writeModelFolder } from '../../checkpoint/model-folder.ts';
import { safetensorsPieces } from '../../checkpoint/safetensors.ts';
import {
  type DetectionReport,
  evaluateDetections,
  type JudgedDetections,
} from '../../scoring/detection-metrics.ts';
import type { FitResult } from '../../training/fit.ts';
import { versions } from '../../version.ts';
import { detectionGraph } from '../../yolo/detection-graph.ts';
import type { DetectFigures, TrainRequest } from '../detector.ts';
import { goldenOptions, writeGoldenBoxes } from '../golden.ts';
import { modelFiles, pixelsInWords } from '../model-files.ts';
import { detect, detectIn } from './detect.ts';
import { chartsOf } from './result-charts.ts';
import { stateDict, stateDictWith } from './state-dict.ts';
import { figuresOf, type TrainerParts } from './trainer.ts';
import { EVALUATION_CONF, judgedIn } from './validator.ts';

export interface Made {
  readonly request: TrainRequest;
  readonly result: FitResult;
  readonly createdAt: Date;
}

/**
 * Writes the model with its present weights, after they were judged through the very graph that is served. Returns its
 * figures. Throws disk.full or disk.io_error, with an older model as it was.
 */
export async function writeModel(parts: TrainerParts, made: Made): Promise<DetectFigures> {
  const { network, settings, classes } = parts;
  const onnx = toOnnx(detectionGraph(network, settings.imageSize), {
    name: 'okapi',
    metadata: metadataOf(parts, made),
  });
  const { report, golden } = await judge(parts, onnx);
  const files = await modelFiles({
    onnx,
    state: stateDict(network),
    config: configOf(parts, made, report),
    golden: { picture: golden.picture, record: writeGoldenBoxes(golden.detections) },
    texts: [
      ...chartsOf(report, made.result, classes),
      ['metrics.json', `${JSON.stringify(metricsOf(parts, made, report))}\n`],
    ],
  });
  const last = stateDictWith(network, made.result.last);
  files.set('last.safetensors', safetensorsPieces(last, { format: 'pt' }));
  await writeModelFolder(made.request.folder, files);
  return figuresOf(report);
}

/** The figures over the val pictures, in their own pixels, and what the first of them shows the model. */
async function judge({ val, settings, classes, runtime }: TrainerParts, onnx: Uint8Array) {
  const { imageSize: size, iou } = settings;
  const session = await runtime.load(onnx);
  try {
    const judged: JudgedDetections[] = [];
    for (const [index, picture] of val.pictures.entries()) {
      const { pixels, placement } = await val.plain(index);
      const found = await detectIn(session, pixels, size, { conf: EVALUATION_CONF, iou });
      judged.push(judgedIn(picture, placement, found));
    }
    const first = Math.max(
      0,
      val.pictures.findIndex(({ boxes }) => boxes.length > 0),
    );
    const { pixels } = await val.plain(first);
    const picture = { width: size, height: size, data: pixels };
    // As loading looks at it: boxes that reach over the edges are cut there.
    const detections = await detect(session, picture, size, goldenOptions);
    const report = evaluateDetections(judged, classes, { confidence: settings.conf });
    return { report, golden: { picture, detections } };
  } finally {
    await session.close();
  }
}

/** How bytes of a file become `pixels`; also in words, for whoever runs model.onnx without this program. */
function preprocessingOf({ settings: { imageSize } }: TrainerParts) {
  return {
    ...pixelsInWords(imageSize),
    resize:
      'letterbox: the longer side to the size, the shorter side in proportion (rounded, at least 1), by area when shrinking ' +
      '(as cv2.INTER_AREA) and bilinear when growing; centred, an odd pixel to the right or below, border 114',
  };
}

function metadataOf(parts: TrainerParts, { createdAt }: Made): Record<string, string> {
  const { classes, settings } = parts;
  return {
    producer: `okapi-vision ${versions().okapi}`,
    created_at: createdAt.toISOString(),
    task: 'detect',
    variant: parts.network.variant.name,
    classes: JSON.stringify(classes),
    names: JSON.stringify(Object.fromEntries(classes.map((name, i) => [i, name]))),
    preprocessing: JSON.stringify(preprocessingOf(parts)),
    inputs:
      'conf [1] and iou [1], float32 from 0 to 1: the least confidence, and the overlap above which the surer box of a class stays',
    outputs:
      'the first count rows of boxes [300, 4] (x1, y1, x2, y2 in letterboxed pixels), scores [300] and classes [300], the surest first',
    conf: String(settings.conf),
    iou: String(settings.iou),
    licence: licenceOf(parts),
  };
}

function licenceOf({ network, startedFrom }: TrainerParts): string {
  if (startedFrom !== null) return `that of ${startedFrom}, from whose weights the training started`;
  return network.variant.backbone === 'mobilenetv3-coco'
    ? 'the weights that the trunk started from: MIT'
    : 'trained from fresh weights: yours';
}

/** The original's fields first, then what it does not record. */
function configOf(parts: TrainerParts, { request, result, createdAt }: Made, report: DetectionReport) {
  const { network, settings, classes, train, val, runtime, batchSize, learningRate, startedFrom } = parts;
  return {
    model_id: null,
    mode: null,
    scene_id: null,
    project_id: null,
    created_at: createdAt.toISOString(),
    img_size: settings.imageSize,
    epochs_run: result.epochsRun,
    lr: learningRate,
    threshold: settings.conf,
    note: noteOf(parts, report),
    base_model_id: null,
    training_mode: 'yolo',
    model_variant: network.variant.name,
    conf: settings.conf,
    iou: settings.iou,
    batch: batchSize,
    classes,
    ...request.record,
    detector: 'yolo',
    best_epoch: result.bestEpoch,
    started_from: startedFrom,
    metrics: figuresOf(report),
    licence: licenceOf(parts),
    preprocessing: preprocessingOf(parts),
    settings,
    dataset: {
      training: train.pictures.length,
      validation: val === train ? 0 : val.pictures.length,
      refused: train.refused.length + val.refused.length,
      sha256: train.digest,
      validation_sha256: val.digest,
    },
    versions: { ...versions(), node: process.version, device: runtime.device },
  };
}

function noteOf({ train, val }: TrainerParts, { counts }: DetectionReport): string {
  const where = val === train ? 'training pictures, since no val picture has boxes' : 'val pictures';
  return `mAP over ${counts.truths} boxes on ${counts.pictures} ${where}`;
}

/** The figures of the finished model and of each epoch. */
function metricsOf({ settings }: TrainerParts, { result }: Made, report: DetectionReport) {
  return {
    evaluated: { conf: EVALUATION_CONF, iou: settings.iou, img_size: settings.imageSize },
    ...report,
    best_epoch: result.bestEpoch,
    epochs: result.history.map(({ epoch, loss, validationLoss, learningRate, best, metrics }) => ({
      ...{ epoch, loss, ...metrics },
      fitness: 1 - validationLoss,
      lr: learningRate,
      best,
    })),
  };
}
