// Opens the bundle of a model anywhere: the same predict path as the server's over the caller's ONNX Runtime.
import { autoencoderDetector } from '../vision/detectors/autoencoder/inspect.ts';
import type {
  AnomalyModel,
  AnomalyPrediction,
  DetectModel,
  DetectOptions,
} from '../vision/detectors/detector.ts';
import type { DetectorKindName } from '../vision/detectors/kinds.ts';
import { patchDetector } from '../vision/detectors/patches/inspect.ts';
import { tiledDetector } from '../vision/detectors/tiles/tiled-detector.ts';
import { objectDetector } from '../vision/detectors/yolo/detect.ts';
import { OkapiError } from '../vision/errors.ts';
import { renderDetections } from '../vision/render/detections.ts';
import { renderHeatmap, renderOverlay } from '../vision/render/heatmap.ts';
import type { Detection } from '../vision/scoring/detection.ts';
import { readThreshold } from '../vision/scoring/threshold-file.ts';
import { type AnomalyFacts, type BundleFiles, type ObjectFacts, readBundle } from './bundle-files.ts';
import { type Ort, openSession } from './engine.ts';
import { type DrawnImage, imageOf, pictureOf, type RgbaImage } from './rgba.ts';

export interface OpenBundleOptions {
  /** In place of the global one, for the address of a bundle. */
  readonly fetch?: typeof fetch;
  /** Such as `{ Authorization: 'Bearer KEY' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Options of InferenceSession.create, such as `{ executionProviders: ['wasm'] }`. */
  readonly session?: Readonly<Record<string, unknown>>;
}

interface Opened {
  readonly modelId: string;
  /** A picture of the training and what the model made of it: score it first, to see that all is well. */
  readonly golden: { readonly png: Uint8Array; readonly record: Readonly<Record<string, unknown>> };
  close(): Promise<void>;
}

export interface AnomalyRunner extends Opened {
  readonly task: 'anomaly';
  readonly model: AnomalyModel;
  /**
   * Score, threshold, verdict, map and regions in pixels of the image. The map is [imageSize, imageSize], or of a model that
   * looks at tiles in the proportions of the image. Throws image.too_small or image.too_many_pixels when it cannot be cut so.
   */
  score(image: RgbaImage): Promise<AnomalyPrediction>;
  /** The map in the server's colours and on its absolute scale, in any size. */
  heatmap(prediction: AnomalyPrediction, width?: number, height?: number): DrawnImage;
  /** The image with the map laid over it and its regions outlined; `prediction` is that of this image. */
  overlay(image: RgbaImage, prediction: AnomalyPrediction): DrawnImage;
}

export interface ObjectRunner extends Opened {
  readonly task: 'detect';
  readonly model: DetectModel;
  /** The objects, the surest first, boxes in pixels of the image. Throws option.invalid for thresholds outside 0..1. */
  detect(image: RgbaImage, options?: DetectOptions): Promise<readonly Detection[]>;
  /** The image with each detection framed and named. */
  overlay(image: RgbaImage, detections: readonly Detection[]): DrawnImage;
}

export type Runner = AnomalyRunner | ObjectRunner;

/**
 * Opens what GET /models/{id}/download?format=bundle answers: its bytes, or its address. `ort` is the module
 * onnxruntime-web or onnxruntime-node. Throws OkapiError: checkpoint.not_found when the address answers no bundle, zip.*,
 * checkpoint.malformed and checkpoint.corrupt for one that is not whole.
 */
export async function openBundle(
  source: string | URL | ArrayBuffer | Uint8Array,
  ort: Ort,
  options: OpenBundleOptions = {},
): Promise<Runner> {
  const bundle = await readBundle(await bytesOf(source, options));
  const { model } = bundle;
  return model.task === 'anomaly'
    ? openAnomaly(bundle, model, ort, options)
    : openObjects(bundle, model, ort, options);
}

type AnomalyKind = Exclude<DetectorKindName, 'yolo'>;

/** How each kind gets from pictures to predictions. */
const detectorMakers: Readonly<Record<AnomalyKind, typeof patchDetector>> = {
  auto: patchDetector,
  'memory-bank': patchDetector,
  subspace: patchDetector,
  autoencoder: autoencoderDetector,
};

async function openAnomaly(
  bundle: BundleFiles,
  { modelId, detector: kind, encoder, imageSize, cut }: AnomalyFacts,
  ort: Ort,
  { session: sessionOptions }: OpenBundleOptions,
): Promise<AnomalyRunner> {
  if (!Object.hasOwn(detectorMakers, kind))
    throw new OkapiError(
      'checkpoint.malformed',
      `the bundle cannot be used: it holds a detector of the kind ${kind}, which this version of the runner does not know`,
    );
  const threshold = readThreshold(await bundle.text('threshold.json'));
  const { pixelValue } = threshold;
  if (pixelValue === null)
    throw new OkapiError('checkpoint.malformed', 'the bundle cannot be used: it has no threshold of pixels');
  const golden = await goldenOf(bundle);
  const session = await openSession(ort, await bundle.file('model.onnx'), sessionOptions);
  const model: AnomalyModel = {
    task: 'anomaly',
    kind,
    encoder,
    imageSize,
    threshold,
    imported: false,
    notes: [],
  };
  const square = detectorMakers[kind as AnomalyKind](session, model);
  const detector = cut ? tiledDetector(square, cut) : square;
  return {
    task: 'anomaly',
    modelId,
    model: detector.model,
    golden,
    async score(image) {
      const [prediction] = await detector.predict([pictureOf(image)]);
      return prediction!;
    },
    heatmap: ({ map }, width, height) => imageOf(renderHeatmap(map, pixelValue, width, height)),
    overlay: (image, { map, regions }) => imageOf(renderOverlay(pictureOf(image), map, pixelValue, regions)),
    close: () => detector.close(),
  };
}

async function openObjects(
  bundle: BundleFiles,
  { modelId, detector: kind, imageSize, variant, classes, metrics }: ObjectFacts,
  ort: Ort,
  { session: sessionOptions }: OpenBundleOptions,
): Promise<ObjectRunner> {
  const { conf, iou } = JSON.parse(await bundle.text('threshold.json')) as Record<string, unknown>;
  if (typeof conf !== 'number' || typeof iou !== 'number')
    throw new OkapiError('checkpoint.malformed', 'the bundle cannot be used: it has no conf and iou');
  const golden = await goldenOf(bundle);
  const session = await openSession(ort, await bundle.file('model.onnx'), sessionOptions);
  const model: DetectModel = {
    task: 'detect',
    ...{ kind, imageSize, variant, classes, conf, iou, metrics },
    notes: [],
  };
  const detector = objectDetector(session, model);
  return {
    task: 'detect',
    modelId,
    model,
    golden,
    async detect(image, thresholds) {
      const [prediction] = await detector.predict([pictureOf(image)], thresholds);
      return prediction!.detections;
    },
    overlay: (image, detections) => imageOf(renderDetections(pictureOf(image), detections, classes)),
    close: () => detector.close(),
  };
}

async function goldenOf(bundle: BundleFiles): Promise<Opened['golden']> {
  return { png: await bundle.file('golden.png'), record: JSON.parse(await bundle.text('golden.json')) };
}

async function bytesOf(
  source: string | URL | ArrayBuffer | Uint8Array,
  { fetch: get = fetch, headers = {} }: OpenBundleOptions,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const answer = await get(source, { headers });
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  throw new OkapiError(
    'checkpoint.not_found',
    `expected a bundle at ${source}, got the answer ${answer.status}`,
  );
}
