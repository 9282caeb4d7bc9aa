// Opens the data folder: one server at a time, and surely the folder that was used before, not the empty place of a lost mount.
//
// A marker lies in the data folder, and its id is also noted outside of it, in root_dir/.okapi-data. When the note names a
// folder whose marker is missing or another one, a disk is not mounted or the wrong one is: a person has to say otherwise.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import { nodeDisk } from '../../vision/checkpoint/disk.ts';
import { OkapiError } from '../../vision/errors.ts';
import { ServerError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';
import { takeLock } from './data-folder-lock.ts';
import type { Ids } from './ids.ts';

/** The format of the data folder that this version writes; folders of a later one are refused. */
export const dataFormat = 1;

export interface DataFolderOptions {
  readonly dataDir: string;
  /** Where the note about the data folder is kept. */
  readonly rootDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Take the folder as it is although it is not the one that was used before. */
  readonly accept?: boolean;
  /** After how long a server on another machine that gives no sign of life counts as dead. Default 15,000. */
  readonly staleMs?: number;
  /** Called when another server took the folder over: this one must write nothing more. */
  readonly onLost?: (error: ServerError) => void;
}

export interface DataFolder {
  /** Of the marker: stays the same for the life of the folder. */
  readonly id: string;
  /** False when root_dir cannot be written, so that a lost mount would not be noticed. */
  readonly remembered: boolean;
  /** Lets other servers use the folder. */
  close(): Promise<void>;
}

/**
 * Makes the folder when it is new, and takes its lock. Throws data.locked, data.unmarked, data.newer_format; config.invalid
 * for a folder that cannot be written; disk.full.
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { dataDir, rootDir, clock, ids, staleMs = 15_000 } = options;
  const { onLost = () => {} } = options;
  return explained(options, async () => {
    await checkDataFolder(options);
    await makeFolder(join(dataDir, '.okapi'));
    const lock = await takeLock({
      folder: join(dataDir, '.okapi', 'lock'),
      clock,
      ids,
      staleMs,
      onLost: () => onLost(new ServerError('data.locked', 'another server took the data folder over')),
    });
    try {
      const note = (await readNotes(rootDir)).get(dataDir) ?? null;
      const found = await readMarker(dataDir);
      expectKnown(options, note, found, true);
      const marker = found?.id ? found : await writeMarker(options);
      const remembered =
        note?.id === marker.id || (await remember(options, marker.id).catch(notWritable(false)));
      return { id: marker.id, remembered, close: () => lock.release() };
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

/** Throws what openDataFolder throws about the folder itself, and changes nothing: for commands that run beside a server. */
export async function checkDataFolder(options: Places & Pick<DataFolderOptions, 'accept'>): Promise<void> {
  const { dataDir, rootDir } = options;
  await explained(options, async () => {
    const note = (await readNotes(rootDir)).get(dataDir) ?? null;
    expectKnown(options, note, await readMarker(dataDir), await exists(dataDir));
  });
}

type Places = Pick<DataFolderOptions, 'dataDir' | 'rootDir'>;

interface Marker {
  /** "" when the file is damaged. */
  readonly id: string;
  readonly format: number;
  readonly created_at: string;
}

interface Note {
  readonly id: string;
  readonly since: string;
}

function expectKnown(
  options: Places & Pick<DataFolderOptions, 'accept'>,
  note: Note | null,
  marker: Marker | null,
  there: boolean,
): void {
  const { accept = false } = options;
  if (marker !== null && marker.format > dataFormat)
    throw new ServerError(
      'data.newer_format',
      `expected a data folder of format ${dataFormat} or older, got format ${marker.format}: a newer version of okapi wrote it`,
    );
  if (accept) return;
  const problem = problemOf(note, marker, there);
  if (problem === null) return;
  throw new ServerError(
    'data.unmarked',
    `expected data_dir (${shown(options)}) to be the folder that was used before${note ? ` (first on ${note.since})` : ''}, but ${problem}. ` +
      'Is a disk not mounted, or another one? If this folder is right: okapi serve --accept-data-folder',
  );
}

function problemOf(note: Note | null, marker: Marker | null, there: boolean): string | null {
  if (marker?.id === '') return 'its marker .okapi/data-folder.json cannot be read';
  if (note === null) return null;
  if (!there) return 'it is not there';
  if (marker === null) return 'its marker .okapi/data-folder.json is missing';
  return marker.id === note.id ? null : 'its marker is that of another folder';
}

const markerPath = (dataDir: string) => join(dataDir, '.okapi', 'data-folder.json');

async function readMarker(dataDir: string): Promise<Marker | null> {
  const text = await readText(markerPath(dataDir));
  if (text === null) return null;
  try {
    const { id, format, created_at } = JSON.parse(text) as Partial<Marker>;
    if (typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) && Number.isSafeInteger(format))
      return { id, format: format!, created_at: String(created_at) };
  } catch {
    // Told as what it is: damaged.
  }
  return { id: '', format: 0, created_at: '' };
}

async function writeMarker({ dataDir, clock, ids }: DataFolderOptions): Promise<Marker> {
  const marker = { id: ids.random(), format: dataFormat, created_at: clock.date().toISOString() };
  await writeFileAtomic(markerPath(dataDir), jsonBytes(marker));
  return marker;
}

/** Folders and their entries that survive a power cut. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await nodeDisk.syncFolder(dirname(folder));
}

const notesPath = (rootDir: string) => join(rootDir, '.okapi-data');

/** By absolute path of the data folder. */
async function readNotes(rootDir: string): Promise<Map<string, Note>> {
  const text = await readText(notesPath(rootDir));
  if (text === null) return new Map();
  try {
    return new Map(Object.entries((JSON.parse(text) as { folders: Record<string, Note> }).folders));
  } catch (cause) {
    throw new ServerError(
      'config.invalid',
      'expected .okapi-data in root_dir to be as okapi wrote it, got something else; when data_dir is right, delete it',
      { cause },
    );
  }
}

async function remember({ rootDir, dataDir, clock }: DataFolderOptions, id: string): Promise<true> {
  const notes = await readNotes(rootDir);
  notes.set(dataDir, { id, since: clock.date().toISOString() });
  await writeFileAtomic(notesPath(rootDir), jsonBytes({ folders: Object.fromEntries(notes) }));
  return true;
}

const jsonBytes = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

const readOnly = ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENOENT'];

/** The code of the system, also of an error that was made from one. */
function systemCode(error: unknown): string | undefined {
  const { code, syscall } = ((error instanceof OkapiError ? error.cause : error) ??
    {}) as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : code;
}

function notWritable<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (readOnly.includes(systemCode(error) ?? '')) return instead;
    throw error;
  };
}

async function explained<T>(options: Places, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    const where = `data_dir (${shown(options)})`;
    if (readOnly.includes(code))
      throw new ServerError(
        'config.invalid',
        `expected ${where} to be a folder that can be written, got ${code}`,
        {
          cause,
        },
      );
    const full = ['ENOSPC', 'EDQUOT'].includes(code);
    throw new ServerError(
      full ? 'disk.full' : 'disk.io_error',
      `expected to write to ${where}, got ${code}`,
      {
        cause,
      },
    );
  }
}

/** As it is in most configurations. This is told at the start only, never to clients. */
function shown({ dataDir, rootDir }: Places): string {
  const path = relative(rootDir, dataDir);
  return path === '' ? '.' : path.startsWith('..') ? dataDir : path;
}
