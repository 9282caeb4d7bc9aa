import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemIds } from './ids.ts';
import type { Workspace } from './workspace.ts';
import { openWorkspace } from './workspace-files.ts';

let folder: string;
let workspace: Workspace;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-workspace-'));
  workspace = await openWorkspace(folder, systemIds);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a staged file', () => {
  it('has a random name in the staging folder and is gone after its release', async () => {
    const [one, two] = [workspace.stage(), workspace.stage()];
    expect(dirname(one.path)).toBe(join(folder, '.okapi', 'staging'));
    expect(one.path).toMatch(/[0-9a-f]{32}$/);
    expect(one.path).not.toBe(two.path);
    await writeFile(one.path, 'x');
    await one.release();
    await one.release();
    await two.release();
    expect(await readdir(dirname(one.path))).toEqual([]);
  });
});

describe('the folder of a job', () => {
  it('stays with its files until it is removed', async () => {
    const first = await workspace.jobFolder('job-1');
    await writeFile(join(first, 'state'), 'kept');
    const again = await openWorkspace(folder, systemIds);
    expect(await readFile(join(await again.jobFolder('job-1'), 'state'), 'utf8')).toBe('kept');
    await again.removeJobFolder('job-1');
    await again.removeJobFolder('job-1');
    expect(await readdir(await again.jobFolder('job-1'))).toEqual([]);
  });

  it.each(['..', '../x', 'a/b', '', 'x\0'])('is not made for the id %j', async (id) => {
    await expect(workspace.jobFolder(id)).rejects.toThrow('internal: expected the id of a job');
  });
});

describe('the sweep', () => {
  it('removes what is staged and what belongs to other jobs', async () => {
    await writeFile(workspace.stage().path, 'x');
    for (const id of ['kept', 'old']) await writeFile(join(await workspace.jobFolder(id), 'state'), id);
    await workspace.sweep(new Set(['kept', 'another']));
    expect(await readdir(join(folder, '.okapi', 'staging'))).toEqual([]);
    expect(await readdir(join(folder, '.okapi', 'work'))).toEqual(['kept']);
  });
});
