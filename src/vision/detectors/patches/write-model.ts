// The model folder of a trained patch detector, written in one go.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { writeModelFolder } from '../../checkpoint/model-folder.ts';
import type { NamedTensor, Tensors } from '../../checkpoint/tensors.ts';
import { writeThreshold } from '../../scoring/threshold-file.ts';
import { versions } from '../../version.ts';
import type { TrainRequest } from '../detector.ts';
import { writeGolden } from '../golden.ts';
import { modelFiles, squarePreprocessing } from '../model-files.ts';
import { onlyTile } from '../tiles/tiled-detector.ts';
import type { Calibration } from './calibrate.ts';
import { bankLevels, inspectionGraph, type Learnt, planesOf, rowWidth } from './graphs.ts';
import { inspectPatches } from './inspect.ts';
import type { Lesson } from './learn.ts';

export interface Made {
  readonly request: TrainRequest;
  readonly learnt: Learnt;
  readonly calibration: Calibration;
  readonly createdAt: Date;
}

const SCORE_TYPE = 'fused-patch-distance';

/** Throws disk.full or disk.io_error, with an older model as it was. */
export async function writePatchModel(lesson: Lesson, made: Made): Promise<void> {
  const { encoder, region, settings, pictures, runtime } = lesson;
  const { request, learnt, calibration } = made;
  const { threshold } = calibration;
  const graph = inspectionGraph(encoder, settings.imageSize, learnt, calibration.fusion, region);
  const onnx = toOnnx(graph, { name: 'okapi', metadata: metadataOf(lesson, made) });
  const first = await pictures.asCut(0);
  const seen = pictures.cut ? onlyTile(first, pictures.cut, settings.imageSize) : first;
  const session = await runtime.load(onnx);
  const { score } = await inspectPatches(session, seen, settings.imageSize).finally(() => session.close());
  const origin = { scoreType: SCORE_TYPE, bestValidationLoss: null, calibration: calibration.calibration };
  const content = {
    onnx,
    state: stateDict(lesson, made),
    config: configOf(lesson, made),
    golden: { picture: first, record: writeGolden(score) },
    texts: [['threshold.json', writeThreshold(threshold, origin)]],
  } as const;
  await writeModelFolder(request.folder, await modelFiles(content));
}

/** The encoder's weights under `encoder.`, then all that was learnt, each with its shape. */
function stateDict({ encoder }: Lesson, { learnt, calibration }: Made): Tensors {
  const { scale, banks, subspace, layout } = learnt;
  const width = scale.mean.length;
  const rows: [string, NamedTensor][] = [...encoder.tensors].map(([name, t]) => [`encoder.${name}`, t]);
  const put = (name: string, data: Float32Array, ...shape: number[]) =>
    rows.push([name, { dtype: 'float32', shape, data }]);
  put('scale.mean', scale.mean, width);
  put('scale.deviation', scale.deviation, width);
  for (const level of banks ? bankLevels : []) {
    const { axes, rows: kept } = banks![level];
    const numbers = rowWidth(banks![level]);
    put(`bank.${level}.axes`, axes.data, axes.count, axes.data.length / axes.count);
    put(`bank.${level}.rows`, kept, kept.length / numbers, numbers);
  }
  if (layout) {
    put('autoencoder.axes', layout.axes.data, layout.axes.count, width);
    for (const { name, data, shape } of layout.parameters.all()) put(`autoencoder.${name}`, data, ...shape);
  }
  if (subspace) put('subspace.axes', subspace.data, subspace.count, width);
  for (const [i, part] of planesOf(learnt).entries()) {
    const { gain, offset } = calibration.fusion[i]!;
    put(`gain.${part}`, gain, gain.length);
    put(`offset.${part}`, offset, offset.length);
  }
  return new Map(rows);
}

const preprocessingOf = ({
  encoder,
  settings,
  pictures,
}: Pick<Lesson, 'encoder' | 'settings' | 'pictures'>) =>
  squarePreprocessing(settings.imageSize, encoder.normalization, pictures.cut);

function metadataOf(
  lesson: Lesson,
  { request, learnt, calibration, createdAt }: Made,
): Record<string, string> {
  const { encoder } = lesson;
  const { threshold, shares } = calibration;
  return {
    producer: `okapi-vision ${versions().okapi}`,
    created_at: createdAt.toISOString(),
    preprocessing: JSON.stringify(preprocessingOf(lesson)),
    outputs:
      'score [1]: anomalous above threshold; map [1, size, size]: anomalous above threshold_pixel; shares [parts]: the score of each part alone',
    heads: shares.map(({ head }) => head).join(', '),
    parts: planesOf(learnt).join(', '),
    threshold: String(threshold.value),
    threshold_pixel: String(threshold.pixelValue),
    ...(request.regions && { regions: JSON.stringify(request.regions) }),
    ...(lesson.pictures.cut && { tiles: JSON.stringify(lesson.pictures.cut.plan) }),
    encoder: encoder.name,
    licence: `the encoder's weights: ${encoder.licence}`,
  };
}

/** The original's fields first, then what it does not record. Nothing is trained by steps, so there are no epochs. */
function configOf({ encoder, settings, pictures, plan, runtime }: Lesson, made: Made) {
  const { request, learnt, calibration, createdAt } = made;
  const { threshold, shares } = calibration;
  return {
    model_id: null,
    mode: null,
    scene_id: null,
    project_id: null,
    created_at: createdAt.toISOString(),
    img_size: settings.imageSize,
    epochs_run: 0,
    lr: 0,
    threshold: threshold.value,
    note: threshold.trust,
    base_model_id: null,
    training_mode: 'anomaly',
    ...request.record,
    detector: request.kind,
    heads: shares,
    top_shares: Object.fromEntries(
      planesOf(learnt).map((part, i) => [part, calibration.fusion[i]!.topShare]),
    ),
    ...(learnt.banks && { remembered_patches: rememberedOf(learnt.banks) }),
    ...(learnt.subspace && { subspace_axes: learnt.subspace.count }),
    encoder: { name: encoder.name, weights_sha256: encoder.weightsHash, licence: encoder.licence },
    preprocessing: preprocessingOf({ encoder, settings, pictures }),
    ...(request.regions && { regions: request.regions }),
    ...(pictures.cut && { tiles: pictures.cut.plan }),
    settings,
    dataset: {
      pictures: pictures.count,
      ...(pictures.cut && { tiles: pictures.pieces.length }),
      views: plan.views.length,
      copies: pictures.copies,
      refused: pictures.refused.length,
      sha256: pictures.digest,
    },
    versions: { ...versions(), node: process.version, device: runtime.device },
  };
}

/** The patches of each level. */
function rememberedOf(banks: NonNullable<Learnt['banks']>): Record<string, number> {
  return Object.fromEntries(
    bankLevels.map((level) => [level, banks[level].rows.length / rowWidth(banks[level])]),
  );
}
