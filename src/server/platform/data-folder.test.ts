import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forkModule, moduleBeside } from '../../vision/runtime/child.ts';
import { testConfig } from '../testing/context.ts';
import { systemClock } from './clock.ts';
import {
  checkDataFolder,
  type DataFolderOptions,
  dataFormat,
  dataPlaces,
  openDataFolder,
} from './data-folder.ts';
import { systemIds } from './ids.ts';
import { thisProcess } from './process-identity.ts';
import type { Answer, Order } from './testing/data-folder-user.ts';

let rootDir: string;
let dataDir: string;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  rootDir = await mkdtemp(join(tmpdir(), 'okapi-data-'));
  dataDir = join(rootDir, 'data');
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await chmod(rootDir, 0o755);
  await rm(rootDir, { recursive: true, force: true });
});

async function open(more: Partial<DataFolderOptions> = {}) {
  const folder = await openDataFolder({ dataDir, rootDir, clock: systemClock, ids: systemIds, ...more });
  closers.push(() => folder.close());
  return folder;
}

/** A process of its own that opens the folder. */
async function openElsewhere(order: Partial<Order> = {}) {
  let answered: (answer: Answer) => void = () => {};
  const answer = new Promise<Answer>((resolve) => {
    answered = resolve;
  });
  const child = forkModule<Answer, Order>(moduleBeside(import.meta.url, './testing/data-folder-user'), {
    onMessage: (message) => answered(message),
  });
  const kill = async () => {
    process.kill(child.pid!, 'SIGKILL');
    await child.ended;
  };
  closers.push(() => kill().catch(() => {}));
  child.send({ dataDir, rootDir, ...order });
  return { answer: await answer, kill, pid: child.pid! };
}

const lockFolder = () => join(dataDir, '.okapi', 'lock');
const markerFile = () => join(dataDir, '.okapi', 'data-folder.json');

/** As a server on another machine leaves its lock. */
async function foreignLock(more: object = {}): Promise<() => Promise<void>> {
  const token = '0'.repeat(32);
  const foreign = { pid: 7, host: 'elsewhere', boot: 'another', pid_namespace: 'pid:[1]', started: '1' };
  await mkdir(lockFolder(), { recursive: true });
  const entry = { ...foreign, token, held: true, since: '2026-01-01T00:00:00.000Z', ...more };
  const beat = () => writeFile(join(lockFolder(), `${token}.beat`), '.');
  await beat();
  await writeFile(join(lockFolder(), `${token}.json`), JSON.stringify(entry));
  return beat;
}

describe('a new data folder', () => {
  it('is made with a marker, which stays', async () => {
    const first = await open();
    expect(first.remembered).toBe(true);
    expect(JSON.parse(await readFile(markerFile(), 'utf8'))).toEqual({
      id: first.id,
      format: dataFormat,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    await first.close();
    expect((await open()).id).toBe(first.id);
  });

  it('may hold files of the original already', async () => {
    await mkdir(join(dataDir, 'projects', 'p-1'), { recursive: true });
    await open();
    expect(await readdir(dataDir)).toEqual(['.okapi', 'projects']);
  });

  it('is opened without a note where root_dir cannot be written', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o777);
    await chmod(rootDir, 0o555);
    const { answer } = await openElsewhere({ unprivileged: true });
    expect(answer).toEqual({ opened: expect.any(String), remembered: false });
  });
});

