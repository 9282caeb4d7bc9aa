// The lock of a data folder: one living process holds it. One that was killed does not keep others out.
//
// Each process that wants the lock puts a file of its own into the lock's folder, TOKEN.json, and then looks at the others':
// those of dead processes are removed (safe: nobody else ever writes a file of that name), a living holder wins, and among
// those that have not got it yet the smallest token. Since everybody looks after having put down its file, two never both
// find nobody else. While it lives, a process writes TOKEN.beat every few seconds, for those who cannot see its pid.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ServerError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';
import { livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts';

interface Entry extends ProcessIdentity {
  readonly token: string;
  /** Whether it has the lock; otherwise it is about to look whether it can have it. */
  readonly held: boolean;
  readonly since: string;
}

export interface LockOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** An owner that cannot be asked is dead when it has not beaten for so long. */
  readonly staleMs: number;
  /** Called when another process took the lock over, which happens to a process that was stopped for longer than staleMs. */
  readonly onLost: () => void;
}

export interface Lock {
  release(): Promise<void>;
}

/** Throws data.locked when a living process has the lock. */
export async function takeLock(options: LockOptions): Promise<Lock> {
  const { folder, clock, ids, staleMs, onLost } = options;
  await mkdir(folder, { recursive: true });
  const here = await thisProcess();
  const mine: Entry = { ...here, token: ids.random(), held: false, since: clock.date().toISOString() };
  const beat = () => writeFile(beatPath(folder, mine.token), '.');
  const release = async () => {
    for (const path of [entryPath(folder, mine.token), beatPath(folder, mine.token)])
      await rm(path, { force: true });
  };
  try {
    await beat();
    await writeEntry(folder, mine);
    await outwait(mine, options);
    await writeEntry(folder, { ...mine, held: true });
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
  const timer = setInterval(async () => {
    if (await isAbsent(entryPath(folder, mine.token))) {
      clearInterval(timer);
      onLost();
    } else await beat().catch(() => {});
  }, staleMs / 5).unref();
  return {
    async release() {
      clearInterval(timer);
      await release();
    },
  };
}

/** Returns once nobody else has the lock or may get it before us. */
async function outwait(mine: Entry, options: LockOptions): Promise<void> {
  const { folder, staleMs, clock } = options;
  const watched = new Map<string, Watch>();
  for (;;) {
    const rivals = await rivalsOf(mine, folder);
    let waiting = false;
    for (const rival of rivals) {
      const state = await stateOf(rival, mine, { folder, staleMs, clock, watched });
      if (state === 'dead') await removeEntry(folder, rival.token);
      else if (state === 'alive' && (rival.held || rival.token < mine.token)) throw locked(rival);
      else waiting = true;
    }
    if (!waiting) return;
    await pause(Math.min(50, staleMs / 10));
  }
}

/** What was last seen of an owner that cannot be asked. */
interface Watch {
  readonly beatMs: number;
  readonly sinceMs: number;
}

async function stateOf(
  rival: Entry,
  mine: Entry,
  {
    folder,
    staleMs,
    clock,
    watched,
  }: Pick<LockOptions, 'folder' | 'staleMs' | 'clock'> & { watched: Map<string, Watch> },
): Promise<'alive' | 'dead' | 'waiting'> {
  const liveness = await livenessOf(rival, mine);
  if (liveness !== 'unknown') return liveness;
  // Both times are those of the file system, so that clocks of machines need not agree.
  await writeFile(beatPath(folder, mine.token), '.');
  const [theirs, ours] = await Promise.all([
    beatMsOf(beatPath(folder, rival.token)),
    beatMsOf(beatPath(folder, mine.token)),
  ]);
  if (ours - theirs > staleMs) return 'dead';
  const seen = watched.get(rival.token);
  if (seen === undefined) watched.set(rival.token, { beatMs: theirs, sinceMs: clock.nowMs() });
  else if (seen.beatMs !== theirs) return 'alive';
  else if (clock.nowMs() - seen.sinceMs > staleMs) return 'dead';
  return 'waiting';
}

async function rivalsOf(mine: Entry, folder: string): Promise<Entry[]> {
  const tokens = (await readdir(folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((token) => token !== mine.token);
  const entries = await Promise.all(tokens.map((token) => readEntry(folder, token)));
  return entries.filter((entry) => entry !== null);
}

async function readEntry(folder: string, token: string): Promise<Entry | null> {
  const text = await readFile(entryPath(folder, token), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return { ...(JSON.parse(text) as Entry), token };
  } catch {
    // Damaged by the disk: whose it was cannot be told, so only its beat counts.
    return { ...unreadable, token };
  }
}

const unreadable = {
  pid: 0,
  host: 'an unknown host',
  boot: 'unknown',
  pid_namespace: null,
  started: null,
  held: true,
  since: 'an unknown time',
};

/** Whole or not at all; it need not survive a power cut, for neither does its owner. */
async function writeEntry(folder: string, entry: Entry): Promise<void> {
  const temporary = join(folder, `${entry.token}.new`);
  await writeFile(temporary, JSON.stringify(entry));
  await rename(temporary, entryPath(folder, entry.token));
}

async function removeEntry(folder: string, token: string): Promise<void> {
  for (const path of [entryPath(folder, token), beatPath(folder, token), join(folder, `${token}.new`)])
    await rm(path, { force: true });
}

const entryPath = (folder: string, token: string) => join(folder, `${token}.json`);
const beatPath = (folder: string, token: string) => join(folder, `${token}.beat`);

async function beatMsOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.mtimeMs ?? 0;
}

async function isAbsent(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

function locked({ pid, host, since }: Entry): ServerError {
  return new ServerError(
    'data.locked',
    `expected a data folder that no other server uses, got one used by process ${pid} on ${host} since ${since}`,
  );
}
