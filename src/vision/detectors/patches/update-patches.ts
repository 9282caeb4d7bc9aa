// Adds good pictures to a trained patch detector: a new model in seconds, without the pictures that the old one learnt from.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { openModelFolder } from '../../checkpoint/model-folder.ts';
import { OkapiError } from '../../errors.ts';
import type { Picture } from '../../image/picture.ts';
import { openRuntime } from '../../runtime/open-runtime.ts';
import { highestBy } from '../../scoring/order-statistics.ts';
import { type CalibrationScores, calibrateThreshold, type Threshold } from '../../scoring/threshold.ts';
import { ByteCache } from '../../training/byte-cache.ts';
import { type GoodPictures, readGoodPictures } from '../../training/good-pictures.ts';
import { clearResumeFiles } from '../../training/resume-files.ts';
import { Work } from '../../training/work.ts';
import type { WorkStage } from '../../training/work-stages.ts';
import type { TrainContext, TrainedAnomalyModel, TrainRequest } from '../detector.ts';
import { onlyTile } from '../tiles/tiled-detector.ts';
import { prepareState, runtimeOptions, trainingError } from '../training-bounds.ts';
import { updateNotes } from '../update-notes.ts';
import { inspectionGraph, type Learnt } from './graphs.ts';
import { inspectPatches } from './inspect.ts';
import type { Lesson } from './learn.ts';
import type { PatchKindName } from './patch-kinds.ts';
import { blindOutside, patchRegion } from './patch-region.ts';
import { completePatchSettings } from './settings.ts';
import { learnMore, reachOf } from './update-learn.ts';
import { readSavedPatches, type SavedPatches, updatedFrom } from './update-read.ts';
import type { View } from './views.ts';
import { writePatchModel } from './write-model.ts';

const PICTURE_BYTES = 2 ** 28;
/** View 0 is the piece itself, the others are moved copies. */
const VIEWS = 8;
/** Of many pieces fewer moved copies are learnt. */
const MOST_VIEWS = 400;
/** Tiles of all pictures together. */
const MOST_TILES = 200;

/**
 * What the base model remembers grows by what it lacks of the new pictures; its fusion stays, so that its scores keep their scale.
 * The threshold then rests on the scores that it rested on before, which can only have become too high, and on one score of each
 * new picture, by a model that knows nothing but moved copies of it: how a further part would score that looks alike. Throws
 * OkapiError, among them train.canceled, dataset.too_few_images, and checkpoint.malformed for a base that lacks what is needed.
 */
export async function updatePatches(
  kind: PatchKindName,
  request: TrainRequest,
  context: TrainContext,
): Promise<TrainedAnomalyModel> {
  const { signal, onEvent } = context;
  if (!request.base) throw new OkapiError('option.invalid', 'expected the folder of the model to update');
  const saved = await readSavedPatches(await openModelFolder(request.base, updatedFrom));
  if (saved.kind !== kind)
    throw new OkapiError(
      'option.invalid',
      `the model to update is a ${saved.kind} detector, asked for was ${kind}`,
    );
  const { cut, regions } = saved;
  const settings = completePatchSettings({ ...saved.settings, ...request.settings });
  const size = settings.imageSize;
  await prepareState({ ...request, resume: false });
  const runtime = await openRuntime(runtimeOptions(request));
  const path = join(request.stateFolder, 'pictures.cache');
  const cache = new ByteCache({ memoryBytes: PICTURE_BYTES, diskBytes: 4 * PICTURE_BYTES, path });
  try {
    onEvent({ type: 'device', device: runtime.device, reason: runtime.reason });
    onEvent({ type: 'stage', stage: 'reading' });
    const work = new Work(context);
    const files = request.pictures.length;
    work.expect({ reading: files, encoding: 4 * VIEWS * files, calibrating: 3 * files, writing: 1 });
    work.begin('reading');
    const region = regions && !cut ? patchRegion(regions, size) : null;
    const encoder = blindOutside(saved.encoder, region);
    const learntCut = cut && { ...cut, mostLearnt: MOST_TILES, seed: settings.seed };
    const fresh = await readGoodPictures(request.pictures, size, cache, signal, 1, learntCut, () =>
      work.step(),
    );
    const { count: used, copies, refused } = fresh;
    onEvent({ type: 'pictures', used, copies, refused });

    onEvent({ type: 'stage', stage: 'training' });
    const pictures = withGolden(fresh, saved, size);
    const { plain, moved, scored } = viewsOf(fresh);
    const plan = { views: [...plain, ...moved], scored, besides: [], samples: [], folds: 1 };
    work.expect({ encoding: 2 * plan.views.length + 1, calibrating: 3 * scored.length });
    let stage: WorkStage = 'encoding';
    const counted = work.watched(runtime, () => stage);
    const lesson: Lesson = { encoder, region, settings, pictures, plan, runtime: counted, signal };
    const reach = await reachOf(lesson, saved.learnt, goldenView(fresh));
    const copiesOnly = await learnMore(lesson, saved.learnt, moved, reach);
    const whole = await learnMore(lesson, copiesOnly, plain, reach);

    onEvent({ type: 'stage', stage: 'calibrating' });
    stage = 'calibrating';
    const score = (learnt: Learnt) => scoresOf(lesson, saved, learnt, scored);
    const [before, leftOut, after] = [await score(saved.learnt), await score(copiesOnly), await score(whole)];
    const calibration = joinedScores(saved, leftOut, fresh.names, settings.falseAlarmRate);
    const threshold = calibrateThreshold(calibration);
    for (const text of updateNotes(fresh.names, before.scores, after.scores, threshold))
      onEvent({ type: 'note', text });

    onEvent({ type: 'stage', stage: 'saving' });
    stage = 'writing';
    signal.throwIfAborted();
    await writePatchModel(withOldCount(lesson, saved), {
      request: { ...request, kind, ...(regions && { regions }) },
      learnt: whole,
      calibration: { fusion: saved.fusion, shares: saved.shares, calibration, threshold },
      createdAt: context.date(),
    });
    return trained(request, threshold, { used, copies, refused });
  } catch (error) {
    throw await trainingError(error, request, signal);
  } finally {
    await cache.close();
    await runtime.close();
    await clearResumeFiles(request.stateFolder);
  }
}

