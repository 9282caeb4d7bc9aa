// Picture files in, predictions out: one verdict for each file, in order, whatever the others hold.
import { readPictures } from '../dataset/folder.ts';
import { prefetch } from '../dataset/prefetch.ts';
import type { AnomalyPrediction, Prediction } from '../detectors/detector.ts';
import { type ErrorCode, OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';

export interface TestedFile<P extends Prediction = AnomalyPrediction> {
  readonly status: 'tested';
  readonly file: string;
  readonly picture: Picture;
  readonly prediction: P;
}

export interface UntestedFile {
  readonly status: 'untested';
  readonly file: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export type InspectedFile<P extends Prediction = AnomalyPrediction> = TestedFile<P> | UntestedFile;

/**
 * Decodes the next files while one is inspected; about three pictures are in memory at a time. A file that cannot be
 * read is reported in its turn and does not stop the others. When the signal aborts, the next read throws its reason.
 */
export async function* inspectFiles<P extends Prediction>(
  detector: { predict(pictures: readonly Picture[]): Promise<P[]> },
  files: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<InspectedFile<P>, void, undefined> {
  for await (const verdict of prefetch(files, readAlone, { ahead: 2, signal })) {
    if (verdict.status === 'untested') yield verdict;
    else yield await inspected(detector, verdict);
  }
}

/** A picture of a size that the model cannot look at is like one that cannot be read. */
async function inspected<P extends Prediction>(
  detector: { predict(pictures: readonly Picture[]): Promise<P[]> },
  { file, picture }: { readonly file: string; readonly picture: Picture },
): Promise<InspectedFile<P>> {
  try {
    const [prediction] = await detector.predict([picture]);
    return { status: 'tested', file, picture, prediction: prediction! };
  } catch (error) {
    if (!(error instanceof OkapiError && error.code.startsWith('image.'))) throw error;
    return { status: 'untested', file, code: error.code, message: error.message };
  }
}

type Read = UntestedFile | { readonly status?: never; readonly file: string; readonly picture: Picture };

/** Each file by itself: the copy of another one deserves a verdict too. */
async function readAlone(file: string): Promise<Read> {
  for await (const verdict of readPictures([file])) {
    if (verdict.status === 'ok') return { file, picture: verdict.picture };
    if (verdict.status === 'rejected') return { ...verdict, status: 'untested' };
  }
  throw new Error(`internal: no verdict on ${file}`);
}
