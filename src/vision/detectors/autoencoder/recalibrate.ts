// Updates a trained autoencoder with good pictures: its threshold alone, since the network would have to be trained.
import { decodeModel } from '../../../autodiff/onnx/decode-model.ts';
import { encodeModel } from '../../../autodiff/onnx/encode-model.ts';
import {
  type FilePieces,
  type ModelFolder,
  openModelFolder,
  writeModelFolder,
} from '../../checkpoint/model-folder.ts';
import { readPictures } from '../../dataset/folder.ts';
import { OkapiError } from '../../errors.ts';
import { openRuntime } from '../../runtime/open-runtime.ts';
import { type CalibrationScores, calibrateThreshold, type Threshold } from '../../scoring/threshold.ts';
import { readCalibration, readThresholdOrigin, writeThreshold } from '../../scoring/threshold-file.ts';
import type { RefusedFile } from '../../training/events.ts';
import type { AnomalyDetector, TrainContext, TrainedAnomalyModel, TrainRequest } from '../detector.ts';
import { goldenPicture, goldenRecord } from '../golden.ts';
import { configFields, tilesIn, writeConfig } from '../model-config.ts';
import { tiledDetector } from '../tiles/tiled-detector.ts';
import { prepareState, runtimeOptions, trainingError } from '../training-bounds.ts';
import { updateNotes } from '../update-notes.ts';
import { loadAutoencoder } from './load.ts';

/** Kept as they are. */
const kept = ['model.safetensors', 'model.pt', goldenPicture, goldenRecord];
const files = [...kept, 'model.onnx', 'config.yaml', 'threshold.json'];

/**
 * The network has not seen the pictures, so their scores join those that the threshold rests on. Throws OkapiError, among them
 * train.canceled, dataset.too_few_images without a picture, and option.invalid for a base that keeps no scores of good pictures.
 */
export async function recalibrateAutoencoder(
  request: TrainRequest,
  { signal, onEvent, date }: TrainContext,
): Promise<TrainedAnomalyModel> {
  if (!request.base) throw new OkapiError('option.invalid', 'expected the folder of the model to update');
  const base = await openModelFolder(request.base, files);
  const text = (name: string) => new TextDecoder().decode(base.file(name));
  const old = readCalibration(text('threshold.json'));
  if (old === null)
    throw new OkapiError('option.invalid', 'the model keeps no scores of good pictures to calibrate by');
  await prepareState({ ...request, resume: false });
  const runtime = await openRuntime(runtimeOptions(request));
  try {
    onEvent({ type: 'device', device: runtime.device, reason: runtime.reason });
    onEvent({
      type: 'note',
      text: 'an autoencoder is updated in its threshold alone: what it can draw changes only by a training',
    });
    onEvent({ type: 'stage', stage: 'reading' });
    const fields = configFields(text('config.yaml'));
    const cut = tilesIn(text('config.yaml'));
    const square = await loadAutoencoder(base, runtime);
    const detector = cut ? tiledDetector(square, cut) : square;
    const fresh = await scoresOf(detector, request.pictures, signal).finally(() => detector.close());
    const { names, copies, refused } = fresh;
    onEvent({ type: 'pictures', used: names.length, copies, refused });
    onEvent({ type: 'stage', stage: 'calibrating' });
    const calibration: CalibrationScores = {
      scores: [...old.scores, ...fresh.scores],
      peaks: [...old.peaks, ...fresh.peaks],
      source: old.source,
      targetFalseAlarmRate:
        (request.settings?.falseAlarmRate as number | undefined) ??
        detector.model.threshold.targetFalseAlarmRate,
      ...(old.names && { names: [...old.names, ...names] }),
    };
    const threshold = calibrateThreshold(calibration);
    for (const note of updateNotes(names, fresh.scores, fresh.scores, threshold))
      onEvent({ type: 'note', text: note });
    onEvent({ type: 'stage', stage: 'saving' });
    signal.throwIfAborted();
    await write(request, base, { threshold, calibration, createdAt: date(), fields });
    const { folder } = request;
    const pictures = { used: names.length, copies, refused };
    const bestLoss = threshold.statistics!.mean;
    return { task: 'anomaly', folder, threshold, epochsRun: 0, bestEpoch: 0, bestLoss, pictures };
  } catch (error) {
    throw await trainingError(error, request, signal);
  } finally {
    await runtime.close();
  }
}

interface Fresh {
  readonly names: string[];
  readonly scores: number[];
  readonly peaks: number[];
  readonly copies: number;
  readonly refused: RefusedFile[];
}

async function scoresOf(
  detector: AnomalyDetector,
  pictures: readonly string[],
  signal: AbortSignal,
): Promise<Fresh> {
  const found = { names: [] as string[], scores: [] as number[], peaks: [] as number[] };
  const refused: RefusedFile[] = [];
  let copies = 0;
  for await (const verdict of readPictures(pictures, { signal })) {
    if (verdict.status === 'rejected') refused.push(verdict);
    if (verdict.status === 'duplicate') copies++;
    if (verdict.status !== 'ok') continue;
    const [prediction] = await detector.predict([verdict.picture]);
    const { score, map } = prediction!;
    found.names.push(verdict.file.slice(verdict.file.lastIndexOf('/') + 1));
    found.scores.push(score);
    found.peaks.push(map.data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  }
  if (found.names.length === 0)
    throw new OkapiError('dataset.too_few_images', 'an update needs at least 1 good picture, got none');
  return { ...found, copies, refused };
}

interface Made {
  readonly threshold: Threshold;
  readonly calibration: CalibrationScores;
  readonly createdAt: Date;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All files of the base, with the new threshold wherever it is written down. */
async function write(
  request: TrainRequest,
  base: ModelFolder,
  { threshold, calibration, createdAt, fields }: Made,
): Promise<void> {
  const encode = (text: string) => [new TextEncoder().encode(text)];
  const onnx = decodeModel(base.file('model.onnx'));
  const metadata = {
    ...onnx.metadata,
    created_at: createdAt.toISOString(),
    threshold: String(threshold.value),
    threshold_pixel: String(threshold.pixelValue),
  };
  const config = {
    ...fields,
    ...request.record,
    created_at: createdAt.toISOString(),
    threshold: threshold.value,
    note: threshold.trust,
  };
  const origin = readThresholdOrigin(new TextDecoder().decode(base.file('threshold.json')));
  const rows: [string, FilePieces][] = [
    ['model.onnx', [encodeModel({ ...onnx, metadata }).bytes]],
    ...kept.map((name): [string, FilePieces] => [name, [base.file(name)]]),
    ['config.yaml', encode(writeConfig(config))],
    ['threshold.json', encode(writeThreshold(threshold, { ...origin, calibration }))],
  ];
  await writeModelFolder(request.folder, new Map(rows));
}
