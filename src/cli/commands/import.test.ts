import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { picture } from '../../server/datasets/testing/uploads.ts';
import { write } from '../../server/import/testing/original-folder.ts';
import { systemClock } from '../../server/platform/clock.ts';
import { openDataFolder } from '../../server/platform/data-folder.ts';
import { systemIds } from '../../server/platform/ids.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { commandContext } from '../testing/command-context.ts';
import { type ImportOptions, importPictures } from './import.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  await write(folder, 'Gear wheels/1.png', await picture(1));
  await write(folder, 'Gear wheels/2.png', await picture(2));
});
afterEach(() => rm(folder, { recursive: true }));

async function run(options: ImportOptions = {}, bars = false) {
  const terminal = capturedTerminal({ bars });
  const code = await importPictures('Gear wheels', options, commandContext(terminal), { folder, env: {} });
  return { code, out: terminal.outLines, notes: terminal.notes, drawn: terminal.drawn() };
}

it('makes a project named as the folder, says what became of the pictures, and lets the data folder go', async () => {
  expect(await run()).toEqual({
    code: 0,
    out: [
      'project    Gear wheels (gear-wheels-20260102-030405), new',
      'pictures   2 new ones, 0 there before, 0 refused',
    ],
    notes: ['importing'],
    drawn: '',
  });
  const again = await run({}, true);
  expect(again.out).toEqual([
    'project    Gear wheels (gear-wheels-20260102-030405)',
    'pictures   0 new ones, 2 there before, 0 refused',
  ]);
  expect(again.drawn).toContain('importing');
  expect(await readdir(join(folder, 'data/projects'))).toEqual(['gear-wheels-20260102-030405']);
  expect(await readdir(join(folder, 'data/.okapi/staging'))).toEqual([]);
});

it('takes another name and other settings, and exits with 1 when a picture was refused', async () => {
  await writeFile(join(folder, 'Gear wheels/3.png'), 'no picture');
  await writeFile(join(folder, 'other.yaml'), 'data_dir: elsewhere\n');
  const { code, out, notes } = await run({ project: 'Line 3', config: 'other.yaml' });
  expect(code).toBe(1);
  expect(out).toEqual([
    'project    Line 3 (line-3-20260102-030405), new',
    'pictures   2 new ones, 0 there before, 1 refused',
  ]);
  expect(notes.at(-1)).toBe(
    'refused 3.png: expected JPEG or PNG, got a file of another type (image.unsupported_type)',
  );
  expect(await readdir(join(folder, 'elsewhere/projects'))).toEqual(['line-3-20260102-030405']);
});

it('says that a server uses the data folder, and what to do', async () => {
  const places = { dataDir: join(folder, 'data'), rootDir: folder };
  const server = await openDataFolder({ ...places, clock: systemClock, ids: systemIds });
  const error = await run().catch((reason: Error) => reason);
  await server.close();
  expect(error).toMatchObject({ code: 'data.locked' });
  expect((error as Error).message).toMatch(/^a server uses the data folder .*: stop it first, or upload/);
  expect((await run()).code).toBe(0);
});
