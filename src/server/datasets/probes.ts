// Decodes uploaded pictures in child processes, two at a time; one that hangs or crashes harms no other.
import { defaultLimits, type PictureLimits } from '../../vision/image/decode.ts';
import type { PictureType } from '../../vision/image/format.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { ChildFailure, ChildPool } from '../platform/child-pool.ts';
import type { Config } from '../platform/config.ts';
import { acceptedTypes } from './accepted-types.ts';
import type { ProbeAnswer, ProbeRequest } from './probe-picture.ts';

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** Types of pictures, instead of those of the settings. */
  readonly accepted?: readonly PictureType[];
}

export interface Probes {
  /**
   * What a file holds, or why it is refused. Throws disk.io_error when it cannot be read, server.stopping when closed,
   * and the signal's reason when aborted.
   */
  probe(path: string, options?: ProbeOptions): Promise<ProbeAnswer>;
  close(): Promise<void>;
}

const children = 2;
/** Node, sharp and the file, besides the pixels. */
const baseBytes = 512 * 2 ** 20;
/** Decoded RGBA, its RGB and its turned copy, and as much again that was not freed yet. */
const bytesPerPixel = 20;

/** `module` is another child in tests. */
export function openProbes(config: Pick<Config, 'uploads'>, module?: URL): Probes {
  const { uploads } = config;
  const limits = pictureLimits(config);
  const usual = acceptedTypes(uploads.allowed_extensions);
  const pool = new ChildPool<ProbeRequest, ProbeAnswer>({
    module: module ?? moduleBeside(import.meta.url, './probe-child'),
    size: children,
    timeoutMs: uploads.decode_timeout_seconds * 1000,
    priority: 'normal',
    memoryBytes: decodingBytes(limits),
  });
  return {
    async probe(path, { accepted = usual, ...options } = {}) {
      try {
        return await pool.ask({ path, accepted, limits }, options);
      } catch (error) {
        if (error instanceof ChildFailure) return failures[error.reason](uploads.decode_timeout_seconds);
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** What a child may hold that decodes pictures. */
export function decodingBytes({ maxPixels }: PictureLimits): number {
  return baseBytes + bytesPerPixel * maxPixels;
}

/** What an uploaded picture may be at most. */
export function pictureLimits({ uploads }: Pick<Config, 'uploads'>): PictureLimits {
  return {
    ...defaultLimits,
    maxBytes: uploads.max_file_size_mb * 2 ** 20,
    maxPixels: uploads.max_megapixels * 1e6,
  };
}

const failures: Record<ChildFailure['reason'], (seconds: number) => ProbeAnswer> = {
  timeout: (seconds) => ({
    code: 'image.decode_timeout',
    detail: `expected a picture that decodes within ${seconds} s, this one did not`,
  }),
  crashed: () => ({ code: 'image.corrupt', detail: 'the picture made the decoder crash' }),
  memory: () => ({
    code: 'image.corrupt',
    detail: 'the picture made the decoder use more memory than a picture of its size needs',
  }),
};
