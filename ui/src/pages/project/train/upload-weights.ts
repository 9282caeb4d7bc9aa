// Sends a file of weights and tells how far it is, which fetch cannot.
import { ApiError, type ResultOf } from '../../../server/client.ts';

export interface SentWeights {
  readonly done: Promise<ResultOf<'uploadBaseModel'>>;
  stop(): void;
}

/** @param onShare 0 to 1; at 1 the server checks what it got. `done` rejects with what the server refuses. */
export function uploadWeights(projectId: string, file: File, onShare: (share: number) => void): SentWeights {
  const request = new XMLHttpRequest();
  const done = new Promise<ResultOf<'uploadBaseModel'>>((resolve, reject) => {
    request.open('POST', `/projects/${encodeURIComponent(projectId)}/base-models/upload`);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 0 : loaded / total);
    request.upload.onload = () => onShare(1);
    request.onload = () =>
      request.status < 300
        ? resolve(request.response)
        : reject(new ApiError(request.status, request.response, request.getResponseHeader('retry-after')));
    request.onerror = () => reject(new TypeError('the upload was broken off'));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    const form = new FormData();
    form.append('file', file, file.name);
    request.send(form);
  });
  return { done, stop: () => request.abort() };
}
