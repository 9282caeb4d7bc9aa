// What the patch detectors learn: the scale of the channels, the axes of good patches, and patches that stand for all.

import type { Graph } from '../../../autodiff/index.ts';
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { Random } from '../../../autodiff/random.ts';
import type { Runtime, RuntimeTensor } from '../../../autodiff/runtime.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { OkapiError } from '../../errors.ts';
import { greedyCoreset, RowSample, type Rows } from '../../scoring/coreset.ts';
import { type PrincipalAxes, principalAxes } from '../../scoring/principal-axes.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { COLOUR_WEIGHT, COLOURS, LEAST_COLOUR } from './colour.ts';
import { type Axes, gridOf, levelWidths, widthOf } from './features.ts';
import {
  type BankLevel,
  type BankPlan,
  bankLevels,
  type Learnt,
  layoutGraph,
  momentsGraph,
  placesGraph,
  rowWidth,
  type Scale,
} from './graphs.ts';
import { LAYOUT_AXES, type Layout, LayoutTrainer, layoutSteps } from './layout-network.ts';
import type { PatchRegion } from './patch-region.ts';
import type { PatchSettings } from './settings.ts';
import { pictureOf, type View, type ViewPlan } from './views.ts';

export interface Lesson {
  /** Blind outside of the region. */
  readonly encoder: Encoder;
  /** null: whole pictures. */
  readonly region: PatchRegion | null;
  readonly settings: PatchSettings;
  readonly pictures: GoodPictures;
  readonly plan: ViewPlan;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
}

/** Axes that patches are remembered along, at most. More change little and cost time. */
const BANK_AXES: Readonly<Record<BankLevel, number>> = { fine: 96, coarse: 192 };
const SUBSPACE_AXES = 192;
/**
 * From so many pictures on the subspace is found from the pictures as they are: moved copies are slightly blurred, and a
 * subspace that holds them excuses blurred defects.
 */
const PLAIN_PICTURES = 10;
/** The subspace holds this share of the variance of good patches, where SUBSPACE_AXES are enough for it. */
const KEPT_VARIANCE = 0.97;
/** Added to the deviation of each channel, as a share of that of its level: channels that hardly vary are not trusted far. */
const LEAST_DEVIATION = 0.1;
/** The most patches of a fold that are looked at together, drawn by chance; so memory does not grow with the pictures. */
const MOST_CANDIDATES = 12_000;
const LEAST_REMEMBERED = 100;
/** Patches that stand for others are chosen by their distances along so many axes. */
const CORESET_AXES = 48;

/** What was learnt of all views, and for each fold of all others. */
export interface Lessons {
  readonly whole: Learnt;
  readonly without: readonly Learnt[];
}

/**
 * Learns the heads that are asked for. Each fold's patches are chosen by themselves, so that the bank without a fold is what is left
 * when its patches are taken out. Throws option.invalid when the bank may not hold enough patches, train.degenerate when
 * all patches are alike.
 */
