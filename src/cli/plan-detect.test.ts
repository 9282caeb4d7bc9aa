import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { plainDataset } from '../vision/dataset/detection/testing/dataset-files.ts';
import { zipFile } from '../vision/dataset/detection/testing/zip-file.ts';
import { planDetect } from './plan-detect.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';
import type { TrainOptions } from './training-plan.ts';

// A machine of 1 GiB, whatever it is.
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  tmpdir: () => dir,
  totalmem: () => 2 ** 30,
}));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp('/tmp/okapi-');
  const files = Object.entries(await plainDataset());
  for (const [name, content] of files) {
    await mkdir(join(dir, 'parts', name, '..'), { recursive: true });
    await writeFile(join(dir, 'parts', name), content);
  }
  await writeFile(join(dir, 'parts.zip'), zipFile(files.map(([name, content]) => ({ name, content }))));
});
afterAll(() => rm(dir, { recursive: true }));

const unpacked = async () => (await readdir(dir)).filter((name) => name.startsWith('okapi-zip-'));
const plan = (name: string, options: Partial<TrainOptions> = {}) =>
  planDetect(
    join(dir, name),
    { task: 'detect', encoder: 'auto', device: 'cpu', ...options },
    capturedTerminal(),
  );

it('gives a training the same pictures and boxes from an archive as from a folder, until it is closed', async () => {
  const [folder, archive] = [await plan('parts'), await plan('parts.zip')];
  const boxes = ({ request }: typeof folder) =>
    (['train', 'val'] as const).map((split) => request.objects![split].map((picture) => picture.boxes));
  expect(boxes(archive)).toEqual(boxes(folder));
  expect(archive.request.objects!.classes).toEqual(folder.request.objects!.classes);
  expect(await unpacked()).toHaveLength(1);
  await archive.close();
  expect(await unpacked()).toEqual([]);
  await folder.close();
});

it.each(['parts', 'parts.zip'])(
  'refuses a batch that the machine cannot hold, from %s, in the words of the command',
  async (name) => {
    const large = { imgSize: 1280, batch: 64 };
    await expect(plan(name, large)).rejects.toMatchObject({
      code: 'option.invalid',
      message: expect.stringMatching(
        /^expected --batch to fit the memory: \d+ pictures a step of 1280 pixels by okapi-n need about \d\.\d GiB, there are 1\.0 GiB; choose smaller pictures or a smaller variant$/,
      ),
    });
    expect(await unpacked()).toEqual([]);
    await (await plan(name, { imgSize: 64, batch: 64 })).close();
  },
);