describe('the lock', () => {
  it('keeps a second server out, saying who has it', async () => {
    await open();
    const { answer } = await openElsewhere();
    expect(answer).toMatchObject({ code: 'data.locked' });
    expect(answer).toMatchObject({
      message: expect.stringMatching(
        new RegExp(
          `^expected a data folder that no other server uses, got one used by process ${process.pid} on .+ since .+Z$`,
        ),
      ),
    });
    await expect(open()).rejects.toMatchObject({ code: 'data.locked' });
  });

  it('is given back at the close', async () => {
    await (await open()).close();
    expect(await readdir(lockFolder())).toEqual([]);
    await open();
  });

  it('of a server that was killed does not keep the next one out', async () => {
    const ids = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const { answer, kill } = await openElsewhere();
      if (!('opened' in answer)) throw new Error(answer.message);
      ids.add(answer.opened);
      await kill();
    }
    ids.add((await open()).id);
    expect(ids.size).toBe(1);
    expect((await readdir(lockFolder())).length).toBe(2);
  });

  it('of a server that is stopped, not dead, keeps others out', async () => {
    const { pid } = await openElsewhere();
    process.kill(pid, 'SIGSTOP');
    await expect(open({ staleMs: 50 })).rejects.toMatchObject({ code: 'data.locked' });
  });

  it('goes to exactly one of many that start at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => open()));
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'data.locked' });
  });

  it('goes to exactly one of several processes that find the lock of a dead one', async () => {
    await (await openElsewhere()).kill();
    const answers = (await Promise.all([1, 2, 3].map(() => openElsewhere()))).map(({ answer }) => answer);
    expect(answers.filter((answer) => 'opened' in answer)).toHaveLength(1);
  });

  it('is not kept by another process that has the pid of the dead one', async () => {
    await foreignLock({ ...(await thisProcess()), started: '12345' });
    await open();
  });

  it('of a server on another machine is kept while it gives signs of life', async () => {
    const beat = await foreignLock();
    const beating = setInterval(beat, 20);
    closers.push(() => clearInterval(beating));
    await expect(open({ staleMs: 2000 })).rejects.toMatchObject({
      code: 'data.locked',
      message: expect.stringContaining('process 7 on elsewhere since 2026-01-01T00:00:00.000Z'),
    });
  });

  it('of a server on another machine is free when it gives none', async () => {
    await foreignLock();
    await open({ staleMs: 100 });
  });

  it('that is damaged counts as one of another machine', async () => {
    await foreignLock();
    await writeFile(join(lockFolder(), `${'0'.repeat(32)}.json`), '{"pid":');
    await open({ staleMs: 100 });
  });

  it('taken over by somebody else is noticed', async () => {
    const lost = new Promise((resolve) => {
      open({ staleMs: 50, onLost: resolve }).then(() => rm(lockFolder(), { recursive: true }));
    });
    expect(await lost).toMatchObject({ code: 'data.locked' });
  });
});

describe('a data folder that was used before', () => {
  async function usedBefore() {
    const folder = await open();
    await folder.close();
    return folder.id;
  }

  it.each<[string, string, () => Promise<unknown>]>([
    ['is not there', 'it is not there', () => rm(dataDir, { recursive: true })],
    [
      'is the empty place of a lost mount',
      'its marker .okapi/data-folder.json is missing',
      async () => {
        await rm(dataDir, { recursive: true });
        await mkdir(dataDir);
      },
    ],
    [
      'is another one',
      'its marker is that of another folder',
      async () => {
        await rm(markerFile());
        await rename(join(rootDir, '.okapi-data'), join(rootDir, 'note'));
        await (await open()).close();
        await rename(join(rootDir, 'note'), join(rootDir, '.okapi-data'));
      },
    ],
    ['has a damaged marker', 'cannot be read', () => writeFile(markerFile(), '{"id":"x')],
  ])('but %s is refused until somebody accepts it', async (_, problem, change) => {
    await usedBefore();
    await change();
    await expect(open()).rejects.toMatchObject({
      code: 'data.unmarked',
      message: expect.stringMatching(/^expected data_dir \(data\).*okapi serve --accept-data-folder$/),
    });
    await expect(open()).rejects.toThrow(problem);
    const accepted = await open({ accept: true });
    await accepted.close();
    expect((await open()).id).toBe(accepted.id);
  });

  it('is checked beside a running server without its lock', async () => {
    await open();
    await checkDataFolder({ dataDir, rootDir });
    await rm(markerFile());
    await expect(checkDataFolder({ dataDir, rootDir })).rejects.toMatchObject({ code: 'data.unmarked' });
  });

  it('and is refused is left as it is', async () => {
    await usedBefore();
    await rm(dataDir, { recursive: true });
    await mkdir(dataDir);
    await expect(open()).rejects.toThrow();
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is refused when a newer version wrote it, accepted or not', async () => {
    await usedBefore();
    const marker = { id: '0'.repeat(32), format: dataFormat + 1, created_at: '' };
    await writeFile(markerFile(), JSON.stringify(marker));
    for (const accept of [false, true])
      await expect(open({ accept })).rejects.toMatchObject({
        code: 'data.newer_format',
        message: `expected a data folder of format 1 or older, got format 2: a newer version of okapi wrote it`,
      });
  });

  it('does not keep another data folder from being used', async () => {
    const first = await usedBefore();
    dataDir = join(rootDir, 'second');
    const second = await open();
    expect(second.id).not.toBe(first);
    dataDir = join(rootDir, 'data');
    expect((await open()).id).toBe(first);
  });

  it('is refused when the note about it is damaged', async () => {
    await usedBefore();
    await writeFile(join(rootDir, '.okapi-data'), '[');
    await expect(open()).rejects.toMatchObject({ code: 'config.invalid' });
  });
});