export async function learn(
  lesson: Lesson,
  heads: { bank: boolean; subspace: boolean; autoencoder: boolean },
  { note, onAutoencoder }: { note: (text: string) => void; onAutoencoder: () => void },
): Promise<Lessons> {
  const { encoder, plan, settings, pictures } = lesson;
  const widths = levelWidths(encoder);
  const width = widthOf(encoder);
  if (heads.bank) checkBytes(settings, widths);
  const plain = pictures.count >= PLAIN_PICTURES;
  const moments = await measure(lesson, plain ? plan.views.filter(({ view }) => view === 0) : plan.views);
  const all = total(moments);
  const scale = scaleOf(all, groupsOf(widths));
  const covariance = covarianceOf(all, scale);
  const random = new Random(settings.seed).fork('axes');
  note(`${all.rows} patches measured`);
  const levelAxes = (level: BankLevel): Axes => {
    const [from, to] = level === 'fine' ? [0, widths[0]!] : [widths[0]!, width];
    const count = axesAt(level, widths);
    const size = to - from;
    const own = block(covariance, width, from, to);
    // Colours that hardly vary are among the axes all the same.
    if (level === 'fine')
      for (let c = size - COLOURS; c < size; c++) own[c * size + c]! += COLOUR_WEIGHT ** 2;
    const { axes } = principalAxes(own, size, count, random.fork(level));
    return { data: Float32Array.from(axes), count };
  };
  const { placeWeight, reweightNeighbours } = settings;
  const planOf = (level: BankLevel): BankPlan => ({
    axes: levelAxes(level),
    placeWeight,
    reweightNeighbours,
  });
  const plans = heads.bank && { fine: planOf('fine'), coarse: planOf('coarse') };
  const chosen = plans && (await chooseBanks(lesson, scale, plans));
  if (chosen)
    note(
      `${chosen.fine.reduce((sum, { length }) => sum + length, 0) / rowWidth(plans.fine)} patches remembered`,
    );
  // Always from the same random directions: axes of all pictures would hold some of what a fold leaves out.
  const axesOf = (own: Float64Array, most: number) =>
    principalAxes(own, width, most, new Random(settings.seed).fork('subspace'));
  const whole = (heads.subspace || heads.autoencoder) && axesOf(covariance, Math.min(SUBSPACE_AXES, width));
  if (heads.autoencoder) onAutoencoder();
  const layouts = heads.autoencoder && whole ? await learnLayouts(lesson, scale, whole) : null;
  const subspaceOf = (part: Moments, of: PrincipalAxes) => {
    if (part === all) return subspace(of, trace(covariance, width));
    const own = covarianceOf(part, scale);
    return subspace(axesOf(own, of.variances.length), trace(own, width));
  };
  const learnt = (part: Moments, kept: (fold: number) => boolean, layout: Layout | null): Learnt => {
    const bank = (level: BankLevel) =>
      plans && chosen && { ...plans[level], rows: joined(chosen[level].filter((_, i) => kept(i))) };
    const [fine, coarse] = [bank('fine'), bank('coarse')];
    return {
      scale,
      banks: fine && coarse ? { fine, coarse } : null,
      subspace: whole && heads.subspace ? subspaceOf(part, whole) : null,
      layout,
    };
  };
  const without = moments.map((_, fold) =>
    learnt(
      total(moments.filter((_, i) => i !== fold)),
      (i) => i !== fold,
      layouts?.without[fold % LAYOUT_FOLDS] ?? null,
    ),
  );
  return { whole: learnt(all, () => true, layouts?.whole ?? null), without };
}

/**
 * The autoencoder is trained once for all and so many times without some of the folds, always by as many steps: with fewer, left-out
 * pictures look stranger than fresh ones. To serve the mean of the three takes 11 ms more and finds no more.
 */
const LAYOUT_FOLDS = 3;

/** The runs of the encoder and of the steps that they take, about. */
export const layoutRuns = (pictures: number) => pictures + (1 + LAYOUT_FOLDS) * layoutSteps(pictures);

async function learnLayouts(
  lesson: Lesson,
  scale: Scale,
  { axes, variances, width }: PrincipalAxes,
): Promise<{ whole: Layout; without: Layout[] }> {
  const { encoder, settings, plan, runtime, signal } = lesson;
  const { imageSize, seed } = settings;
  const count = Math.min(LAYOUT_AXES, variances.length);
  // Long axes are shortened, but stay longer than others: [deviation -> its root].
  const shortened = Float32Array.from(
    axes.subarray(0, count * width),
    (v, i) => v / Math.max(variances[Math.floor(i / width)]!, 1e-6) ** 0.25,
  );
  const layoutAxes: Axes = { data: shortened, count };
  const views = plan.views.filter(({ view }) => view === 0);
  const layouts: Float32Array[] = [];
  await eachView(lesson, layoutGraph(encoder, imageSize, scale, layoutAxes), views, ({ layout }) => {
    layouts.push((layout!.data as Float32Array).slice());
  });
  const grid = gridOf(imageSize) / 2;
  const trainer = await LayoutTrainer.open(runtime, { grid, axes: count, seed });
  try {
    const steps = layoutSteps(layouts.length);
    const trained = async (used: (fold: number) => boolean): Promise<Layout> => {
      const own = layouts.filter((_, i) => used(views[i]!.fold));
      return { axes: layoutAxes, parameters: await trainer.train(own, steps, signal) };
    };
    const whole = await trained(() => true);
    const without: Layout[] = [];
    for (let k = 0; k < LAYOUT_FOLDS; k++) without.push(await trained((fold) => fold % LAYOUT_FOLDS !== k));
    return { whole, without };
  } finally {
    await trainer.close();
  }
}

