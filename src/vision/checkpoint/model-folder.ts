// A model folder: files that belong together, listed with their sizes and hashes, complete or absent.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { OkapiError } from '../errors.ts';
import { recoverFolder, writeFolderAtomic } from './atomic-folder.ts';
import { type Disk, nodeDisk } from './disk.ts';

export const manifestName = 'manifest.json';
const FORMAT = 'okapi-model';

export interface ModelFolder {
  readonly path: string;
  /** The bytes of a file that was asked for when the folder was opened. Throws checkpoint.malformed when it is not listed. */
  file(name: string): Uint8Array;
}

/** The bytes of one file, in pieces. */
export type FilePieces = readonly Uint8Array[];

interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: 1;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/**
 * Writes the files and their manifest in place of a folder that may be there. Throws disk.full or disk.io_error, with the
 * old folder as it was.
 */
export async function writeModelFolder(
  path: string,
  files: ReadonlyMap<string, FilePieces>,
  disk: Disk = nodeDisk,
): Promise<void> {
  const rows = [...files].map(([name, pieces]) => {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    return [name, { bytes, sha256: digestOf(pieces) }] as const;
  });
  const text = new TextEncoder().encode(manifestText(Object.fromEntries(rows)));
  await writeFolderAtomic(path, [...files, [manifestName, [text]]], disk);
}

/** The text of manifest.json; readers skip fields that they do not know. */
export function manifestText(
  files: Manifest['files'],
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const manifest: Manifest = { format: FORMAT, version: 1, ...fields, files };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Opens a folder after every file in it was found whole, and keeps the bytes of those in `wanted`, where it has them. Finishes a writing that
 * was cut short. Throws checkpoint.not_found for a missing folder or file, checkpoint.corrupt for a file that is not what
 * was written, checkpoint.malformed for a manifest that cannot be read; each names the file.
 */
export async function openModelFolder(path: string, wanted: readonly string[]): Promise<ModelFolder> {
  await recoverFolder(path);
  const manifest = parseManifest(await read(path, manifestName), path);
  const kept = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const found = await read(path, name);
    if (found.length !== bytes)
      broken('checkpoint.corrupt', path, `${name} has ${found.length} bytes, expected ${bytes}`);
    if (digestOf([found]) !== sha256) broken('checkpoint.corrupt', path, `${name} is not what was written`);
    if (wanted.includes(name)) kept.set(name, found);
  }
  return {
    path,
    file(name) {
      const bytes = kept.get(name);
      if (bytes) return bytes;
      if (!wanted.includes(name)) throw new Error(`internal: ${name} was not asked for`);
      return broken('checkpoint.malformed', path, `${manifestName} does not list ${name}`);
    },
  };
}

function digestOf(pieces: FilePieces): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

async function read(path: string, name: string): Promise<Uint8Array> {
  try {
    // A plain array, since slices of a Buffer are not copies.
    const { buffer, byteOffset, length } = await readFile(join(path, name));
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') broken('checkpoint.not_found', path, `${name} is not there`);
    throw new OkapiError('disk.io_error', `cannot read ${join(path, name)}: ${message}`, { cause: error });
  }
}

function parseManifest(bytes: Uint8Array, path: string): Manifest {
  const malformed = (what: string) => broken('checkpoint.malformed', path, `${manifestName} ${what}`);
  let found: Partial<Manifest> | null;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return malformed('is not valid JSON');
  }
  if (found?.format !== FORMAT) return malformed('is not that of a model');
  if (found.version !== 1) return malformed(`has version ${found.version}, this program reads version 1`);
  const files = Object.entries(found.files ?? {});
  const sound = ([name, row]: (typeof files)[number]) =>
    name === basename(name) && Number.isSafeInteger(row?.bytes) && /^[0-9a-f]{64}$/.test(row?.sha256);
  if (files.length === 0 || !files.every(sound))
    return malformed('does not list files with sizes and hashes');
  return found as Manifest;
}

function broken(
  code: 'checkpoint.not_found' | 'checkpoint.corrupt' | 'checkpoint.malformed',
  path: string,
  what: string,
): never {
  throw new OkapiError(code, `the model in ${path} cannot be used: ${what}`);
}
