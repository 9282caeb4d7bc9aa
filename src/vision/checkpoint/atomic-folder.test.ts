import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverFolder, writeFileAtomic, writeFolderAtomic } from './atomic-folder.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { diskError, type Fault, MemoryDisk, powerCuts } from './testing/memory-disk.ts';
import { codeOf } from './testing/pickle-program.ts';

const folderOf = (version: string): [string, Uint8Array[]][] => [
  ['model.onnx', [Buffer.from(`onnx of ${version}, `), Buffer.from('in two pieces')]],
  ['threshold.json', [Buffer.from(`{"version":"${version}"}`)]],
];

/** What `snapshot` must say of /models/net, and nothing else there. */
const whole = (version: string) => ({
  'models/': '',
  'models/net/': '',
  'models/net/model.onnx': `onnx of ${version}, in two pieces`,
  'models/net/threshold.json': `{"version":"${version}"}`,
});
const absent = { 'models/': '' };

async function diskWith(version: string | null, fault?: Fault): Promise<MemoryDisk> {
  let armed = false;
  const disk = new MemoryDisk((count, operation) => armed && fault?.(count, operation));
  await disk.mkdir('/models');
  await disk.syncFolder('/');
  if (version !== null) await writeFolderAtomic('/models/net', folderOf(version), disk);
  disk.count = 0;
  armed = true;
  return disk;
}

/** The visible part: hidden leftovers are the next writer's to remove. */
function visible(snapshot: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(snapshot).filter(([path]) => !path.includes('/.')));
}

/** The folder set aside during a replacement: `recoverFolder` relies on it to be whole. */
function setAside(snapshot: Record<string, string>, name = '.net.old'): Record<string, string> {
  const prefix = `models/${name}/`;
  const rows = Object.entries(snapshot).filter(([path]) => path.startsWith(prefix));
  return Object.fromEntries(rows.map(([path, content]) => [path.slice(prefix.length), content]));
}

describe.each([
  ['a new folder', null],
  ['a folder over an old one', 'v1'],
])('writing %s', (_, before) => {
  const old = before === null ? absent : whole(before);
  const oldFiles = before === null ? {} : setAside(whole(before), 'net');

  it('leaves exactly the new files and nothing else', async () => {
    const disk = await diskWith(before);
    await writeFolderAtomic('/models/net', folderOf('v2'), disk);
    expect(disk.snapshot()).toEqual(whole('v2'));
  });

  it.each([
    ['ENOSPC', 'disk.full', 'once'],
    ['EIO', 'disk.io_error', 'once'],
    ['ENOSPC', 'disk.full', 'for ever'],
    ['EIO', 'disk.io_error', 'for ever'],
  ])(
    'with %s at operation n gives %s, %s, and leaves the old folder or the new one',
    async (errno, code, times) => {
      let failures = 0;
      for (let n = 1; ; n++) {
        const disk = await diskWith(before, (count) => {
          if (times === 'once' ? count === n : count >= n) throw diskError(errno);
        });
        const total = () => disk.count;
        const result = await codeOf(() => writeFolderAtomic('/models/net', folderOf('v2'), disk));
        if (total() < n) break;
        const healed = disk.afterPowerCut({ entries: 1, inside: 1, bytes: 1 });
        await recoverFolder('/models/net', healed);
        const found = visible(healed.snapshot());
        if (result === null) expect(found).toEqual(whole('v2'));
        else {
          failures++;
          expect(result).toBe(code);
          expect([old, whole('v2')]).toContainEqual(found);
        }
        await writeFolderAtomic('/models/net', folderOf('v3'), healed);
        expect(healed.snapshot()).toEqual(whole('v3'));
      }
      expect(failures).toBeGreaterThan(15);
    },
  );

  it('with a power cut at operation n leaves the old folder or the new one, whatever was not synced', async () => {
    const seen = new Set<string>();
    for (let n = 1, total = Number.POSITIVE_INFINITY; n <= total + 1; n++) {
      const disk = await diskWith(before, (count) => {
        if (count >= n) throw diskError('EIO');
      });
      await codeOf(() => writeFolderAtomic('/models/net', folderOf('v2'), disk));
      if (disk.count < n) total = disk.count;
      for (const cut of powerCuts) {
        const after = disk.afterPowerCut(cut);
        expect([{}, oldFiles]).toContainEqual(setAside(after.snapshot()));
        await recoverFolder('/models/net', after);
        const found = visible(after.snapshot());
        expect([old, whole('v2')]).toContainEqual(found);
        if (n > total) expect(found).toEqual(whole('v2'));
        seen.add(JSON.stringify(found));
        await writeFolderAtomic('/models/net', folderOf('v3'), after);
        expect(after.snapshot()).toEqual(whole('v3'));
      }
    }
    expect(seen.size).toBe(2);
  });

  it('with a power cut during the recovery of a power cut still ends whole', async () => {
    for (let n = 1; n <= 40; n++) {
      const disk = await diskWith(before, (count) => {
        if (count >= n) throw diskError('EIO');
      });
      await codeOf(() => writeFolderAtomic('/models/net', folderOf('v2'), disk));
      for (let m = 1; m <= 4; m++) {
        const after = failingFrom(m, disk.afterPowerCut({ entries: 0.5, inside: 0.5, bytes: 0.5 }));
        await codeOf(() => recoverFolder('/models/net', after.disk));
        for (const cut of powerCuts) {
          const later = after.memory.afterPowerCut(cut);
          await recoverFolder('/models/net', later);
          expect([old, whole('v2')]).toContainEqual(visible(later.snapshot()));
        }
      }
    }
  });
});

