// Sends files in one request through XMLHttpRequest: fetch does not tell how much was sent.
import { ApiError } from './client.ts';

export interface SendOptions {
  /** Told 0 to 1; at 1 the server has all of it, and checks it. */
  readonly onShare: (share: number) => void;
  readonly signal: AbortSignal;
}

export interface SentAnswer {
  readonly status: number;
  /** JSON, or the text where it is none. */
  readonly body: unknown;
  readonly retryAfter: string | null;
}

/** Whatever the server answers. Rejects with a TypeError when there is no answer, and with the signal's reason. */
export function sendFiles(
  url: string,
  files: readonly File[],
  { field = 'files', onShare, signal }: SendOptions & { readonly field?: 'files' | 'file' },
): Promise<SentAnswer> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const file of files) form.append(field, file, file.name);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('POST', url);
    request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 0 : loaded / total);
    request.upload.onload = () => onShare(1);
    request.onload = () =>
      resolve({
        status: request.status,
        body: parsed(request.responseText),
        retryAfter: request.getResponseHeader('retry-after'),
      });
    request.onerror = () => reject(new TypeError('the upload was cut off'));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.send(form);
  });
}

/** The answer to one file, whose type the caller knows by the route. Throws ApiError for what the server refuses, else as sendFiles. */
export async function sendFile<Answer>(url: string, file: File, options: SendOptions): Promise<Answer> {
  const { status, body, retryAfter } = await sendFiles(url, [file], { ...options, field: 'file' });
  if (status >= 300) throw new ApiError(status, body, retryAfter);
  return body as Answer;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
