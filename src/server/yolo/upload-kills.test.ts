// The server killed with SIGKILL while it replaces a dataset (row C30): the old one or the new one, nothing left over, and again.
import { spawn } from 'node:child_process';
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainDataset } from '../../vision/dataset/detection/testing/dataset-files.ts';
import { isDamage } from '../fsck/finding.ts';
import { fsck } from '../fsck/fsck.ts';
import { FileBlobs } from '../platform/blobs/file-blobs.ts';
import type { Context } from '../platform/context.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { removeUnfinished } from '../platform/docs/remove-unfinished.ts';
import { storeRoots } from '../platform/docs/store-folders.ts';
import { systemIds } from '../platform/ids.ts';
import { openWorkspace } from '../platform/workspace-files.ts';
import { type TestContext, testActor, testConfig, testContext } from '../testing/context.ts';
import { buildDataset } from './build-dataset.ts';
import { readDatasets } from './dataset-documents.ts';
import { pinDataset } from './pin-dataset.ts';
import { sweepDatasets } from './sweep-datasets.ts';
import { staged, yoloProject, zipOf } from './testing/datasets.ts';
import { uploadDataset } from './upload-dataset.ts';

const program = fileURLToPath(new URL('./testing/upload-process.ts', import.meta.url));
const builds = { build: buildDataset, close: async () => {} };

let whole: TestContext;
let project: string;
let zip: string;
beforeAll(async () => {
  whole = await testContext();
  project = await yoloProject(whole.context);
  const plain = await plainDataset();
  const old = await staged(whole.context, zipOf({ ...plain, 'data.yaml': 'names: [old, dog]' }));
  await uploadDataset({ context: whole.context, builds }, project, old, { allowPartial: false }, testActor);
  zip = join(whole.folder, 'new.zip');
  await writeFile(zip, zipOf({ ...plain, 'data.yaml': 'names: [new, dog]' }));
});
afterAll(() => whole.close());

/** What the process said before it ended, and by what it ended. */
function killedAt(folder: string, point: string): Promise<{ said: string; signal: NodeJS.Signals | null }> {
  const words = ['--import', 'tsx', program, folder, project, zip, point];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  return new Promise((resolve) => child.once('close', (_, signal) => resolve({ said, signal })));
}

/** As a start of the server does it. */
async function startIn(folder: string, { queue, log, clock, audit }: Context): Promise<Context> {
  const config = testConfig(folder);
  const roots = storeRoots(config);
  await removeUnfinished(roots);
  const workspace = await openWorkspace(config.data_dir, systemIds);
  await workspace.sweep(new Set());
  const [docs, blobs] = [new FileDocs(roots), new FileBlobs(roots)];
  const context: Context = { config, docs, blobs, queue, log, clock, ids: systemIds, audit, workspace };
  await sweepDatasets(context);
  return context;
}

const before = [
  'received',
  'before the building',
  'while building',
  'after the building',
  'after the start',
  'half of the files',
  'after the files',
];
const after = ['after the turn', 'before clearing up'];

describe('a server that is killed', () => {
  it.each([
    ...before.map((point) => [point, 'old'] as const),
    ...after.map((point) => [point, 'new'] as const),
    ['never', 'new'] as const,
  ])(
    '%s: has the %s dataset, whole, and nothing else',
    async (point, name) => {
      const folder = join(whole.folder, point.replaceAll(' ', '-'));
      await cp(join(whole.folder, 'data'), join(folder, 'data'), { recursive: true });
      const { said, signal } = await killedAt(folder, point);
      expect([said, signal]).toEqual(point === 'never' ? ['acknowledged', null] : ['', 'SIGKILL']);
      const context = await startIn(folder, whole.context);
      expect((await pinDataset(context, project)).dataset).toMatchObject({ classes: [name, 'dog'] });
      expect(await fsck(context)).toEqual([]);
      const { building, versions } = await readDatasets(context, project);
      expect(building).toEqual({});
      const stored = await readdir(join(context.config.projects_dir, project, 'yolo'));
      expect(stored.sort()).toEqual(Object.keys(versions).sort());
      for (const left of ['staging', 'work'])
        expect(await readdir(join(context.config.data_dir, '.okapi', left))).toEqual([]);
      // And the upload can be sent again.
      const again = { displayName: 'new.zip', path: zip, sizeBytes: 1 };
      await uploadDataset({ context, builds }, project, again, { allowPartial: false }, testActor);
      expect((await pinDataset(context, project)).dataset.classes).toEqual(['new', 'dog']);
      expect((await fsck(context)).filter(isDamage)).toEqual([]);
      await rm(folder, { recursive: true });
    },
    30_000,
  );
});
