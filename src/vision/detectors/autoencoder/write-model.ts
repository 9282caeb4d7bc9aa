// The model folder of a trained autoencoder, written in one go.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { writeModelFolder } from '../../checkpoint/model-folder.ts';
import type { CalibrationScores, Threshold } from '../../scoring/threshold.ts';
import { writeThreshold } from '../../scoring/threshold-file.ts';
import type { FitResult } from '../../training/fit.ts';
import { versions } from '../../version.ts';
import type { TrainRequest } from '../detector.ts';
import { writeGolden } from '../golden.ts';
import { modelFiles, squarePreprocessing } from '../model-files.ts';
import { inspectionGraph, type Residuals } from './graphs.ts';
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
  // The score is the network's own, of the first held-out picture.
  const golden = {
    picture: await pictures.picture(validation[0]!),
    record: writeGolden(calibration.scores[0]!),
  };
  const origin = { scoreType: SCORE_TYPE, bestValidationLoss: result.bestLoss, calibration };
  const texts = [['threshold.json', writeThreshold(threshold, origin)]] as const;
  const content = { onnx, state: stateDict(network), config: configOf(parts, made), golden, texts };
  await writeModelFolder(request.folder, await modelFiles(content));
}

const preprocessingOf = ({ network, settings }: TrainerParts) =>
  squarePreprocessing(settings.imageSize, network.normalization);

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
    settings,
    dataset: {
      pictures: pictures.count,
      training: training.length,
      validation: validation.length,
      copies: pictures.copies,
      refused: pictures.refused.length,
      sha256: pictures.digest,
    },
    versions: { ...versions(), node: process.version, device: runtime.device },
  };
}