/** A writer stopped between its two renames: the old folder aside, the new one whole but not in place. */
async function betweenRenames(): Promise<MemoryDisk> {
  let renames = 0;
  const disk = await diskWith('v1', (_, operation) => {
    if (operation === 'rename') renames++;
    if (renames >= 2) throw diskError('EIO');
  });
  await codeOf(() => writeFolderAtomic('/models/net', folderOf('v2'), disk));
  return disk.afterPowerCut({ entries: 1, inside: 1, bytes: 1 });
}

describe('a replacement cut between its renames', () => {
  it('is finished by the next reader', async () => {
    const disk = await betweenRenames();
    expect(visible(disk.snapshot())).toEqual(absent);
    await recoverFolder('/models/net', disk);
    expect(disk.snapshot()).toMatchObject(whole('v2'));
  });

  it('is finished by the next writer, even if that one fails', async () => {
    const { disk } = failingFrom(Number.POSITIVE_INFINITY, await betweenRenames());
    const full: Disk = Object.assign(Object.create(disk), {
      create: () => Promise.reject(diskError('ENOSPC')),
    });
    expect(await codeOf(() => writeFolderAtomic('/models/net', folderOf('v3'), full))).toBe('disk.full');
    expect(await disk.list('/models/net')).toEqual(['model.onnx', 'threshold.json']);
  });

  it('is undone at once when only the second rename fails', async () => {
    let renames = 0;
    const disk = await diskWith('v1', (_, operation) => {
      if (operation === 'rename' && ++renames === 2) throw diskError('EIO');
    });
    expect(await codeOf(() => writeFolderAtomic('/models/net', folderOf('v2'), disk))).toBe('disk.io_error');
    expect(disk.snapshot()).toEqual(whole('v1'));
  });
});

/** A disk whose operations fail from the m-th on. */
function failingFrom(m: number, memory: MemoryDisk): { disk: Disk; memory: MemoryDisk } {
  let count = 0;
  const disk = new Proxy(memory, {
    get: (target, name: keyof MemoryDisk) => {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...args: never[]) => {
        if (++count >= m) throw diskError('EIO');
        return (member as (...args: never[]) => unknown).apply(target, args);
      };
    },
  });
  return { disk, memory };
}

describe('a reader', () => {
  it('that recovers between the two renames finishes the work, and the writer does not mind', async () => {
    const disk = await diskWith('v1');
    let renames = 0;
    const interrupted: Disk = Object.assign(Object.create(disk), {
      rename: async (from: string, to: string) => {
        if (++renames === 2) await recoverFolder('/models/net', disk);
        await disk.rename(from, to);
      },
    });
    await writeFolderAtomic('/models/net', folderOf('v2'), interrupted);
    expect(disk.snapshot()).toEqual(whole('v2'));
  });

  it('leaves the staging of a writer at work alone', async () => {
    const disk = await diskWith('v1', (_, operation) => {
      if (operation === 'sync') throw diskError('EIO');
    });
    const staged = new MemoryDisk();
    await staged.mkdir('/models');
    await staged.mkdir('/models/.net.new');
    await recoverFolder('/models/net', staged);
    expect(staged.snapshot()).toEqual({ 'models/': '', 'models/.net.new/': '' });
    await recoverFolder('/models/net', disk);
    expect(disk.snapshot()).toEqual(whole('v1'));
  });
});

