// Trains an autoencoder from good pictures to a model folder. Read `trainAutoencoder` from top to bottom.
import { join } from 'node:path';
import { splitValidation } from '../../dataset/split.ts';
import { hashTensors } from '../../encoders/encoder.ts';
import { type EncoderSource, openEncoder } from '../../encoders/table.ts';
import { OkapiError } from '../../errors.ts';
import { openRuntime } from '../../runtime/open-runtime.ts';
import { regionMask } from '../../scoring/region-mask.ts';
import { ByteCache } from '../../training/byte-cache.ts';
import type { FitContext, FitPosition, FitResult } from '../../training/fit.ts';
import { FEWEST_PICTURES, type GoodPictures, readGoodPictures } from '../../training/good-pictures.ts';
import { Progress } from '../../training/progress.ts';
import { clearResumeFiles, type Identity, ResumeFiles } from '../../training/resume-files.ts';
import type { TrainContext, TrainedAnomalyModel, TrainRequest } from '../detector.ts';
import { planTiles } from '../tiles/plan-training.ts';
import { Opened, prepareState, runtimeOptions, trainingError } from '../training-bounds.ts';
import { calibrate, planFolds } from './calibrate.ts';
import { autoencoder, type Network, stateDict, withinRegion } from './network.ts';
import { readSavedNetwork } from './saved-network.ts';
import { type AutoencoderSettings, completeSettings } from './settings.ts';
import { Trainer, type TrainerParts } from './trainer.ts';
import { Views } from './views.ts';
import { writeModel } from './write-model.ts';

const MAIN = 'main';
/** Of large pictures so many tiles are learnt: each is shown in every epoch. */
const MOST_TILES = 300;

export async function trainAutoencoder(
  request: TrainRequest,
  context: TrainContext,
): Promise<TrainedAnomalyModel> {
  const settings = completeSettings(request.settings ?? {});
  const { signal, onEvent } = context;
  const { imageSize: size, seed } = settings;
  await prepareState(request);
  const open = new Opened();
  try {
    const runtime = open.add(await openRuntime(runtimeOptions(request)));
    onEvent({ type: 'device', device: runtime.device, reason: runtime.reason });

    onEvent({ type: 'stage', stage: 'reading' });
    const cache = open.add(new ByteCache(cacheLimits(settings, request)));
    const cut = await planTiles(request, settings, MOST_TILES, context);
    const region = request.regions && !cut ? regionMask(request.regions, size, size) : null;
    const pictures = await readGoodPictures(request.pictures, size, cache, signal, FEWEST_PICTURES, cut);
    onEvent({ type: 'pictures', used: pictures.count, copies: pictures.copies, refused: pictures.refused });

    const network = withinRegion(await openNetwork(request, settings), region);
    const views = open.add(await Views.open({ network, size, seed, pictures, cache }, runtime));
    const parts: TrainerParts = { network, settings, pictures, views, runtime, ...split(pictures, settings) };
    checkCalibration(parts);
    const trainer = open.add(await Trainer.open(parts));
    const contextOf = fitContexts(parts, trainer, request, context);

    onEvent({ type: 'stage', stage: 'training' });
    const lesson = { phase: MAIN, pictures: parts.training, epochs: settings.epochs, showSamples: true };
    const result = await trainer.fit(lesson, contextOf(MAIN));
    checkLearnt(result, request, settings);

    onEvent({ type: 'stage', stage: 'calibrating' });
    const { residuals, threshold, scores } = await calibrate(parts, trainer, contextOf, signal);

    onEvent({ type: 'stage', stage: 'saving' });
    signal.throwIfAborted();
    const createdAt = context.date();
    await writeModel(parts, { request, result, residuals, threshold, calibration: scores, createdAt });
    await clearResumeFiles(request.stateFolder);
    const { count: used, copies, refused } = pictures;
    const { epochsRun, bestEpoch, bestLoss } = result;
    return {
      task: 'anomaly',
      folder: request.folder,
      threshold,
      ...{ epochsRun, bestEpoch, bestLoss },
      pictures: { used, copies, refused },
    };
  } catch (error) {
    throw await trainingError(error, request, signal);
  } finally {
    await open.close();
  }
}