/** The golden picture of the base follows the new pieces: it stays the golden one, and says how a good part lies. */
function withGolden(fresh: GoodPictures, { golden, cut }: SavedPatches, size: number): GoodPictures {
  const seen = cut ? onlyTile(golden, cut, size) : golden;
  const last = fresh.pieces.length;
  const orFresh = (own: Picture, of: (piece: number) => Promise<Picture>) => async (piece: number) =>
    piece === last ? own : of(piece);
  return { ...fresh, picture: orFresh(seen, fresh.picture), asCut: orFresh(golden, fresh.asCut) };
}

const goldenView = ({ pieces }: GoodPictures): View => ({ picture: pieces.length, view: 0, fold: 0 });

function viewsOf({ learnt, pieces }: GoodPictures): { plain: View[]; moved: View[]; scored: View[] } {
  const perPiece = Math.max(2, Math.min(VIEWS, Math.floor(MOST_VIEWS / learnt.length)));
  const view = (picture: number, view: number): View => ({ picture, view, fold: view === 0 ? 0 : 1 });
  return {
    plain: learnt.map((piece) => view(piece, 0)),
    scored: [...pieces.keys()].map((piece) => view(piece, 0)),
    moved: learnt.flatMap((piece) => Array.from({ length: perPiece - 1 }, (_, i) => view(piece, i + 1))),
  };
}

interface Scored {
  readonly scores: number[];
  readonly peaks: number[];
}

/** Of each picture, by the graph that is served; of tiles the highest. */
async function scoresOf(
  { encoder, region, settings, pictures, runtime, signal }: Lesson,
  { fusion }: SavedPatches,
  learnt: Learnt,
  views: readonly View[],
): Promise<Scored> {
  const { imageSize } = settings;
  const session = await runtime.load(toOnnx(inspectionGraph(encoder, imageSize, learnt, fusion, region)));
  try {
    const [scores, peaks]: [number[], number[]] = [[], []];
    for (const { picture } of views) {
      signal.throwIfAborted();
      const { score, map } = await inspectPatches(session, await pictures.picture(picture), imageSize);
      scores.push(score);
      peaks.push(map.data.reduce((a, b) => Math.max(a, b), LEAST_PEAK));
    }
    const owners = views.map(({ picture }) => pictures.pieces[picture]!);
    return { scores: highestBy(scores, owners), peaks: highestBy(peaks, owners) };
  } finally {
    await session.close();
  }
}

/** As where a model is calibrated first: no peak of a good part counts as lower. */
const LEAST_PEAK = 0.5;

function joinedScores(
  { calibration: old }: SavedPatches,
  fresh: Scored,
  names: readonly string[],
  targetFalseAlarmRate: number,
): CalibrationScores {
  return {
    scores: [...old.scores, ...fresh.scores],
    peaks: [...old.peaks, ...fresh.peaks],
    source: 'cross-fitted',
    targetFalseAlarmRate,
    ...(old.names && { names: [...old.names, ...names] }),
  };
}

/** The golden picture first, and all that was learnt from by number. */
function withOldCount(lesson: Lesson, { dataset, golden, cut }: SavedPatches): Lesson {
  const { pictures } = lesson;
  const size = lesson.settings.imageSize;
  return {
    ...lesson,
    pictures: {
      ...pictures,
      count: dataset.pictures + pictures.count,
      digest: createHash('sha256').update(`${dataset.sha256},${pictures.digest}`).digest('hex'),
      picture: async () => (cut ? onlyTile(golden, cut, size) : golden),
      asCut: async () => golden,
    },
  };
}

function trained(
  { folder }: TrainRequest,
  threshold: Threshold,
  pictures: TrainedAnomalyModel['pictures'],
): TrainedAnomalyModel {
  const bestLoss = threshold.statistics!.mean;
  return { task: 'anomaly', folder, threshold, epochsRun: 0, bestEpoch: 0, bestLoss, pictures };
}
