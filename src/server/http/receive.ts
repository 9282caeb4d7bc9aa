// The limits of an upload from the settings, by what its route takes.
import { defaultLimits as checkpointLimits } from '../../vision/checkpoint/limits.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { Route } from '../contract/route.ts';
import { type RouteId, routes } from '../contract/routes.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import type { Config } from '../platform/config.ts';
import type { Call } from './handler.ts';
import { type UploadLimits, withUpload } from './multipart.ts';

const mib = 2 ** 20;

export function uploadLimits(
  { uploads }: Config,
  field: 'files' | 'file',
  tooLarge: ErrorCode,
): UploadLimits {
  if (field === 'file') {
    const bytes = checkpointLimits.bytes;
    return { field, maxFiles: 1, maxFileBytes: bytes, maxTotalBytes: bytes + mib, tooLarge };
  }
  return {
    field,
    maxFiles: uploads.max_files_per_upload,
    maxFileBytes: Math.floor(uploads.max_file_size_mb * mib),
    maxTotalBytes: Math.floor(uploads.max_total_size_mb * mib),
    tooLarge,
  };
}

/** The files of a multipart request, as `withUpload` gives them. */
export function receive<Id extends RouteId, T>(
  { request, services: { context } }: Call<Id>,
  tooLarge: ErrorCode,
  use: (files: AsyncIterable<StagedFile>) => Promise<T>,
): Promise<T> {
  const id = request.routeOptions.config.id!;
  const { multipart }: Route = routes[id];
  return withUpload(request, context.workspace, uploadLimits(context.config, multipart!, tooLarge), use);
}
