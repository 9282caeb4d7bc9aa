// A process that replaces a dataset and kills itself at a point. Arguments: the folder, the project, the ZIP, the point.
import { copyFile } from 'node:fs/promises';
import pino from 'pino';
import { FileBlobs } from '../../platform/blobs/file-blobs.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Context } from '../../platform/context.ts';
import type { DocStore } from '../../platform/docs/doc-store.ts';
import { FileDocs } from '../../platform/docs/file-docs.ts';
import { storeRoots } from '../../platform/docs/store-folders.ts';
import { systemIds } from '../../platform/ids.ts';
import { docKeys } from '../../platform/layout.ts';
import { openWorkspace } from '../../platform/workspace-files.ts';
import { TestAudit, testActor, testConfig } from '../../testing/context.ts';
import { buildDataset } from '../build-dataset.ts';
import type { DatasetDoc } from '../dataset-record.ts';
import { uploadDataset } from '../upload-dataset.ts';

const [folder = '', project = '', zip = '', fault = ''] = process.argv.slice(2);

function reach(point: string): void {
  if (point === fault) process.kill(process.pid, 'SIGKILL');
}

async function around<T>(point: string, action: () => Promise<T>): Promise<T> {
  reach(`before ${point}`);
  const result = await action();
  reach(`after ${point}`);
  return result;
}

const config = testConfig(folder);
const docs: DocStore = new FileDocs(storeRoots(config));
const put = docs.put.bind(docs);
docs.put = (key, value, options) =>
  key === docKeys.yolo(project)
    ? around(Object.keys((value as DatasetDoc).building).length > 0 ? 'the start' : 'the turn', () =>
        put(key, value, options),
      )
    : put(key, value, options);
const blobs = new FileBlobs(storeRoots(config));
const adopt = blobs.adopt.bind(blobs);
blobs.adopt = (files) =>
  around('the files', async () => {
    const half = [...files].slice(0, files.size / 2);
    await adopt(new Map(half));
    reach('half of the files');
    await adopt(new Map([...files].slice(half.length)));
  });
const workspace = await openWorkspace(config.data_dir, systemIds);
const removeJobFolder = workspace.removeJobFolder.bind(workspace);
workspace.removeJobFolder = (id) => around('clearing up', () => removeJobFolder(id));

const log = pino({ level: 'silent' });
const stores = {
  config,
  docs,
  blobs,
  workspace,
  log,
  clock: systemClock,
  ids: systemIds,
  audit: new TestAudit(),
};
const context: Context = { ...stores, queue: null as never };
const builds = {
  build: (request: Parameters<typeof buildDataset>[0]) =>
    around('the building', async () => {
      const built = buildDataset(request);
      if (fault === 'while building') setTimeout(() => reach(fault), 10);
      return built;
    }),
  close: async () => {},
};
const { path, release } = workspace.stage();
await copyFile(zip, path);
reach('received');
const file = { displayName: 'new.zip', path, sizeBytes: 1, release };
await uploadDataset({ context, builds }, project, file, { allowPartial: false }, testActor);
process.stdout.write('acknowledged');
