// The model folder of a trained autoencoder, written in one go.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { writeModelFolder } from '../../checkpoint/model-folder.ts';
import type { Picture } from '../../image/picture.ts';
import type { CalibrationScores, Threshold } from '../../scoring/threshold.ts';
import { writeThreshold } from '../../scoring/threshold-file.ts';
import type { TileCut } from '../../scoring/tile-pixels.ts';
import type { FitResult } from '../../training/fit.ts';
import { versions } from '../../version.ts';
import type { TrainRequest } from '../detector.ts';
import { writeGolden } from '../golden.ts';
import { modelFiles, squarePreprocessing } from '../model-files.ts';
import { onlyTile } from '../tiles/tiled-detector.ts';
import { inspectionGraph, type Residuals } from './graphs.ts';
import { inspect } from './inspect.ts';
import { stateDict } from './network.ts';
import type { TrainerParts } from './trainer.ts';

export interface Made {
  readonly request: TrainRequest;
  readonly result: FitResult;
  readonly residuals: Residuals;
  readonly threshold: Threshold;
  readonly calibration: CalibrationScores;
  readonly createdAt: Date;
}

/** The kind of score in threshold.json. */
const SCORE_TYPE = 'normalised-residual';

/** Writes the model with its present weights. Throws disk.full or disk.io_error, with an older model as it was. */
export async function writeModel(parts: TrainerParts, made: Made): Promise<void> {
  const { network, settings, pictures, validation } = parts;
  const { request, residuals, threshold, calibration, result } = made;
  const onnx = toOnnx(inspectionGraph(network, settings.imageSize, residuals), {
    name: 'okapi',
    metadata: metadataOf(parts, made),
  });
  const picture = await pictures.asCut(validation[0]!);
  // The score is the network's own, of the first held-out picture.
  const score = pictures.cut ? await scoreOfTile(parts, onnx, picture, pictures.cut) : calibration.scores[0]!;
  const golden = { picture, record: writeGolden(score) };
  const origin = { scoreType: SCORE_TYPE, bestValidationLoss: result.bestLoss, calibration };
  const texts = [['threshold.json', writeThreshold(threshold, origin)]] as const;
  const content = { onnx, state: stateDict(network), config: configOf(parts, made), golden, texts };
  await writeModelFolder(request.folder, await modelFiles(content));
}

/** The score of a picture that is one tile. */
async function scoreOfTile(
  { runtime, settings: { imageSize } }: TrainerParts,
  onnx: Uint8Array,
  picture: Picture,
  cut: TileCut,
): Promise<number> {
  const session = await runtime.load(onnx);
  const seen = onlyTile(picture, cut, imageSize);
  const { score } = await inspect(session, seen, imageSize).finally(() => session.close());
  return score;
}

const preprocessingOf = ({ network, settings, pictures }: TrainerParts) =>
  squarePreprocessing(settings.imageSize, network.normalization, pictures.cut);

function metadataOf(parts: TrainerParts, { request, threshold, createdAt }: Made): Record<string, string> {
  const { encoder } = parts.network;
  return {
    producer: `okapi-vision ${versions().okapi}`,
    created_at: createdAt.toISOString(),
    preprocessing: JSON.stringify(preprocessingOf(parts)),
    outputs:
      'score [1]: anomalous above threshold; map [1, size, size]: anomalous above threshold_pixel; reconstruction',
    threshold: String(threshold.value),
    threshold_pixel: String(threshold.pixelValue),
    ...(request.regions && { regions: JSON.stringify(request.regions) }),
    ...(parts.pictures.cut && { tiles: JSON.stringify(parts.pictures.cut.plan) }),
    encoder: encoder.name,
    licence: `the encoder's weights: ${encoder.licence}`,
  };
}

/** The original's fields first, then what it does not record. */
function configOf(parts: TrainerParts, { request, result, threshold, createdAt }: Made) {
  const { network, settings, pictures, training, validation, runtime } = parts;
  const { encoder } = network;
  return {
    model_id: null,
    mode: null,
    scene_id: null,
    project_id: null,
    created_at: createdAt.toISOString(),
    img_size: settings.imageSize,
    epochs_run: result.epochsRun,
    lr: settings.learningRate,
    threshold: threshold.value,
    note: threshold.trust,
    base_model_id: null,
    training_mode: request.base ? 'finetune' : 'anomaly',
    ...request.record,
    detector: 'autoencoder',
    best_epoch: result.bestEpoch,
    best_validation_loss: result.bestLoss,
    encoder: { name: encoder.name, weights_sha256: encoder.weightsHash, licence: encoder.licence },
    preprocessing: preprocessingOf(parts),
    ...(request.regions && { regions: request.regions }),
    ...(pictures.cut && { tiles: pictures.cut.plan }),
    settings,
    dataset: {
      pictures: pictures.count,
      ...(pictures.cut && { tiles: pictures.pieces.length }),
      training: training.length,
      validation: validation.length,
      copies: pictures.copies,
      refused: pictures.refused.length,
      sha256: pictures.digest,
    },
    versions: { ...versions(), node: process.version, device: runtime.device },
  };
}
