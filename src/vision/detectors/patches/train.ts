// Trains a patch detector from good pictures to a model folder, in seconds. Read `trainPatches` from top to bottom.
import { join } from 'node:path';
import { openEncoder } from '../../encoders/table.ts';
import { OkapiError } from '../../errors.ts';
import { openRuntime } from '../../runtime/open-runtime.ts';
import { ByteCache } from '../../training/byte-cache.ts';
import { type GoodPictures, readGoodPictures } from '../../training/good-pictures.ts';
import { clearResumeFiles } from '../../training/resume-files.ts';
import { Work } from '../../training/work.ts';
import type { WorkStage } from '../../training/work-stages.ts';
import type { TrainContext, TrainedAnomalyModel, TrainRequest } from '../detector.ts';
import { planTiles } from '../tiles/plan-training.ts';
import { prepareState, runtimeOptions, trainingError } from '../training-bounds.ts';
import { calibrate } from './calibrate.ts';
import { withColour } from './colour.ts';
import type { HeadName } from './graphs.ts';
import { type Lesson, layoutRuns, learn } from './learn.ts';
import { type PatchKind, type PatchKindName, patchKinds } from './patch-kinds.ts';
import { blindOutside, patchRegion } from './patch-region.ts';
import { completePatchSettings } from './settings.ts';
import { planViews } from './views.ts';
import { writePatchModel } from './write-model.ts';

/** What pictures take at their own size; more are read again from their files. */
const PICTURE_BYTES = 2 ** 28;
/** Of large pictures so many tiles are learnt. */
const MOST_TILES = 1000;

/**
 * A training that is stopped begins anew, since it takes seconds. Throws OkapiError, among them train.canceled and
 * dataset.too_few_images; no model is left then.
 */
export async function trainPatches(
  kind: PatchKindName,
  request: TrainRequest,
  context: TrainContext,
): Promise<TrainedAnomalyModel> {
  const { heads, fewest }: PatchKind = patchKinds[kind];
  const settings = completePatchSettings(request.settings ?? {});
  if (request.base) throw new OkapiError('option.invalid', `a ${kind} detector starts from no base model`);
  const { signal, onEvent } = context;
  const note = (text: string) => onEvent({ type: 'note', text });
  await prepareState({ ...request, resume: false });
  const runtime = await openRuntime(runtimeOptions(request));
  const path = join(request.stateFolder, 'pictures.cache');
  const cache = new ByteCache({ memoryBytes: PICTURE_BYTES, diskBytes: 4 * PICTURE_BYTES, path });
  try {
    onEvent({ type: 'device', device: runtime.device, reason: runtime.reason });
    onEvent({ type: 'stage', stage: 'reading' });
    const work = new Work(context);
    work.expect(expectedOf(request.pictures.length));
    work.begin('reading');
    const cut = await planTiles(request, settings, MOST_TILES, context);
    // Of tiles, each has its own part of the regions, which is in its pixels.
    const region = request.regions && !cut ? patchRegion(request.regions, settings.imageSize) : null;
    const source = request.encoderSource ?? { folders: [] };
    const encoder = blindOutside(withColour(await openEncoder(settings.encoder, source)), region);
    const { imageSize } = settings;
    const pictures = await readGoodPictures(request.pictures, imageSize, cache, signal, fewest, cut, () =>
      work.step(),
    );
    const { count: used, copies, refused } = pictures;
    onEvent({ type: 'pictures', used, copies, refused });
    const names = headsFor(heads, pictures);
    if (used === 1)
      note('1 good picture: the subspace alone is learnt, and its threshold is a guess from moved copies');

    onEvent({ type: 'stage', stage: 'training' });
    const plan = planViews(pictures, settings);
    const asked = {
      bank: names.includes('memory-bank'),
      subspace: names.includes('subspace'),
      autoencoder: names.includes('autoencoder'),
    };
    const views = plan.views.length;
    work.expect({
      encoding: views,
      'choosing patches': asked.bank ? views : 0,
      autoencoder: asked.autoencoder ? layoutRuns(pictures.count) : 0,
      calibrating: plan.scored.length + plan.besides.length,
    });
    let stages: readonly WorkStage[] = ['encoding', 'choosing patches'];
    const counted = work.watched(runtime, () => {
      const [stage, ...others] = stages;
      if (others.length > 0) stages = others;
      return stage!;
    });
    const lesson: Lesson = { encoder, region, settings, pictures, plan, runtime: counted, signal };
    const lessons = await learn(lesson, asked, {
      note,
      onAutoencoder: () => {
        stages = ['autoencoder'];
      },
    });

    onEvent({ type: 'stage', stage: 'calibrating' });
    stages = ['calibrating'];
    const calibration = await calibrate(lesson, lessons, names);
    for (const { head, weight } of calibration.shares)
      note(`${head} gives the score of ${Math.round(100 * weight)} % of the good pictures`);

    onEvent({ type: 'stage', stage: 'saving' });
    stages = ['writing'];
    signal.throwIfAborted();
    const { threshold } = calibration;
    await writePatchModel(lesson, { request, learnt: lessons.whole, calibration, createdAt: context.date() });
    return {
      task: 'anomaly',
      folder: request.folder,
      threshold,
      epochsRun: 0,
      bestEpoch: 0,
      bestLoss: threshold.statistics!.mean,
      pictures: { used, copies, refused },
    };
  } catch (error) {
    throw await trainingError(error, request, signal);
  } finally {
    await cache.close();
    await runtime.close();
    await clearResumeFiles(request.stateFolder);
  }
}

/** Before the pictures are read, nobody knows how many there are. */
function expectedOf(files: number): Partial<Record<WorkStage, number>> {
  const views = Math.max(files, Math.min(8 * files, 400));
  return { reading: files, encoding: views, 'choosing patches': views, calibrating: files, writing: 1 };
}

/** From so many pictures on, an autoencoder can be trained without a third of them. */
const LAYOUT_PICTURES = 6;

/** Of one picture the subspace alone; the autoencoder of whole parts, not of tiles. */
function headsFor(heads: readonly HeadName[], { count, cut }: GoodPictures): readonly HeadName[] {
  if (count === 1) return heads.filter((head) => head === 'subspace');
  return count >= LAYOUT_PICTURES && cut === null ? heads : heads.filter((head) => head !== 'autoencoder');
}