function cacheLimits(
  { cacheMemoryBytes, cacheDiskBytes }: AutoencoderSettings,
  { stateFolder }: TrainRequest,
) {
  return { memoryBytes: cacheMemoryBytes, diskBytes: cacheDiskBytes, path: join(stateFolder, 'views.cache') };
}

/** A fresh network, or that of the base model, whose encoder then is the encoder. */
async function openNetwork(request: TrainRequest, settings: AutoencoderSettings): Promise<Network> {
  const source: EncoderSource = request.encoderSource ?? { folders: [] };
  if (!request.base) return autoencoder(await openEncoder(settings.encoder, source), settings.seed);
  const { network } = await readSavedNetwork(request.base);
  const wanted = request.settings?.encoder;
  if (wanted !== undefined && wanted !== network.encoder.name)
    throw new OkapiError(
      'option.invalid',
      `the base model has the encoder ${network.encoder.name}, asked for was ${wanted}`,
    );
  return network;
}

/** Pictures are held out with all of their tiles. */
function split(
  { count, pieces, learnt }: GoodPictures,
  { seed, validationRatio: ratio }: AutoencoderSettings,
) {
  const { validation: heldOut } = splitValidation([...Array(count).keys()], { seed, ratio });
  const isHeldOut = (piece: number) => heldOut.includes(pieces[piece]!);
  return {
    training: learnt.filter((piece) => !isHeldOut(piece)),
    validation: learnt.filter(isHeldOut),
    heldOut: heldOut.length,
  };
}

/** Says before the training what would else come to light after it. */
function checkCalibration(parts: TrainerParts): void {
  const { heldOut, pictures } = parts;
  if (heldOut >= 2 || planFolds(parts).length > 0) return;
  throw new OkapiError(
    'dataset.too_few_images',
    `${pictures.count} pictures hold out ${heldOut} to find the threshold with; expected at least 2, or folds of at least 2`,
  );
}

/** The context of each training by its name: its own resume files, and one progress for all of them. */
function fitContexts(parts: TrainerParts, trainer: Trainer, request: TrainRequest, context: TrainContext) {
  const { settings, training } = parts;
  const folds = planFolds(parts);
  const plan = [{ phase: MAIN, pictures: training, epochs: settings.epochs }, ...folds];
  const steps = plan.map(({ phase, pictures, epochs }) => [phase, trainer.stepsOf(pictures.length) * epochs]);
  const progress = new Progress(Object.fromEntries(steps), context.now);
  return (phase: string): FitContext => {
    const identity = { ...identityOf(parts, request), ...(phase !== MAIN && { phase }) };
    const name = phase.replaceAll(' ', '-');
    return {
      ...context,
      progress,
      resume: new ResumeFiles<FitPosition>(request.stateFolder, name, identity),
    };
  };
}

/** All that decides the weights, by the names that a user knows. */
function identityOf({ network, settings, pictures }: TrainerParts, request: TrainRequest): Identity {
  const { cacheMemoryBytes, cacheDiskBytes, falseAlarmRate, folds, ...deciding } = settings;
  return {
    detector: 'autoencoder',
    ...deciding,
    encoder: network.encoder.name,
    encoderWeights: network.encoder.weightsHash,
    base: request.base ? hashTensors(stateDict(network)) : 'none',
    pictures: pictures.digest,
    ...(request.regions && { regions: JSON.stringify(request.regions) }),
    ...(pictures.cut && { tiles: JSON.stringify(pictures.cut.plan) }),
  };
}

/** Throws train.diverged when no epoch was better than the untrained network; a base model may be good as it is. */
function checkLearnt(
  { bestEpoch, bestLoss }: FitResult,
  request: TrainRequest,
  settings: AutoencoderSettings,
): void {
  if (bestEpoch > 0 || request.base) return;
  const { learningRate } = settings;
  throw new OkapiError(
    'train.diverged',
    `nothing was learnt: the validation loss never fell below ${bestLoss.toPrecision(3)}, that of the untrained network, at learning rate ${learningRate}; try ${learningRate / 10}`,
  );
}
