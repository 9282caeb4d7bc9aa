import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openApiKeys } from '../../server/platform/api-keys.ts';
import { systemClock } from '../../server/platform/clock.ts';
import { openDataFolder } from '../../server/platform/data-folder.ts';
import { FileDocs } from '../../server/platform/docs/file-docs.ts';
import { systemIds } from '../../server/platform/ids.ts';
import { readEnvironment } from '../environment.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { addKeys } from './keys.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function keys(...args: string[]) {
  const terminal = capturedTerminal();
  const context = {
    terminal,
    environment: readEnvironment({}),
    args,
    version: '1.2.3',
    now: () => 0,
    date: () => new Date('2026-01-02T00:00:00.000Z'),
  };
  const program = new Command('okapi').exitOverride().configureOutput({ writeErr: () => {} });
  let code: number | null = null;
  const done = (given: number) => {
    code = given;
  };
  addKeys(program, context, done, { folder, env: {} });
  await program.parseAsync(['keys', ...args], { from: 'user' });
  return { code, out: terminal.outLines, notes: terminal.notes };
}

describe('okapi keys', () => {
  it('adds a key: alone on stdout, with a word about it beside', async () => {
    const { code, out, notes } = await keys('add', 'camera-1', '--scope', 'write', '--expires', '30');
    expect(code).toBe(0);
    expect(out).toEqual([expect.stringMatching(/^okapi_[A-Za-z0-9_-]{43}$/)]);
    expect(notes).toEqual([
      'the key camera-1 may write until 2026-02-01T00:00:00.000Z; it is shown only now: keep it safe',
    ]);
    const found = await openApiKeys(new FileDocs(join(folder, 'data')), {
      ...systemClock,
      date: () => new Date('2026-01-31T00:00:00.000Z'),
    }).findKey(out[0]!);
    expect(found).toMatchObject({ name: 'camera-1', scope: 'write' });
  });

  it('works beside a server that has the lock of the data folder', async () => {
    const server = await openDataFolder({
      dataDir: join(folder, 'data'),
      rootDir: folder,
      clock: systemClock,
      ids: systemIds,
    });
    const known = openApiKeys(new FileDocs(join(folder, 'data')), systemClock);
    const { out } = await keys('add', 'a', '--scope', 'admin');
    expect(await known.findKey(out[0]!)).toMatchObject({ name: 'a', scope: 'admin' });
    await server.close();
  });

  it('lists keys without the keys, and revokes them', async () => {
    const added = await keys('add', 'b-1', '--scope', 'read');
    await keys('add', 'a-1', '--scope', 'admin', '--expires', '1');
    expect((await keys('revoke', 'b-1')).notes).toEqual(['the key b-1 is revoked']);
    const { out } = await keys('list');
    expect(out).toEqual([
      'name  scope  state    made        expires',
      'a-1   admin  valid    2026-01-02  2026-01-03',
      'b-1   read   revoked  2026-01-02  never',
    ]);
    expect(out.join()).not.toContain(added.out[0]!.slice(6));
  });

  it('says that there are none', async () => {
    expect(await keys('list')).toEqual({ code: 0, out: [], notes: ['there are no keys'] });
  });

  it('uses the data folder of the settings', async () => {
    await writeFile(join(folder, 'other.yaml'), 'data_dir: elsewhere');
    await keys('add', 'a', '--scope', 'read', '--config', 'other.yaml');
    expect((await keys('list')).notes).toEqual(['there are no keys']);
    expect((await keys('list', '--config', 'other.yaml')).out).toHaveLength(2);
  });

  it.each<[string[], object]>([
    [['add', 'A B', '--scope', 'read'], { code: 'request.invalid' }],
    [['add', 'a'], { code: 'commander.missingMandatoryOptionValue' }],
    [['add', 'a', '--scope', 'root'], { code: 'commander.invalidArgument' }],
    [['add', 'a', '--scope', 'read', '--expires', '0'], { code: 'commander.invalidArgument' }],
    [['revoke', 'nobody'], { code: 'key.not_found' }],
  ])('refuses %j', async (args, error) => {
    await expect(keys(...args)).rejects.toMatchObject(error);
  });

  it('refuses a data folder that is not the one of the server', async () => {
    const options = { dataDir: join(folder, 'data'), rootDir: folder, clock: systemClock, ids: systemIds };
    await (await openDataFolder(options)).close();
    await rm(join(folder, 'data'), { recursive: true });
    await expect(keys('add', 'a', '--scope', 'read')).rejects.toMatchObject({ code: 'data.unmarked' });
  });
});
