// Which pictures a person should look at before a training, and why. Nothing is ever left out because of it.
import { hashDistance, type Likeness, meanDifference } from './likeness.ts';
import type { PictureQuality } from './quality.ts';
import { spreadOf } from './spread.ts';

/** A picture and all that was measured of it. */
export interface MeasuredPicture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly quality: PictureQuality;
  readonly likeness: Likeness;
  /** See Oddness; null when there is nothing to compare it with. */
  readonly oddness: number | null;
}

export const flagKinds = ['odd', 'near_duplicate', 'blurred', 'exposure', 'size'] as const;
export type FlagKind = (typeof flagKinds)[number];

export interface Flag {
  readonly kind: FlagKind;
  readonly name: string;
  /** What was measured of the picture, and what is usual among all of them; null where there is no usual. */
  readonly figure: number;
  readonly typical: number | null;
  /** Of near duplicates: the other picture. */
  readonly other: string | null;
  /** For a person. */
  readonly sentence: string;
}

/** Fewer pictures have no usual. */
export const FEWEST_FOR_SPREAD = 8;

/** How far out a value must lie: in deviations, so that it is rare, and as a share, so that it matters. */
const ODD = { deviations: 4, times: 1.25 };
const BLURRED = { deviations: 4, times: 0.6 };
const EXPOSURE = { deviations: 5, levels: 0.06, clipped: 0.1 };
/** Bits of the hash, and levels of the small copy: almost none, or few where others differ four times as much. */
const DUPLICATE = { bits: 8, surelySame: 0.5, nearlySame: 2, ofTypical: 0.25 };
/** The commonest size counts as usual when so many have it. */
const COMMON_SHARE = 0.6;

/** In the order of the pictures within each kind; the likely bad ones first. */
export function flagsOf(pictures: readonly MeasuredPicture[]): Flag[] {
  const enough = pictures.length >= FEWEST_FOR_SPREAD;
  return [
    ...(enough ? oddOnes(pictures) : []),
    ...nearDuplicates(pictures),
    ...(enough ? [...blurred(pictures), ...exposed(pictures)] : []),
    ...oddSizes(pictures),
  ];
}

function oddOnes(pictures: readonly MeasuredPicture[]): Flag[] {
  const scored = pictures.filter((p): p is MeasuredPicture & { oddness: number } => p.oddness !== null);
  if (scored.length === 0) return [];
  const { median, deviation } = spreadOf(scored.map((p) => p.oddness));
  const limit = Math.max(median + ODD.deviations * deviation, median * ODD.times);
  return scored
    .filter(({ oddness }) => oddness > limit)
    .sort((a, b) => b.oddness - a.oddness)
    .map(({ name, oddness }) => ({
      kind: 'odd',
      name,
      figure: oddness,
      typical: median,
      other: null,
      sentence: `A place in it is ${times(oddness / median)} as unlike all the other pictures as is usual here: look whether the part is good.`,
    }));
}

function nearDuplicates(pictures: readonly MeasuredPicture[]): Flag[] {
  const nearest = pictures.map(() => Number.POSITIVE_INFINITY);
  const pairs: { a: number; b: number; difference: number }[] = [];
  for (let a = 0; a < pictures.length; a++)
    for (let b = a + 1; b < pictures.length; b++) {
      const [one, two] = [pictures[a]!.likeness, pictures[b]!.likeness];
      const difference = meanDifference(one, two);
      nearest[a] = Math.min(nearest[a]!, difference);
      nearest[b] = Math.min(nearest[b]!, difference);
      if (difference <= DUPLICATE.nearlySame && hashDistance(one, two) <= DUPLICATE.bits)
        pairs.push({ a, b, difference });
    }
  if (pairs.length === 0) return [];
  const typical = pictures.length < FEWEST_FOR_SPREAD ? null : spreadOf(nearest).median;
  const limit = Math.max(DUPLICATE.surelySame, (typical ?? 0) * DUPLICATE.ofTypical);
  // Each picture once, with the earliest that it is like.
  const named = new Set<number>();
  return pairs.flatMap(({ a, b, difference }): Flag[] => {
    if (difference > limit || named.has(b)) return [];
    named.add(b);
    const [name, other] = [pictures[b]!.name, pictures[a]!.name];
    const sentence = `It shows almost the same as ${other}: on average they differ by ${difference.toFixed(1)} of 255 levels. Copies count twice and make a threshold look better than it is.`;
    return [{ kind: 'near_duplicate', name, figure: difference, typical, other, sentence }];
  });
}

function blurred(pictures: readonly MeasuredPicture[]): Flag[] {
  const logs = pictures.map(({ quality }) => Math.log(quality.sharpness + 1e-6));
  const { median, deviation } = spreadOf(logs);
  const typical = Math.exp(median);
  return pictures.flatMap(({ name, quality: { sharpness } }, i): Flag[] => {
    const isFar = logs[i]! < median - BLURRED.deviations * deviation;
    if (!isFar || sharpness > BLURRED.times * typical) return [];
    const sentence = `It is ${percent(sharpness / typical)} as sharp as is usual here: it may be out of focus or blurred by motion.`;
    return [{ kind: 'blurred', name, figure: sharpness, typical, other: null, sentence }];
  });
}

function exposed(pictures: readonly MeasuredPicture[]): Flag[] {
  const { median, deviation } = spreadOf(pictures.map(({ quality }) => quality.brightness));
  const usual = {
    dark: spreadOf(pictures.map(({ quality }) => quality.darkShare)).median,
    bright: spreadOf(pictures.map(({ quality }) => quality.brightShare)).median,
  };
  return pictures.flatMap(({ name, quality }): Flag[] => {
    const off = quality.brightness - median;
    const isFar = Math.abs(off) > Math.max(EXPOSURE.levels, EXPOSURE.deviations * deviation);
    const burnt = quality.brightShare - usual.bright > EXPOSURE.clipped;
    const black = quality.darkShare - usual.dark > EXPOSURE.clipped;
    if (!isFar && !burnt && !black) return [];
    const sentence = isFar
      ? `It is ${off > 0 ? 'brighter' : 'darker'} than is usual here: mean brightness ${percent(quality.brightness)}, usually ${percent(median)}.`
      : `${percent(burnt ? quality.brightShare : quality.darkShare)} of it ${burnt ? 'is burnt out to white' : 'is lost in black'}, usually ${percent(burnt ? usual.bright : usual.dark)}.`;
    return [{ kind: 'exposure', name, figure: quality.brightness, typical: median, other: null, sentence }];
  });
}

function oddSizes(pictures: readonly MeasuredPicture[]): Flag[] {
  const counts = new Map<string, number>();
  const sizeOf = ({ width, height }: MeasuredPicture) => `${width}x${height}`;
  for (const picture of pictures) counts.set(sizeOf(picture), (counts.get(sizeOf(picture)) ?? 0) + 1);
  const [common] = [...counts].sort((a, b) => b[1] - a[1]);
  if (common === undefined || common[1] < COMMON_SHARE * pictures.length) return [];
  const [width, height] = common[0].split('x').map(Number) as [number, number];
  return pictures
    .filter((picture) => sizeOf(picture) !== common[0])
    .map((picture) => ({
      kind: 'size',
      name: picture.name,
      figure: picture.width * picture.height,
      typical: width * height,
      other: null,
      sentence: `It has ${sizeOf(picture)} pixels, ${common[1]} of the ${pictures.length} pictures have ${common[0]}: it may come from another camera or be cut.`,
    }));
}

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`;
const times = (factor: number) => `${factor.toFixed(1)} times`;