describe('a folder outside of the data folder that belongs to it', () => {
  const others = () => ({ projects_dir: join(rootDir, 'disk', 'projects') });

  it('is made and marked as the data folder is', async () => {
    const { id } = await open({ others: others() });
    const marker = await readFile(join(others().projects_dir, '.okapi~folder.json'), 'utf8');
    expect(JSON.parse(marker)).toMatchObject({ id });
  });

  it('that is lost is refused until somebody accepts it', async () => {
    await (await open({ others: others() })).close();
    await rm(others().projects_dir, { recursive: true });
    await expect(open({ others: others() })).rejects.toMatchObject({
      code: 'data.unmarked',
      message: expect.stringContaining(
        'expected projects_dir (disk/projects) to be the folder that was used before',
      ),
    });
    await mkdir(others().projects_dir);
    await expect(open({ others: others() })).rejects.toThrow('its marker .okapi~folder.json is missing');
    await (await open({ others: others(), accept: true })).close();
    await open({ others: others() });
  });

  it('of another data folder is refused', async () => {
    await open({ others: others() });
    dataDir = join(rootDir, 'second');
    await expect(open({ others: others() })).rejects.toThrow(/another (data )?folder/);
  });

  it('is one that the settings put elsewhere', () => {
    const config = testConfig(rootDir);
    expect(dataPlaces(config)).toMatchObject({ dataDir, rootDir, others: {} });
    const moved = { ...config, projects_dir: '/mnt/p', models_dir: join(rootDir, 'data2', 'models') };
    expect(dataPlaces(moved).others).toEqual({ projects_dir: '/mnt/p', models_dir: moved.models_dir });
  });
});

describe('a folder inside of the data folder', () => {
  const projects_dir = () => join(dataDir, 'projects');
  /** The projects are a disk of their own while it is mounted. */
  const openWith = (mounted: boolean, changes: object = {}) =>
    open({
      inner: { projects_dir: projects_dir(), models_dir: join(dataDir, 'models') },
      deviceOf: async (path: string) => (mounted && path === projects_dir() ? 2 : 1),
      ...changes,
    });

  it('on the same disk is not marked', async () => {
    await mkdir(projects_dir(), { recursive: true });
    await (await openWith(false)).close();
    expect(await readdir(projects_dir())).toEqual([]);
    await openWith(false);
  });

  it('that is a disk of its own is missed when it is not mounted, until somebody accepts it', async () => {
    await mkdir(projects_dir(), { recursive: true });
    const { id, close } = await openWith(true);
    await close();
    const marker = join(projects_dir(), '.okapi~folder.json');
    expect(JSON.parse(await readFile(marker, 'utf8'))).toMatchObject({ id });
    await (await openWith(true)).close();
    await rename(projects_dir(), join(rootDir, 'unmounted'));
    await mkdir(projects_dir());
    await expect(openWith(false)).rejects.toMatchObject({
      code: 'data.unmarked',
      message: expect.stringContaining('expected projects_dir (data/projects) to be the folder'),
    });
    await rm(projects_dir(), { recursive: true });
    await expect(openWith(false)).rejects.toThrow('it is not there');
    await rename(join(rootDir, 'unmounted'), projects_dir());
    await (await openWith(true)).close();
    await rm(projects_dir(), { recursive: true });
    await mkdir(projects_dir());
    await (await openWith(false, { accept: true })).close();
    await openWith(false);
  });

  it('is one that the settings leave where it is', () => {
    expect(Object.keys(dataPlaces(testConfig(rootDir)).inner ?? {})).toEqual([
      'projects_dir',
      'datasets_dir',
      'models_dir',
    ]);
  });
});

describe('a data folder that cannot be written', () => {
  it('because it is read-only is a clear error', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o555);
    const { answer } = await openElsewhere({ unprivileged: true });
    expect(answer).toEqual({
      code: 'config.invalid',
      message: 'expected data_dir (data) to be a folder that can be written, got EACCES',
    });
  });

  it('because it is a file is a clear error', async () => {
    await writeFile(dataDir, '');
    await expect(open()).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/^expected data_dir \(data\) to be a folder that can be written, got E/),
    });
  });
});