/** Part of a square matrix [width, width], of the rows and columns from `from` to before `to`. */
function block(matrix: Float64Array, width: number, from: number, to: number): Float64Array {
  const size = to - from;
  const out = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    out.set(matrix.subarray((from + r) * width + from, (from + r) * width + to), r * size);
  return out;
}

const axesAt = (level: BankLevel, [fine, coarse]: readonly number[]) =>
  Math.min(BANK_AXES[level], level === 'fine' ? fine! : coarse!);

/** A patch takes 4 bytes for each of its numbers and 4 more for its squared length; one of each level. */
const bytesOfPatch = ({ placeWeight }: PatchSettings, widths: readonly number[]) =>
  bankLevels.reduce((sum, level) => sum + 4 * (axesAt(level, widths) + (placeWeight > 0 ? 2 : 0) + 1), 0);

function checkBytes(settings: PatchSettings, widths: readonly number[]): void {
  const { bankBytes: bytes } = settings;
  const least = bytesOfPatch(settings, widths) * LEAST_REMEMBERED;
  if (bytes >= least) return;
  throw new OkapiError(
    'option.invalid',
    `expected bankBytes to be at least ${least}, room for ${LEAST_REMEMBERED} patches of each level, got ${bytes}`,
  );
}

/** Patches of each fold and level. */
const remembered = (settings: PatchSettings, widths: readonly number[], folds: number) =>
  Math.floor(settings.bankBytes / bytesOfPatch(settings, widths) / folds);

/** Sums over rows: of the channels [width] and of their products [width, width]. */
interface Moments {
  readonly rows: number;
  readonly sums: Float64Array;
  readonly products: Float64Array;
}

/** The moments of each fold's views. */
async function measure(lesson: Lesson, views: readonly View[]): Promise<Moments[]> {
  const { encoder, settings, plan, region } = lesson;
  const width = widthOf(encoder);
  const empty = () => ({ rows: 0, sums: new Float64Array(width), products: new Float64Array(width * width) });
  const moments = Array.from({ length: plan.folds }, empty);
  const patches = region?.patches.count ?? gridOf(settings.imageSize) ** 2;
  await eachView(lesson, momentsGraph(encoder, settings.imageSize, region), views, (out, { fold }) => {
    const into = moments[fold]!;
    into.rows += patches;
    accumulate(into.sums, out.total!.data as Float32Array);
    accumulate(into.products, out.products!.data as Float32Array);
  });
  return moments;
}

function accumulate(into: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < into.length; i++) into[i]! += values[i]!;
}

function total(parts: readonly Moments[]): Moments {
  const [first, ...others] = parts;
  const sums = first!.sums.slice();
  const products = first!.products.slice();
  for (const part of others) {
    accumulate(sums, part.sums);
    accumulate(products, part.products);
  }
  return { rows: parts.reduce((sum, { rows }) => sum + rows, 0), sums, products };
}

/** Channels of one kind, which are measured alike. */
interface Group {
  readonly channels: number;
  /** No deviation counts as less. */
  readonly least: number;
  /** How often each channel counts. */
  readonly weight: number;
}

/** Of an encoder with colours, the last channels of its fine level. */
function groupsOf([fine, coarse]: readonly number[]): Group[] {
  const features = { least: 0, weight: 1 };
  const colours = { channels: COLOURS, least: LEAST_COLOUR, weight: COLOUR_WEIGHT };
  return [{ channels: fine! - COLOURS, ...features }, colours, { channels: coarse!, ...features }];
}

