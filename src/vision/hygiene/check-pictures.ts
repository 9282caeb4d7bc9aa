// Checks pictures of good parts before a training: what is measured of each, and which a person should look at.
import { Random, type Runtime } from '../../autodiff/index.ts';
import { readPictures } from '../dataset/folder.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { ErrorCode } from '../errors.ts';
import { defaultLimits, type PictureLimits } from '../image/decode.ts';
import { likenessOf } from './likeness.ts';
import { Oddness } from './oddness.ts';
import { measureQuality, type PictureQuality } from './quality.ts';
import { FEWEST_FOR_SPREAD, type Flag, flagsOf, type MeasuredPicture } from './rules.ts';

/** More are not looked at: every picture is held against every other. */
export const MOST_PICTURES = 2000;

export interface PictureToCheck {
  /** Under which it is reported. */
  readonly name: string;
  readonly file: string;
}

export interface PictureCheck {
  /** How many were measured. */
  readonly checked: number;
  /** Not looked at, because there are more than can be. */
  readonly leftOut: number;
  readonly unread: readonly { readonly name: string; readonly code: ErrorCode; readonly message: string }[];
  readonly flags: readonly Flag[];
  /** By name, of each that was measured. */
  readonly quality: ReadonlyMap<string, PictureQuality>;
  /** What could not be told, in sentences. */
  readonly notes: readonly string[];
}

export interface CheckOptions {
  readonly runtime: Runtime;
  readonly encoder: Encoder;
  /** Default 42. */
  readonly seed?: number;
  readonly limits?: PictureLimits;
  readonly most?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onPicture?: () => void;
}

/**
 * Looks at no more than `most` pictures, drawn at random when there are more; about 70 kB of each stay in memory. A file that
 * cannot be read is named and does not stop the others.
 */
export async function checkPictures(
  pictures: readonly PictureToCheck[],
  {
    runtime,
    encoder,
    seed = 42,
    limits = defaultLimits,
    most = MOST_PICTURES,
    signal,
    onPicture,
  }: CheckOptions,
): Promise<PictureCheck> {
  // The order is drawn too: features are scaled by the first ones.
  const chosen = new Random(seed).shuffled(pictures).slice(0, most);
  const oddness = await Oddness.open(runtime, encoder, seed);
  try {
    const measured: Omit<MeasuredPicture, 'oddness'>[] = [];
    const unread: PictureCheck['unread'][number][] = [];
    for (const { name, file } of chosen) {
      for await (const verdict of readPictures([file], { limits, signal })) {
        if (verdict.status === 'rejected')
          unread.push({ name, code: verdict.code, message: verdict.message });
        if (verdict.status !== 'ok') continue;
        const { picture } = verdict;
        const { width, height } = picture;
        await oddness.add(picture);
        measured.push({
          name,
          width,
          height,
          quality: measureQuality(picture),
          likeness: likenessOf(picture),
        });
      }
      onPicture?.();
    }
    const scores = await oddness.scores();
    const byName = measured
      .map((picture, i): MeasuredPicture => ({ ...picture, oddness: scores?.[i] ?? null }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      checked: measured.length,
      leftOut: pictures.length - chosen.length,
      unread,
      flags: flagsOf(byName),
      quality: new Map(byName.map(({ name, quality }) => [name, quality])),
      notes: notesOn(measured.length, pictures.length - chosen.length),
    };
  } finally {
    await oddness.close();
  }
}

function notesOn(checked: number, leftOut: number): string[] {
  return [
    ...(checked < FEWEST_FOR_SPREAD
      ? [
          `${checked} pictures are too few to say what is usual: only copies and sizes are looked at; from ${FEWEST_FOR_SPREAD} on the rest is too`,
        ]
      : []),
    ...(leftOut > 0
      ? [`${checked} pictures were drawn at random; the other ${leftOut} were not looked at`]
      : []),
  ];
}
