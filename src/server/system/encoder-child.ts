// The program of the child that checks uploaded encoder weights.
import { basename } from 'node:path';
import { openEncoder } from '../../vision/encoders/table.ts';
import { OkapiError } from '../../vision/errors.ts';
import { serveRequests } from '../platform/child-pool.ts';
import type { EncoderToCheck } from './encoder-checks.ts';

serveRequests<EncoderToCheck, null>(async ({ path, displayName }) => {
  try {
    await openEncoder('dinov3-convnext-tiny', { folders: [], weightsFile: path });
    return null;
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    // The person knows the file by its own name.
    const message = error.message.replaceAll(path, displayName).replaceAll(basename(path), displayName);
    throw new OkapiError(error.code, message);
  }
});
