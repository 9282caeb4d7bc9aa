// Which files go in one request, and what its progress and its answer say about each of them. Pure.
import type { Limits } from '../../../../server/client.ts';
import type { FileState, UploadingFile } from './uploading-file.ts';

/** One client may upload only so often in a minute: many files take few requests. */
const requestsAtMost = 30;
const leastFiles = 4;
const mostFiles = 100;
const mostBytes = 64 * 2 ** 20;

/** The next files to send together: the first of those that wait, with one mark, within the limits. */
export function nextBatch(files: readonly UploadingFile[], { uploads }: Limits): UploadingFile[] {
  const waiting = files.filter(({ state }) => state.kind === 'waiting');
  const [first] = waiting;
  if (first === undefined) return [];
  const wanted = Math.min(mostFiles, Math.max(leastFiles, Math.ceil(files.length / requestsAtMost)));
  const count = Math.min(wanted, uploads.max_files);
  const bytes = Math.min(mostBytes, uploads.max_total_bytes);
  const batch: UploadingFile[] = [];
  let sum = 0;
  for (const file of waiting) {
    if (file.mark !== first.mark) continue;
    if (batch.length === count || (batch.length > 0 && sum + file.file.size > bytes)) break;
    batch.push(file);
    sum += file.file.size;
  }
  return batch;
}

/** Share of each file that is sent when so much of the body is: the files go one after another. */
export function sharesSent(sizes: readonly number[], share: number): number[] {
  let left = share * sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => {
    const sent = Math.min(size, Math.max(0, left));
    left -= size;
    return size === 0 ? share : sent / size;
  });
}

/** Why a file is not even sent; null: it may go. */
export function refusedHere({ file }: { readonly file: File }, { uploads }: Limits): FileState | null {
  const refuse = (code: string, detail: string): FileState => ({ kind: 'rejected', code, detail });
  const { allowed_extensions, max_file_bytes } = uploads;
  if (file.size === 0) return refuse('image.empty', '');
  if (file.size > max_file_bytes) return refuse('image.too_large', String(max_file_bytes));
  const extension = /\.[^.]+$/.exec(file.name)?.[0].toLowerCase();
  // The server goes by the bytes, so a picture without an extension may be a good one.
  const mayBePicture =
    extension === undefined || file.type.startsWith('image/') || allowed_extensions.includes(extension);
  return mayBePicture ? null : refuse('image.unsupported_type', allowed_extensions.join(' '));
}

interface Verdict {
  readonly status: 'stored' | 'duplicate' | 'rejected';
  readonly filename?: string;
  readonly code?: string;
  readonly detail?: string;
}

/** The verdicts of an answer, one for each file; null when it has none. */
export function verdictsOf(body: unknown, count: number): FileState[] | null {
  if (typeof body !== 'object' || body === null || !('items' in body)) return null;
  const { items } = body as { items: unknown };
  if (!Array.isArray(items) || items.length !== count) return null;
  return (items as Verdict[]).map(({ status, filename = '', code = '', detail = '' }) =>
    status === 'rejected' ? { kind: 'rejected', code, detail } : { kind: status, filename },
  );
}