describe('writeFileAtomic', () => {
  it('at any failing operation leaves the old file or the new one, and no temporary file after success', async () => {
    for (let n = 1, code: string | null = 'none'; code !== null; n++) {
      let first = Number.POSITIVE_INFINITY;
      const disk = new MemoryDisk((count) => {
        if (count >= first) throw diskError('EIO');
      });
      await writeFileAtomic('/state.json', Buffer.from('old'), disk);
      first = disk.count + n;
      code = await codeOf(() => writeFileAtomic('/state.json', [Buffer.from('n'), Buffer.from('ew')], disk));
      for (const cut of powerCuts) {
        const content = disk.afterPowerCut(cut).snapshot()['state.json'];
        expect(code === null ? ['new'] : ['old', 'new']).toContain(content);
      }
      if (code === null) expect(disk.snapshot()).toEqual({ 'state.json': 'new' });
    }
  });

  it('removes its temporary file when the disk is full', async () => {
    let full = false;
    const disk = new MemoryDisk((_, operation) => {
      if (full && operation === 'write') throw diskError('ENOSPC');
    });
    await writeFileAtomic('/state.json', Buffer.from('old'), disk);
    full = true;
    expect(await codeOf(() => writeFileAtomic('/state.json', Buffer.from('new'), disk))).toBe('disk.full');
    expect(disk.snapshot()).toEqual({ 'state.json': 'old' });
  });
});

describe('on the real disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('replaces a folder again and again', async () => {
    const target = join(folder, 'net');
    for (const version of ['v1', 'v2', 'v3']) await writeFolderAtomic(target, folderOf(version));
    expect(await readdir(folder)).toEqual(['net']);
    expect((await readdir(target)).sort()).toEqual(['model.onnx', 'threshold.json']);
    expect(await readFile(join(target, 'model.onnx'), 'utf8')).toBe('onnx of v3, in two pieces');
  });

  it('killed at operation n leaves a folder that opens whole', async () => {
    const target = join(folder, 'net');
    await writeFolderAtomic(target, folderOf('v0'));
    for (let n = 1, done = false; !done; n++) {
      // A killed process does nothing more: from the n-th operation on, nothing happens and nothing returns.
      let count = 0;
      let die = () => {};
      const death = new Promise<'dead'>((resolve) => {
        die = () => resolve('dead');
      });
      const dying = new Proxy(nodeDisk, {
        get:
          (disk, name: keyof Disk) =>
          (...args: never[]) => {
            if (++count < n) return (disk[name] as (...args: never[]) => unknown)(...args);
            die();
            return new Promise(() => {});
          },
      });
      const writing = writeFolderAtomic(target, folderOf(`v${n}`), dying).then(() => 'done' as const);
      done = (await Promise.race([writing, death])) === 'done';
      await recoverFolder(target);
      const [model, threshold] = await Promise.all(
        ['model.onnx', 'threshold.json'].map((name) => readFile(join(target, name), 'utf8')),
      );
      const version = JSON.parse(threshold!).version;
      expect(model).toBe(`onnx of ${version}, in two pieces`);
      expect([`v${n}`, `v${n - 1}`]).toContain(version);
      await writeFolderAtomic(target, folderOf(`v${n}`));
    }
    expect(await readdir(folder)).toEqual(['net']);
  });

  it('says so when the parent folder is not there', async () => {
    expect(await codeOf(() => writeFolderAtomic(join(folder, 'no', 'net'), folderOf('v1')))).toBe(
      'disk.io_error',
    );
    expect(await codeOf(() => writeFileAtomic(join(folder, 'no', 'file'), Buffer.from('x')))).toBe(
      'disk.io_error',
    );
  });

  it('replaces a file that stands where the folder belongs', async () => {
    const target = join(folder, 'net');
    await writeFile(target, 'in the way');
    await writeFolderAtomic(target, folderOf('v1'));
    expect(await readdir(folder)).toEqual(['net']);
    expect(await readdir(target)).toHaveLength(2);
  });

  it('writes pieces larger than one call takes', async () => {
    const piece = new Uint8Array(70 * 2 ** 20).fill(7);
    await writeFileAtomic(join(folder, 'large'), [piece]);
    expect((await readFile(join(folder, 'large'))).equals(piece)).toBe(true);
  });

  it('refuses names that would leave the folder', async () => {
    const bad: [string, Uint8Array][] = [['../evil', Buffer.from('x')]];
    await expect(writeFolderAtomic(join(folder, 'net'), bad)).rejects.toThrow('internal');
    expect(await readdir(folder)).toEqual([]);
  });
});
