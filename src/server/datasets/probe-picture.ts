// Validates an uploaded picture by decoding it whole, and tells its content hash, type and size.
import { readFile, stat } from 'node:fs/promises';
import { Blake2b16 } from '../../vision/dataset/blake2b.ts';
import { OkapiError } from '../../vision/errors.ts';
import { checkBytes, decodePicture, type PictureLimits, probePicture } from '../../vision/image/decode.ts';
import type { PictureType } from '../../vision/image/format.ts';
import { storedExtension, typeList } from './accepted-types.ts';

export interface ProbeRequest {
  /** A local file. */
  readonly path: string;
  readonly accepted: readonly PictureType[];
  readonly limits: PictureLimits;
}

export type ProbeAnswer =
  | {
      /** BLAKE2b-16 of the bytes, 32 hex digits. */
      readonly hash: string;
      /** Without a dot, by the type of the bytes. */
      readonly extension: string;
      /** In pixels, upright. */
      readonly width: number;
      readonly height: number;
      readonly sizeBytes: number;
    }
  | { readonly code: string; readonly detail: string };

/** A refused picture is an answer with an image.* code. Throws disk.io_error when the file cannot be read. */
export async function probeFile({ path, accepted, limits }: ProbeRequest): Promise<ProbeAnswer> {
  try {
    const bytes = await bytesOf(path, limits);
    const { type } = probePicture(bytes, limits);
    if (!accepted.includes(type)) throw notAccepted(accepted, `a ${typeList([type])} file`);
    const { width, height } = await decodePicture(bytes, limits);
    const hash = new Blake2b16().update(bytes).digest();
    return { hash, extension: storedExtension[type], width, height, sizeBytes: bytes.length };
  } catch (error) {
    if (!(error instanceof OkapiError) || !error.code.startsWith('image.')) throw error;
    return { code: error.code, detail: detailOf(error, accepted) };
  }
}

async function bytesOf(path: string, limits: PictureLimits): Promise<Uint8Array> {
  try {
    checkBytes((await stat(path)).size, limits);
    return await readFile(path);
  } catch (error) {
    if (error instanceof OkapiError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new OkapiError('disk.io_error', `the uploaded file cannot be read (${code})`, { cause: error });
  }
}

/** The decoder knows more types than the settings may accept: the sentence names those of the settings. */
function detailOf(error: OkapiError, accepted: readonly PictureType[]): string {
  if (error.code !== 'image.unsupported_type') return error.message;
  return error.message.replace(/^expected .*?, got /, `expected ${typeList(accepted)}, got `);
}

function notAccepted(accepted: readonly PictureType[], got: string): OkapiError {
  return new OkapiError('image.unsupported_type', `expected ${typeList(accepted)}, got ${got}`);
}
