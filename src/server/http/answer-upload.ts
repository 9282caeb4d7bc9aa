// The answer to an upload: one verdict per file; an error when not one file was good for anything.
import type { UploadAnswer } from '../datasets/add-images.ts';
import { DetailedError } from './errors.ts';

/** Throws upload.nothing_stored, with all members of the answer in its body. */
export function answerUpload<T extends UploadAnswer & object>(answer: T): T {
  const { items } = answer;
  if (items.some(({ status }) => status !== 'rejected')) return answer;
  const [first] = items;
  const why = `none of ${items.length} files was accepted; ${first?.name}: ${first?.detail}`;
  throw new DetailedError('upload.nothing_stored', why, { ...(answer as UploadAnswer) });
}
