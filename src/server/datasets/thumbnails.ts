// Small previews of stored pictures are drawn in children of their own, so that a gallery does not hold up uploads.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { type ChildFailureTable, ChildPool, orRefused } from '../platform/child-pool.ts';
import type { Config } from '../platform/config.ts';
import type { ThumbnailRequest } from './draw-thumbnail.ts';
import { decodingBytes, pictureLimits } from './probes.ts';

export interface Thumbnails {
  /** Writes the preview of a local picture to a local file. Throws image.* errors, server.stopping once closed. */
  draw(path: string, to: string): Promise<void>;
  close(): Promise<void>;
}

const CHILDREN = 2;

export function openThumbnails(config: Pick<Config, 'uploads'>): Thumbnails {
  const limits = pictureLimits(config);
  const pool = new ChildPool<ThumbnailRequest, number>({
    module: moduleBeside(import.meta.url, './thumbnail-child'),
    size: CHILDREN,
    timeoutMs: config.uploads.decode_timeout_seconds * 1000,
    memoryBytes: decodingBytes(limits),
  });
  return {
    async draw(path, to) {
      await orRefused(pool.ask({ path, to, limits }), failures);
    },
    close: () => pool.close(),
  };
}

const failures: ChildFailureTable = {
  timeout: ['image.decode_timeout', 'the picture took too long to decode'],
  crashed: ['image.corrupt', 'the picture made the decoder crash'],
  memory: ['image.corrupt', 'the picture made the decoder use more memory than a picture of its size needs'],
};
