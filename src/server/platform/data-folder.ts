// Opens the data folder: one server at a time, and surely the folder that was used before, not the empty place of a lost mount.
//
// A marker lies in the data folder, and its id is also noted outside of it, in root_dir/.okapi-data. When the note names a
// folder whose marker is missing or another one, a disk is not mounted or the wrong one is: a person has to say otherwise. So
// for projects_dir, datasets_dir and models_dir where they lie elsewhere, or are a disk of their own inside the data folder.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import { nodeDisk } from '../../vision/checkpoint/disk.ts';
import { OkapiError } from '../../vision/errors.ts';
import { ServerError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { takeLock } from './data-folder-lock.ts';
import type { Ids } from './ids.ts';

/** The format of the data folder that this version writes; folders of a later one are refused. */
export const dataFormat = 1;

/** The folders of a server. */
export interface DataPlaces {
  readonly dataDir: string;
  /** Where the note about the data folder is kept. */
  readonly rootDir: string;
  /** Folders outside of dataDir that belong to it, by setting, such as projects_dir. */
  readonly others?: Readonly<Record<string, string>>;
  /** Folders inside dataDir, by setting: marked once they are a disk of their own. */
  readonly inner?: Readonly<Record<string, string>>;
}

export function dataPlaces(config: Config): DataPlaces {
  const { data_dir, root_dir, projects_dir, datasets_dir, models_dir } = config;
  const places = Object.entries({ projects_dir, datasets_dir, models_dir });
  const isOutside = ([, path]: [string, string]) => {
    const below = relative(data_dir, path);
    return below.startsWith('..') || isAbsolute(below);
  };
  return {
    dataDir: data_dir,
    rootDir: root_dir,
    others: Object.fromEntries(places.filter(isOutside)),
    inner: Object.fromEntries(places.filter((place) => !isOutside(place))),
  };
}

/** What tells one disk from another; null when there is nothing at the path. */
export type DeviceOf = (path: string) => Promise<number | null>;

const deviceOf: DeviceOf = async (path) => (await stat(path).catch(() => null))?.dev ?? null;

export interface DataFolderOptions extends DataPlaces {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Take the folders as they are although they are not those that were used before. */
  readonly accept?: boolean;
  /** After how long a server on another machine that gives no sign of life counts as dead. Default 15,000. */
  readonly staleMs?: number;
  /** Called when another server took the folder over: this one must write nothing more. */
  readonly onLost?: (error: ServerError) => void;
  readonly deviceOf?: DeviceOf;
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
  const { dataDir, clock, ids, staleMs = 15_000, onLost = () => {} } = options;
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
      return { ...(await markPlaces(options)), close: () => lock.release() };
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

/** Throws what openDataFolder throws about the folders themselves, and changes nothing: for commands that run beside a server. */
export async function checkDataFolder(
  options: DataPlaces & Pick<DataFolderOptions, 'accept' | 'deviceOf'>,
): Promise<void> {
  await explained(options, async () => {
    const notes = await readNotes(options.rootDir);
    for (const place of await placesOf(options, notes))
      await expectKnown(place, notes.get(place.path) ?? null, options);
  });
}

/** A folder that has to be the one of before. */
interface Place {
  readonly setting: string;
  readonly path: string;
  readonly marker: string;
}

/** Its name is no key of a record or blob. */
const otherMarker = '.okapi~folder.json';

async function placesOf(
  {
    dataDir,
    others = {},
    inner = {},
    deviceOf: device = deviceOf,
  }: DataPlaces & Pick<DataFolderOptions, 'deviceOf'>,
  notes: ReadonlyMap<string, Note>,
): Promise<readonly [data: Place, ...others: Place[]]> {
  const found = await device(dataDir);
  const isDisk = async (path: string) => ![null, found].includes(await device(path));
  const marked = Object.entries(others);
  for (const [setting, path] of Object.entries(inner))
    if (notes.has(path) || (await isDisk(path))) marked.push([setting, path]);
  return [
    { setting: 'data_dir', path: dataDir, marker: join('.okapi', 'data-folder.json') },
    ...marked.map(([setting, path]) => ({ setting, path, marker: otherMarker })),
  ];
}

/** Writes the markers and the notes that are missing. All markers of a server have the id of its data folder. */
async function markPlaces(options: DataFolderOptions): Promise<Pick<DataFolder, 'id' | 'remembered'>> {
  const { rootDir, ids, clock, accept = false } = options;
  const notes = await readNotes(rootDir);
  const [data, ...others] = await placesOf(options, notes);
  const before = await expectKnown(data, notes.get(data.path) ?? null, options);
  const marker = before?.id
    ? before
    : { id: ids.random(), format: dataFormat, created_at: clock.date().toISOString() };
  if (marker !== before) await writeMarker(data, marker);
  for (const place of others) {
    await makeFolder(place.path);
    const found = await expectKnown(place, notes.get(place.path) ?? null, options);
    if (found?.id === marker.id) continue;
    if (found !== null && !accept) throw unmarked(place, null, 'it belongs to another data folder', options);
    await writeMarker(place, marker);
  }
  const missing = [data, ...others].filter(({ path }) => notes.get(path)?.id !== marker.id);
  if (missing.length === 0) return { id: marker.id, remembered: true };
  for (const { path } of missing) notes.set(path, { id: marker.id, since: clock.date().toISOString() });
  return { id: marker.id, remembered: await writeNotes(rootDir, notes).catch(notWritable(false)) };
}

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

/** Returns the marker of a place, which is that of its note unless that was accepted. */
async function expectKnown(
  place: Place,
  note: Note | null,
  options: DataPlaces & { readonly accept?: boolean },
): Promise<Marker | null> {
  const marker = await readMarker(place);
  if (marker !== null && marker.format > dataFormat)
    throw new ServerError(
      'data.newer_format',
      `expected a data folder of format ${dataFormat} or older, got format ${marker.format}: a newer version of okapi wrote it`,
    );
  const problem = problemOf(place, note, marker, await exists(place.path));
  if (problem !== null && options.accept !== true) throw unmarked(place, note, problem, options);
  return marker;
}

function problemOf(
  { marker: name }: Place,
  note: Note | null,
  marker: Marker | null,
  there: boolean,
): string | null {
  if (marker?.id === '') return `its marker ${name} cannot be read`;
  if (note === null) return null;
  if (!there) return 'it is not there';
  if (marker === null) return `its marker ${name} is missing`;
  return marker.id === note.id ? null : 'its marker is that of another folder';
}

function unmarked(
  { setting, path }: Place,
  note: Note | null,
  problem: string,
  places: DataPlaces,
): ServerError {
  const first = note ? ` (first on ${note.since})` : '';
  return new ServerError(
    'data.unmarked',
    `expected ${setting} (${shown(path, places)}) to be the folder that was used before${first}, but ${problem}. ` +
      'Is a disk not mounted, or another one? If this folder is right: okapi serve --accept-data-folder',
  );
}

async function readMarker({ path, marker }: Place): Promise<Marker | null> {
  const text = await readText(join(path, marker));
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

async function writeMarker({ path, marker: name }: Place, marker: Marker): Promise<void> {
  await writeFileAtomic(join(path, name), jsonBytes(marker));
}

/** A folder whose entry survives a power cut, as those of the folders above it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await nodeDisk.syncFolder(dirname(folder));
}

const notesPath = (rootDir: string) => join(rootDir, '.okapi-data');

/** By absolute path of the folder. */
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

async function writeNotes(rootDir: string, notes: ReadonlyMap<string, Note>): Promise<true> {
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

async function explained<T>(places: DataPlaces, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    const where = `data_dir (${shown(places.dataDir, places)})`;
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
function shown(path: string, { rootDir }: DataPlaces): string {
  const below = relative(rootDir, path);
  return below === '' ? '.' : below.startsWith('..') ? path : below;
}
