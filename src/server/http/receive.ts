// The limits of an upload from the settings, by what its route takes.
import { defaultLimits as checkpointLimits } from '../../vision/checkpoint/limits.ts';
import { archiveLimits } from '../../vision/dataset/detection/archive-directory.ts';
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
  { multipart: field = 'files', archive, picture }: Pick<Route, 'multipart' | 'archive' | 'picture'>,
  tooLarge: ErrorCode,
): UploadLimits {
  if (field === 'file') {
    const pictureBytes = Math.floor(uploads.max_file_size_mb * mib);
    const otherBytes = archive ? archiveLimits.packedBytes : checkpointLimits.bytes;
    const bytes = picture ? pictureBytes : otherBytes;
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
  const route: Route = routes[request.routeOptions.config.id!];
  return withUpload(request, context.workspace, uploadLimits(context.config, route, tooLarge), use);
}

/** Of a body that may have one file: it is read to its end. */
export async function onlyFile<T>(files: AsyncIterable<T>): Promise<T> {
  const all: T[] = [];
  for await (const file of files) all.push(file);
  return all[0]!;
}
