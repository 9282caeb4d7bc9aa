// A picture of a test that was refused, as the error that it is.
import type { TestAnswer } from './client.ts';

type Refused = Extract<TestAnswer['items'][number], { readonly error: string }>;

/** With the code beside the sentence, so that it can be told in the language of the page. */
export function refusalOf({
  error_code: code,
  error_detail,
}: Pick<Refused, 'error_code' | 'error_detail'>): Error {
  return Object.assign(new Error(error_detail), { code });
}
