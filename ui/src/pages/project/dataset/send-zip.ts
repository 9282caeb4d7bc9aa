// Uploads by XMLHttpRequest, which tells how much was sent; fetch does not.
import type { ResultOf } from '../../../server/client.ts';
import { ApiError } from '../../../server/client.ts';

export type DatasetAnswer = ResultOf<'getYoloDataset'>;

interface SendOptions {
  readonly allowPartial: boolean;
  /** 1 once all is sent and the server checks. */
  readonly onShare: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Throws ApiError for what the server refuses, TypeError when it cannot be reached, AbortError after `signal`. */
export function sendZip(projectId: string, file: File, options: SendOptions): Promise<DatasetAnswer> {
  const { allowPartial, onShare, signal } = options;
  const body = new FormData();
  body.append('file', file, file.name);
  const request = new XMLHttpRequest();
  const query = allowPartial ? '?allow_partial=true' : '';
  request.open('POST', `/projects/${encodeURIComponent(projectId)}/yolo/dataset/upload${query}`);
  request.upload.onprogress = ({ loaded, total }) =>
    onShare(total === 0 ? 0 : Math.min(0.999, loaded / total));
  request.upload.onload = () => onShare(1);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => request.abort());
    request.onabort = () => reject(new DOMException('the upload was stopped', 'AbortError'));
    request.onerror = () => reject(new TypeError('the server cannot be reached'));
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status === 200) resolve(answer as DatasetAnswer);
      else reject(new ApiError(request.status, answer, request.getResponseHeader('retry-after')));
    };
    request.send(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
