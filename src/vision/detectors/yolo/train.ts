// Trains an object detector from labelled pictures to a model folder. Read `trainYolo` from top to bottom.
import { join } from 'node:path';
import type { LabelledDataset, LabelledPicture } from '../../dataset/labelled.ts';
import { hashTensors } from '../../encoders/encoder.ts';
import { OkapiError } from '../../errors.ts';
import { openRuntime } from '../../runtime/open-runtime.ts';
import type { FitContext, FitPosition, FitResult } from '../../training/fit.ts';
import { Progress } from '../../training/progress.ts';
import { clearResumeFiles, type Identity, ResumeFiles } from '../../training/resume-files.ts';
import { defaultDetectionAugmentation } from '../../yolo/augment-settings.ts';
import { maxBoxesOf } from '../../yolo/batch-feeds.ts';
import { SampleLoader } from '../../yolo/sample-loader.ts';
import type { TrainContext, TrainedDetectModel, TrainRequest } from '../detector.ts';
import { Opened, prepareState, runtimeOptions, trainingError } from '../training-bounds.ts';
import { checkMemory, chooseBatch } from './batch-size.ts';
import { completeYoloSettings, type YoloSettings } from './settings.ts';
import { startNetwork } from './start-network.ts';
import { stateDict } from './state-dict.ts';
import { hasMosaic, optimizers, PHASE, Trainer, type TrainerParts } from './trainer.ts';
import { Validator } from './validator.ts';
import { writeModel } from './write-model.ts';

export async function trainYolo(request: TrainRequest, context: TrainContext): Promise<TrainedDetectModel> {
  const settings = completeYoloSettings(request.settings ?? {});
  const objects = checkedObjects(request);
  const { signal, onEvent } = context;
  const say = (text: string) => onEvent({ type: 'note', text });
  checkMemory(settings, objects.train.length);
  await prepareState(request);
  const open = new Opened();
  try {
    const runtime = open.add(await openRuntime(runtimeOptions(request)));
    onEvent({ type: 'device', device: runtime.device, reason: runtime.reason });

    onEvent({ type: 'stage', stage: 'reading' });
    // First, since a file that does not fit is found in a moment.
    const { network, startedFrom, report } = await startNetwork(settings, objects.classes.length, request);
    if (report !== null) say(report);
    const load = async (pictures: readonly LabelledPicture[], name: string) =>
      open.add(await SampleLoader.open(loaderOptions(pictures, name, settings, request, signal)));
    const train = await load(objects.train, 'train');
    const ownVal = await load(objects.val, 'val');
    const refused = [...train.refused, ...ownVal.refused];
    onEvent({ type: 'pictures', used: train.pictures.length + ownVal.pictures.length, copies: 0, refused });
    checkPictures(train);
    const val = hasBoxes(ownVal) ? ownVal : train;
    if (val === train)
      say(
        'no val picture has boxes, so the training pictures judge the epochs: the figures say how well they are remembered',
      );

    const { batchSize, why } = chooseBatch(settings, network.variant, train.pictures.length);
    const learningRate = settings.lr0 ?? optimizers[settings.optimizer].learningRate;
    if (why !== null) say(why);
    if (settings.lr0 === null) say(`learning rate ${learningRate}, that of ${settings.optimizer}`);

    const { classes } = objects;
    const { imageSize: size, iou } = settings;
    const validator = open.add(await Validator.open({ network, size, iou, val, runtime }));
    const maxBoxes = maxBoxesOf(train.pictures, { mosaic: hasMosaic(settings, 0) });
    const parts: TrainerParts = {
      ...{ network, settings, classes, train, val, validator, runtime },
      ...{ batchSize, learningRate, maxBoxes, startedFrom },
    };
    const trainer = open.add(await Trainer.open(parts));

    onEvent({ type: 'stage', stage: 'training' });
    const result = await trainer.fit(fitContext(parts, trainer, request, context));
    keepWhatWasLearnt(result, parts, say);

    onEvent({ type: 'stage', stage: 'saving' });
    signal.throwIfAborted();
    const metrics = await writeModel(parts, { request, result, createdAt: context.date() });
    await clearResumeFiles(request.stateFolder);
    const { epochsRun, bestEpoch, bestLoss } = result;
    return {
      task: 'detect',
      folder: request.folder,
      metrics,
      ...{ epochsRun, bestEpoch, bestLoss },
      pictures: { used: train.pictures.length + ownVal.pictures.length, copies: 0, refused },
    };
  } catch (error) {
    throw await trainingError(error, request, signal);
  } finally {
    await open.close();
  }
}

