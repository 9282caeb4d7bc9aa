// The threshold of a freshly trained autoencoder, from scores of good pictures that it was not trained on.
import { assignFolds } from '../../dataset/split.ts';
import { median, sorted } from '../../scoring/order-statistics.ts';
import { type CalibrationScores, calibrateThreshold, type Threshold } from '../../scoring/threshold.ts';
import type { FitContext } from '../../training/fit.ts';
import { type GoodPictures, wholePictures } from '../../training/good-pictures.ts';
import type { Residuals } from './graphs.ts';
import { measureResiduals, type Scores, scorePictures } from './scores.ts';
import type { Trainer, TrainerParts } from './trainer.ts';

/** From this many good pictures on, those held out are enough. */
export const ENOUGH_PICTURES = 50;

/** Short trainings are this share of the model's own. */
const FOLD_SHARE = 1 / 3;

export interface FoldPlan {
  readonly phase: string;
  /** The pieces that it trains on, and those that it scores: of other pictures, all of their tiles. */
  readonly pictures: readonly number[];
  readonly scored: readonly number[];
  readonly epochs: number;
}

/**
 * The short trainings that cross-fitting needs: none with enough pictures. Each leaves out a share of the training
 * pictures, so that every one of them is scored by a network that has not seen it.
 */
export function planFolds({ settings, pictures, training }: TrainerParts): FoldPlan[] {
  const { count, pieces } = pictures;
  const owners = [...new Set(training.map((piece) => pieces[piece]!))];
  const folds = Math.min(settings.folds, owners.length);
  if (count >= ENOUGH_PICTURES || folds < 2) return [];
  const assigned = assignFolds(owners.length, folds, settings.seed);
  const foldOf = new Map(owners.map((owner, i) => [owner, assigned[i]!]));
  const isIn = (fold: number) => (piece: number) => foldOf.get(pieces[piece]!) === fold;
  return Array.from({ length: folds }, (_, fold) => ({
    phase: `fold ${fold + 1} of ${folds}`,
    pictures: training.filter((piece) => !isIn(fold)(piece)),
    scored: wholePictures(pictures, training.filter(isIn(fold))),
    epochs: Math.max(1, Math.round(settings.epochs * FOLD_SHARE)),
  }));
}

export interface Calibration {
  /** Of the training pictures. */
  readonly residuals: Residuals;
  readonly threshold: Threshold;
  readonly scores: CalibrationScores;
}

/**
 * The residuals and the threshold of the network as it is. The held-out pictures are scored by the network itself. Under ENOUGH_PICTURES each
 * training picture joins them, scored by a fold's network; that one is trained for a shorter time, so its scores are brought
 * to the level of the network by the median ratio over the held-out pictures, which neither has seen. The network's
 * weights are as before when this returns. Throws what fit and calibrateThreshold throw.
 */
export async function calibrate(
  parts: TrainerParts,
  trainer: Trainer,
  contextOf: (phase: string) => FitContext,
  signal: AbortSignal,
): Promise<Calibration> {
  const { network, settings, pictures: source, views, training, validation, runtime } = parts;
  const scoring = { network, size: settings.imageSize, source, views, runtime, signal };
  const residuals = await measureResiduals(scoring, training);
  const judged = wholePictures(source, validation);
  const heldOut = await scorePictures(scoring, residuals, judged);
  const folds = planFolds(parts);
  const all: Scores[] = [heldOut];
  const weights = network.parameters.all().map(({ data }) => data.slice());
  for (const { phase, pictures, scored, epochs } of folds) {
    await trainer.fit({ phase, pictures, epochs, showSamples: false }, contextOf(phase));
    const own = await measureResiduals(scoring, pictures);
    const found = await scorePictures(scoring, own, [...judged, ...scored]);
    all.push(toLevel(found, heldOut));
  }
  for (const [i, { data }] of network.parameters.all().entries()) data.set(weights[i]!);
  const calibration: CalibrationScores = {
    scores: all.flatMap(({ scores }) => scores),
    peaks: all.flatMap(({ peaks }) => peaks),
    names: namesOf(source, [judged, ...folds.map(({ scored }) => scored)].flat()),
    source: folds.length > 0 ? 'cross-fitted' : 'held-out',
    targetFalseAlarmRate: settings.falseAlarmRate,
  };
  return { residuals, threshold: calibrateThreshold(calibration), scores: calibration };
}

/** Of each picture that pieces belong to, once. */
function namesOf({ names, pieces }: GoodPictures, of: readonly number[]): string[] {
  return [...new Set(of.map((piece) => pieces[piece]!))].map((picture) => names[picture]!);
}

/** `found` begins with scores of the pictures of `reference`: brings the others to its level. */
function toLevel(found: Scores, reference: Scores): Scores {
  const others = (values: number[], known: number[]) => {
    const ratio = median(sorted(known.map((value, i) => value / values[i]!)));
    return values.slice(known.length).map((value) => value * (Number.isFinite(ratio) ? ratio : 1));
  };
  return { scores: others(found.scores, reference.scores), peaks: others(found.peaks, reference.peaks) };
}
