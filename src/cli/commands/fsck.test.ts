import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { commandContext } from '../testing/command-context.ts';
import { checkData } from './fsck.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  await put('data/projects/p/meta.json', '{"name": "p", "created_at": "2026-01-02T03:04:05Z"}');
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
  await utimes(join(folder, path), 0, 0);
}

async function run(options: { removeUnreferenced?: boolean } = {}): Promise<[number, string]> {
  const terminal = capturedTerminal();
  const code = await checkData(options, commandContext(terminal), { folder, env: {} });
  return [code, terminal.outLines.join('\n')];
}

it('says that all is whole, and exits with 0', async () => {
  expect(await run()).toEqual([0, 'all is whole']);
});

it('says what is damaged, what it means and what to do, and exits with 1', async () => {
  await put('data/projects/p/raw/_index.json', '{"files": {"a.png": {"size": 3}}}');
  const [code, text] = await run();
  expect(code).toBe(1);
  expect(text).toMatch(/^image\.missing {2}the image is listed/);
  expect(text).toContain('\n    projects/p/raw/a.png\n    what to do: restore');
  expect(text).toMatch(/damaged: 1$/);
  expect(text).not.toContain(folder);
});

it('names unreferenced and unfinished files, deletes the former only when told to, and exits with 0', async () => {
  await put('data/projects/p/raw/stray.png', 'stray');
  await put('data/projects/p/raw/.half.png.1.new', 'half');
  const [code, text] = await run();
  expect(code).toBe(0);
  expect(text).toContain('    projects/p/raw/stray.png: 5 bytes\n');
  expect(text).toContain('    projects/p/raw/.half.png.1.new\n');
  const [, removed] = await run({ removeUnreferenced: true });
  expect(removed).toContain('deleted 1 file that no record names');
  expect((await run())[1]).not.toContain('stray.png');
});

it('deletes nothing while a server uses the folder', async () => {
  const { openDataFolder } = await import('../../server/platform/data-folder.ts');
  const { systemClock } = await import('../../server/platform/clock.ts');
  const { systemIds } = await import('../../server/platform/ids.ts');
  await put('data/projects/p/raw/stray.png', 'stray');
  const place = { dataDir: join(folder, 'data'), rootDir: folder, clock: systemClock, ids: systemIds };
  const server = await openDataFolder(place);
  try {
    await expect(run({ removeUnreferenced: true })).rejects.toMatchObject({ code: 'data.locked' });
    expect((await run())[1]).toContain('stray.png');
  } finally {
    await server.close();
  }
});