/** Throws dataset.layout for labels that say nothing, and train.degenerate without any box to learn from. */
function checkedObjects({ objects }: TrainRequest): LabelledDataset {
  if (objects === undefined) throw new Error('internal: a training of objects was asked for without any');
  const { classes, train, val } = objects;
  if (classes.length === 0)
    throw new OkapiError('dataset.layout', 'expected the names of one or more classes, got none');
  for (const { file, boxes } of [...train, ...val])
    for (const { classId, box } of boxes)
      if (!(classId >= 0 && classId < classes.length) || !box.every((side) => side >= 0 && side <= 1))
        throw new OkapiError(
          'dataset.layout',
          `${file}: expected boxes of ${classes.length} classes with sides from 0 to 1, got class ${classId}, [${box.join(', ')}]`,
        );
  if (train.every(({ boxes }) => boxes.length === 0))
    throw new OkapiError(
      'train.degenerate',
      `expected boxes to learn from, got none on ${train.length} training pictures`,
    );
  return objects;
}

/** After reading: the pictures that could be used. */
function checkPictures(train: SampleLoader): void {
  if (hasBoxes(train)) return;
  const lines = train.refused.slice(0, 20).map(({ file, message }) => `\n  ${file}: ${message}`);
  throw new OkapiError(
    'dataset.too_few_images',
    `expected at least one training picture with boxes that can be read, got none; left out:${lines.join('')}`,
  );
}

const hasBoxes = ({ pictures }: SampleLoader) => pictures.some(({ boxes }) => boxes.length > 0);

function loaderOptions(
  pictures: readonly LabelledPicture[],
  name: string,
  { imageSize, seed, augmentation, cacheMemoryBytes, cacheDiskBytes }: YoloSettings,
  { stateFolder }: TrainRequest,
  signal: AbortSignal,
) {
  return {
    ...{ pictures, seed, signal },
    size: imageSize,
    cacheBytes: Math.floor(cacheMemoryBytes / 2),
    scratch: { path: join(stateFolder, `${name}.cache`), bytes: Math.floor(cacheDiskBytes / 2) },
    augmentation: { ...defaultDetectionAugmentation, ...augmentation },
  };
}

function fitContext(
  parts: TrainerParts,
  trainer: Trainer,
  { stateFolder }: TrainRequest,
  context: TrainContext,
): FitContext {
  const plan = { [PHASE]: trainer.stepsPerEpoch * parts.settings.epochs };
  return {
    ...context,
    progress: new Progress(plan, context.now),
    resume: new ResumeFiles<FitPosition>(stateFolder, PHASE, identityOf(parts)),
  };
}

/** All that decides the weights, by the names that a user knows. */
function identityOf({ network, settings, train, val, batchSize, learningRate }: TrainerParts): Identity {
  const { cacheMemoryBytes, cacheDiskBytes, conf, augmentation, weights, batch, lr0, ...deciding } = settings;
  return {
    detector: 'yolo',
    ...deciding,
    batch: batchSize,
    lr0: learningRate,
    augmentation: JSON.stringify(augmentation),
    startWeights: hashTensors(stateDict(network)),
    pictures: train.digest,
    valPictures: val.digest,
  };
}

/** A loss that ends so far above its lowest epoch, or this near its first, is tossed about; a few epochs tell nothing. */
const TOSSED = 1.1;
const STILL_HIGH = 0.9;
const FEWEST_EPOCHS = 4;

/**
 * Leaves the weights to keep in the network: the best ones or, where no epoch found anything, the last ones, with a word.
 * Throws train.diverged when next to nothing is found and the loss has risen again.
 */
function keepWhatWasLearnt(
  { bestEpoch, bestLoss, history, last }: FitResult,
  { network, settings, learningRate, startedFrom }: TrainerParts,
  say: (text: string) => void,
): void {
  if (startedFrom !== null) return;
  // Mosaics and single pictures have losses of their own.
  const mosaic = hasMosaic(settings, history.length - 1);
  const losses = history.filter((_, epoch) => hasMosaic(settings, epoch) === mosaic).map(({ loss }) => loss);
  const [first, lowest, final] = [losses[0]!, Math.min(...losses), losses.at(-1)!];
  const isTossed = final > TOSSED * lowest || final > STILL_HIGH * first;
  if (bestLoss > 0.95 && losses.length >= FEWEST_EPOCHS && isTossed)
    throw new OkapiError(
      'train.diverged',
      `nothing was learnt: the loss went from ${first.toPrecision(3)} over ${lowest.toPrecision(3)} to ${final.toPrecision(3)} at learning rate ${learningRate}; try ${learningRate / 10}`,
    );
  if (bestEpoch > 0) return;
  for (const { name, data } of network.parameters.all()) {
    const kept = last.get(name);
    if (kept) data.set(kept.data);
  }
  say('no epoch found an object of the val pictures yet: the last weights are kept; train for more epochs');
}
