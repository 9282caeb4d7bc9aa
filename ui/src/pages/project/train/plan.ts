// What a training would do, before it is started: from how many pictures, for about how long, and what that allows.
import type { TrainingMethod } from '../../../../../src/server/contract/training.ts';

/** Under so many good pictures the server refuses. */
export const leastPictures: Readonly<Record<TrainingMethod, number>> = {
  auto: 1,
  'memory-bank': 2,
  subspace: 1,
  autoencoder: 5,
};

export interface AnomalyWork {
  readonly method: TrainingMethod;
  readonly pictures: number;
  readonly imgSize: number;
  readonly epochs: number;
}

/** Starting a process, reading the encoder, writing the model. */
const STARTUP_SECONDS = 8;
/** For a picture of 256 pixels square on two cores; of the autoencoder in each epoch, the trainings for the threshold included. */
const SECONDS_A_PICTURE: Readonly<Record<TrainingMethod, number>> = {
  auto: 0.5,
  'memory-bank': 0.4,
  subspace: 0.35,
  autoencoder: 0.13,
};

/** About how long, as docs/benchmarks.md measured it. */
export function anomalySeconds({ method, pictures, imgSize, epochs }: AnomalyWork): number {
  const passes = method === 'autoencoder' ? epochs : 1;
  return STARTUP_SECONDS + SECONDS_A_PICTURE[method] * pictures * passes * (imgSize / 256) ** 2;
}

export interface YoloWork {
  readonly pictures: number;
  readonly imgSize: number;
  readonly epochs: number;
  readonly variant: string;
}

/** bccd-yolo: 292 pictures of 320 pixels, 50 epochs of okapi-n in 29.7 minutes. */
const YOLO_SECONDS_A_PICTURE = 0.12;
/** Width against that of n: the work grows about with it, and with the depth. */
const workOf: Readonly<Record<string, number>> = { n: 1, s: 2.2, m: 5, l: 10, x: 16 };

export function yoloSeconds({ pictures, imgSize, epochs, variant }: YoloWork): number {
  const work = workOf[variant.at(-1)!] ?? 1;
  return STARTUP_SECONDS + YOLO_SECONDS_A_PICTURE * pictures * epochs * (imgSize / 320) ** 2 * work;
}

/** Not more exact than an estimate is: 5 s, 10 s, minutes, quarters of an hour. */
export function roughly(seconds: number): number {
  const step = seconds < 60 ? 5 : seconds < 300 ? 30 : seconds < 3600 ? 60 : 900;
  return Math.max(5, Math.round(seconds / step) * step);
}

/** The smallest false-alarm rate that scores of so many good pictures can hold. */
export const leastRate = (pictures: number): number => 1 / (pictures + 1);
