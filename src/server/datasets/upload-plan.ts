// What an upload changes: which files are new to an owner, and the verdict for each.
import type { Owner } from '../platform/queue/job.ts';
import type { ImageIndex, ImageRecord, Mark, UploadVerdict } from './image-record.ts';
import { imageUrl } from './image-url.ts';
import type { ProbeAnswer } from './probe-picture.ts';

/** A file on its way: refused, or staged and known to be a sound picture of an accepted type. */
export type ProbedFile =
  | { readonly name: string; readonly refused: { readonly code: string; readonly detail: string } }
  | (SoundPicture & { readonly name: string; readonly path: string } & ToSay);

/** What is said of a new image. */
interface ToSay {
  readonly mark?: Mark | undefined;
  readonly holdout?: true | undefined;
}

type SoundPicture = Extract<ProbeAnswer, { hash: string }>;

export interface UploadPlan {
  /** In the order of the files. */
  readonly verdicts: readonly UploadVerdict[];
  /** By stored name: the record of each new image, and where its file is staged. */
  readonly fresh: ReadonlyMap<string, { readonly record: ImageRecord; readonly path: string }>;
}

/** A file is a duplicate when the owner has its bytes already, or an earlier file of the same upload has. */
export function planUpload(
  owner: Owner,
  index: ImageIndex,
  files: readonly ProbedFile[],
  uploadedAt: string,
): UploadPlan {
  const known = new Map(Object.values(index.files).map((record) => [record.hash, record]));
  const fresh = new Map<string, { record: ImageRecord; path: string }>();
  const verdicts = files.map((file): UploadVerdict => {
    if ('refused' in file) return { name: file.name, status: 'rejected', ...file.refused };
    const before = known.get(file.hash);
    if (before) return { ...accepted(owner, file.name, before), status: 'duplicate' };
    const record = recordFor(file, uploadedAt);
    known.set(file.hash, record);
    fresh.set(record.filename, { record, path: file.path });
    return { ...accepted(owner, file.name, record), status: 'stored' };
  });
  return { verdicts, fresh };
}

/** The index with the new images. One that was deleted before is there again. */
export function withFresh(index: ImageIndex, { fresh }: UploadPlan): ImageIndex {
  const { deleted = {}, ...rest } = index;
  const left = Object.entries(deleted).filter(([stored]) => !fresh.has(stored));
  const records = [...fresh].map(([stored, { record }]) => [stored, record] as const);
  return {
    ...rest,
    files: { ...index.files, ...Object.fromEntries(records) },
    ...(left.length > 0 && { deleted: Object.fromEntries(left) }),
  };
}

function accepted(owner: Owner, name: string, { id, filename }: ImageRecord) {
  return { name, id, filename, url: imageUrl(owner, filename) };
}

function recordFor(file: Extract<ProbedFile, { hash: string }>, uploadedAt: string): ImageRecord {
  return {
    id: file.hash,
    filename: `${file.hash}.${file.extension}`,
    display_name: file.name,
    original_name: file.name,
    uploaded_at: uploadedAt,
    hash: file.hash,
    size: file.sizeBytes,
    width: file.width,
    height: file.height,
    ...(file.mark && { mark: file.mark }),
    ...(file.holdout && { holdout: file.holdout }),
  };
}