function scaleOf({ rows, sums, products }: Moments, groups: readonly Group[]): Scale {
  const mean = sums.map((sum) => sum / rows);
  const spread = mean.map((m, c) => Math.sqrt(Math.max(0, products[c * mean.length + c]! / rows - m * m)));
  const deviation = new Float32Array(mean.length);
  let at = 0;
  for (const { channels, least, weight } of groups) {
    const own = spread.subarray(at, at + channels);
    const floor = least + (LEAST_DEVIATION * own.reduce((a, b) => a + b, 0)) / channels;
    if (!(floor > 1e-6))
      throw new OkapiError('train.degenerate', 'the good pictures show nothing but one plain colour');
    for (let c = 0; c < channels; c++) deviation[at + c] = (own[c]! + floor) / weight;
    at += channels;
  }
  return { mean: Float32Array.from(mean), deviation };
}

/** The covariance of the scaled channels. */
function covarianceOf({ rows, sums, products }: Moments, { deviation }: Scale): Float64Array {
  const width = sums.length;
  const covariance = new Float64Array(width * width);
  for (let r = 0; r < width; r++)
    for (let c = 0; c < width; c++) {
      const shared = products[r * width + c]! / rows - (sums[r]! / rows) * (sums[c]! / rows);
      covariance[r * width + c] = shared / (deviation[r]! * deviation[c]!);
    }
  return covariance;
}

function trace(matrix: Float64Array, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += matrix[i * width + i]!;
  return sum;
}

/** The leading axes that hold the share of the variance. */
function subspace({ axes, variances, width }: PrincipalAxes, variance: number): Axes {
  let count = 0;
  for (let held = 0; count < variances.length && held < KEPT_VARIANCE * variance; count++)
    held += variances[count]!;
  return { data: Float32Array.from(axes.subarray(0, count * width)), count };
}

/** The patches of each fold that stand for all of it, as the rows of each level's bank. */
async function chooseBanks(
  lesson: Lesson,
  scale: Scale,
  plans: Readonly<Record<BankLevel, BankPlan>>,
): Promise<Record<BankLevel, Float32Array[]>> {
  const { encoder, settings, plan, region, signal } = lesson;
  const count = remembered(settings, levelWidths(encoder), plan.folds);
  const banks: Record<BankLevel, Float32Array[]> = { fine: [], coarse: [] };
  const random = new Random(settings.seed).fork('bank');
  const graph = placesGraph(encoder, settings.imageSize, scale, plans, region);
  for (let fold = 0; fold < plan.folds; fold++) {
    const own = random.fork(fold);
    const sample = (level: BankLevel) =>
      new RowSample(rowWidth(plans[level]), Math.max(MOST_CANDIDATES, 2 * count), own.fork(level));
    const samples = { fine: sample('fine'), coarse: sample('coarse') };
    const views = plan.views.filter((view) => view.fold === fold);
    await eachView(lesson, graph, views, (places) => {
      for (const level of bankLevels) samples[level].add(places[level]!.data as Float32Array);
    });
    for (const level of bankLevels) {
      signal.throwIfAborted();
      const { data, width } = samples[level].rows;
      const chosen = greedyCoreset(leading({ data, width }, CORESET_AXES), count, own.fork(level));
      banks[level].push(joined([...chosen].map((i) => data.subarray(i * width, (i + 1) * width))));
    }
  }
  return banks;
}

/** The first columns of rows: along principal axes, nearly all of their distances. */
function leading({ data, width }: Rows, columns: number): Rows {
  if (columns >= width) return { data, width };
  const rows = data.length / width;
  const cut = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) cut.set(data.subarray(i * width, i * width + columns), i * columns);
  return { data: cut, width: columns };
}

export function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Runs a graph on the pixels of each view, one at a time. Throws what stops the signal. */
export async function eachView(
  { pictures, settings, runtime, signal }: Pick<Lesson, 'pictures' | 'settings' | 'runtime' | 'signal'>,
  graph: Graph,
  views: readonly View[],
  visit: (out: Readonly<Record<string, RuntimeTensor>>, view: View) => void,
): Promise<void> {
  const session = await runtime.load(toOnnx(graph));
  try {
    for (const view of views) {
      signal.throwIfAborted();
      const { width, height, data } = await pictureOf(pictures, view, settings.seed);
      const out = await session.run({ pixels: { type: 'uint8', dims: [1, height, width, 3], data } });
      visit(out, view);
      await new Promise(setImmediate); // so that a cancellation is heard
    }
  } finally {
    await session.close();
  }
}
