// Replaces the dataset of a project by an uploaded ZIP archive, once that was checked whole.
import { archiveLimits } from '../../vision/dataset/detection/archive-directory.ts';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import { displayName } from '../datasets/display-name.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { pictureLimits } from '../datasets/probes.ts';
import type { Actor } from '../platform/audit.ts';
import type { DatasetVersion } from './dataset-record.ts';
import { type DatasetParts, putDataset } from './put-dataset.ts';

export interface UploadOptions {
  /** Leaves out pictures that cannot be read, and says which; else they refuse the whole. */
  readonly allowPartial: boolean;
}

/** Throws as putDataset, and what refused the file on the way. */
export async function uploadDataset(
  parts: DatasetParts,
  projectId: string,
  file: StagedFile,
  { allowPartial }: UploadOptions,
  actor: Actor,
): Promise<DatasetVersion> {
  if ('refused' in file) throw new ServerError(file.refused.code as ErrorCode, file.refused.detail);
  const { path, sizeBytes } = file;
  if (sizeBytes > archiveLimits.packedBytes) {
    const text = `expected at most ${archiveLimits.packedBytes} bytes, got ${sizeBytes}`;
    throw new ServerError('zip.too_large', text);
  }
  const source = { kind: 'zip', name: displayName(file.displayName) } as const;
  const limits = pictureLimits(parts.context.config);
  const prepare = async () => ({ from: { kind: 'zip', path }, allowPartial, limits }) as const;
  return putDataset(parts, projectId, { source, prepare }, actor);
}
