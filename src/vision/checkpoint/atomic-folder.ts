// Writes files and folders so that, whatever stops us, they are there whole or as they were before.
import { basename, dirname, join, resolve } from 'node:path';
import { type ErrorCode, OkapiError } from '../errors.ts';
import { type Disk, nodeDisk } from './disk.ts';

/** The bytes of one file, whole or in pieces. */
export type FileBytes = Uint8Array | Iterable<Uint8Array>;

/**
 * Writes a file that appears whole or not at all; one that was there stays until then. Throws disk.full or
 * disk.io_error with the old file, or the new one, whole.
 */
export async function writeFileAtomic(path: string, bytes: FileBytes, disk: Disk = nodeDisk): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.new`);
  await guarded(target, async () => {
    try {
      await writeSynced(disk, temporary, bytes);
      await disk.rename(temporary, target);
    } catch (error) {
      await attempt(() => disk.unlink(temporary));
      throw error;
    }
    await disk.syncFolder(dirname(target));
  });
}

/**
 * Writes a folder of files (plain names, no folders inside) that appears whole or not at all, in place of one
 * that may be there. The parent folder must exist, and there may be one writer at a time. Throws disk.full or
 * disk.io_error: then the old folder, or the new one, is there whole (if need be after `recoverFolder`).
 */
export async function writeFolderAtomic(
  path: string,
  files: Iterable<readonly [name: string, bytes: FileBytes]>,
  disk: Disk = nodeDisk,
): Promise<void> {
  const places = placesOf(path);
  await guarded(places.target, async () => {
    await recover(disk, places);
    await discard(disk, places);
    try {
      await stage(disk, places, files);
      await replace(disk, places);
    } catch (error) {
      await attempt(() => undo(disk, places));
      throw error;
    }
    await attempt(() => discard(disk, places));
  });
}

/**
 * Finishes a replacement that was cut short. Call it before reading a folder that `writeFolderAtomic` writes: it
 * touches nothing while the folder is there, and removes nothing.
 */
export async function recoverFolder(path: string, disk: Disk = nodeDisk): Promise<void> {
  const places = placesOf(path);
  await guarded(places.target, () => recover(disk, places));
}

/**
 * The steps of a replacement, the parent synced after each rename:
 *   staging written and synced; target -> old; staging -> target; old -> staging; staging removed.
 * So `old` is always a whole folder; where there is `old` and no `target`, `staging` is whole too; and `staging`
 * beside `target` is worth nothing.
 */
interface Places {
  readonly parent: string;
  readonly target: string;
  readonly staging: string;
  readonly old: string;
}

function placesOf(path: string): Places {
  const target = resolve(path);
  const parent = dirname(target);
  const name = basename(target);
  return { parent, target, staging: join(parent, `.${name}.new`), old: join(parent, `.${name}.old`) };
}

async function recover(disk: Disk, { parent, target, staging, old }: Places): Promise<void> {
  if ((await disk.kind(target)) !== null || (await disk.kind(old)) === null) return;
  const whole = (await disk.kind(staging)) === null ? old : staging;
  await renameSynced(disk, whole, target, parent);
}

/** Removes what replacements left behind. Only once `target` stands, or where there is no `old`. */
async function discard(disk: Disk, { parent, staging, old }: Places): Promise<void> {
  await removeTree(disk, staging);
  if ((await disk.kind(old)) === null) return;
  await renameSynced(disk, old, staging, parent);
  await removeTree(disk, staging);
}

async function stage(
  disk: Disk,
  { staging }: Places,
  files: Iterable<readonly [string, FileBytes]>,
): Promise<void> {
  await disk.mkdir(staging);
  for (const [name, bytes] of files) {
    if (name !== basename(name)) throw new Error(`internal: expected a plain file name, got ${name}`);
    await writeSynced(disk, join(staging, name), bytes);
  }
  await disk.syncFolder(staging);
}

async function replace(disk: Disk, { parent, target, staging, old }: Places): Promise<void> {
  if ((await disk.kind(target)) !== null) await renameSynced(disk, target, old, parent);
  try {
    await disk.rename(staging, target);
  } catch (error) {
    // Between the renames a reader may have recovered the folder for us.
    if ((await disk.kind(target)) === null) throw error;
  }
  await disk.syncFolder(parent);
}

/** Back to the old folder, unless the new one is already in place: then neither is touched. */
async function undo(disk: Disk, { parent, target, staging, old }: Places): Promise<void> {
  const [hasTarget, hasOld] = [(await disk.kind(target)) !== null, (await disk.kind(old)) !== null];
  if (hasTarget && hasOld) return;
  if (hasOld) await renameSynced(disk, old, target, parent);
  await removeTree(disk, staging);
}

async function renameSynced(disk: Disk, from: string, to: string, parent: string): Promise<void> {
  await disk.rename(from, to);
  await disk.syncFolder(parent);
}

async function writeSynced(disk: Disk, path: string, bytes: FileBytes): Promise<void> {
  const file = await disk.create(path);
  try {
    for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function removeTree(disk: Disk, path: string): Promise<void> {
  const kind = await disk.kind(path);
  if (kind === null) return;
  if (kind === 'file') return disk.unlink(path);
  for (const name of await disk.list(path)) await removeTree(disk, join(path, name));
  await disk.rmdir(path);
}

/** Cleaning up is no reason to fail: what stays is hidden, and the next writer removes it. */
async function attempt(action: () => Promise<void>): Promise<void> {
  await action().catch(() => {});
}

const errorCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk.full',
  EDQUOT: 'disk.full',
  EFBIG: 'disk.full',
};

/** Runs an action, its system errors turned into ours. */
async function guarded(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw cause;
    const name = basename(path);
    throw new OkapiError(
      errorCodes[code] ?? 'disk.io_error',
      `expected to write ${name}, got ${code} from the disk; what was there before is kept`,
      { cause },
    );
  }
}
