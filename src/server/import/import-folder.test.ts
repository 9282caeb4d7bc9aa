import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listImages } from '../datasets/list-images.ts';
import { markImage } from '../datasets/mark-image.ts';
import { openProbes } from '../datasets/probes.ts';
import { snapshot } from '../datasets/snapshot.ts';
import { picture, stagedNow, storedNow, upload } from '../datasets/testing/uploads.ts';
import type { Owner } from '../platform/queue/job.ts';
import { createProject } from '../projects/create-project.ts';
import { type TestContext, testActor, testConfig, testContext } from '../testing/context.ts';
import { type FolderVerdict, importFolder } from './import-folder.ts';
import { filesBelow, write } from './testing/original-folder.ts';

const probes = openProbes(testConfig('/'));
afterAll(() => probes.close());

let test: TestContext;
let from: string;
beforeEach(async () => {
  test = await testContext();
  from = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(async () => {
  expect(stagedNow(test.context)).toEqual([]);
  await test.close();
  await rm(from, { recursive: true });
});

async function run(project = 'parts', folder = from) {
  const verdicts: FolderVerdict[] = [];
  let total = 0;
  const answer = await importFolder(
    { context: test.context, probes },
    {
      folder,
      project,
      onStart: (count) => {
        total = count;
      },
      onVerdict: (verdict) => verdicts.push(verdict),
    },
    testActor,
  );
  const owner: Owner = { kind: 'project', id: answer.project.project_id };
  const images = await listImages(test.context, owner);
  return { ...answer, owner, verdicts, total, images };
}

const seen = ({ images }: Awaited<ReturnType<typeof run>>) =>
  images.map(({ display_name, mark }) => `${display_name} ${mark ?? '-'}`).sort();

describe('a plain folder', () => {
  it('becomes a new project of unmarked pictures, and stays as it is', async () => {
    for (const n of [1, 2, 3]) await write(from, `${n}.png`, await picture(n));
    await write(from, 'notes.txt', 'x');
    const before = await filesBelow(from);
    const answer = await run();
    expect(answer).toMatchObject({ made: true, project: { name: 'parts' }, total: 3 });
    expect(seen(answer)).toEqual(['1.png -', '2.png -', '3.png -']);
    expect(await filesBelow(from)).toEqual(before);
  });

  it('again adds only what is new, to the project of that name or id', async () => {
    await write(from, '1.png', await picture(1));
    const first = await run();
    await write(from, '2.png', await picture(2));
    const again = await run();
    expect(again).toMatchObject({ made: false, owner: first.owner });
    expect(again.verdicts.map(({ status }) => status)).toEqual(['duplicate', 'stored']);
    const byId = await run(first.owner.id);
    expect(byId.verdicts.map(({ status }) => status)).toEqual(['duplicate', 'duplicate']);
    expect(byId.images).toHaveLength(2);
  });

  it('of more pictures than are written at once arrives whole', async () => {
    for (let n = 0; n < 60; n++) await write(from, `${n}.png`, await picture(n));
    const answer = await run();
    expect(answer.images).toHaveLength(60);
    expect(answer.verdicts.map(({ file }) => file).sort()).toEqual(readdirSync(from).sort());
    expect(storedNow(test.context, answer.owner)).toHaveLength(60);
  });

  it('tells of each refused picture why, and takes the others', async () => {
    await write(from, 'bad.png', 'not a picture');
    await write(from, 'good.png', await picture(1));
    await write(from, 'huge.png', Buffer.alloc(33 * 2 ** 20));
    const answer = await run();
    expect(answer.verdicts.map(({ file, code = 'fine' }) => `${file} ${code}`)).toEqual([
      'bad.png image.unsupported_type',
      'good.png fine',
      'huge.png image.too_large',
    ]);
    expect(answer.images).toHaveLength(1);
  });
});

describe('a folder laid out for tests', () => {
  beforeEach(async () => {
    await write(from, 'train/good/000.png', await picture(1));
    await write(from, 'test/good/000.png', await picture(2));
    await write(from, 'test/scratch/000.png', await picture(3));
    await write(from, 'ground_truth/scratch/000_mask.png', await picture(4));
  });

  it('gives pictures marked by their folders; masks are no pictures of parts', async () => {
    const answer = await run();
    expect(seen(answer)).toEqual([
      'test-good-000.png ok',
      'test-scratch-000.png ng',
      'train-good-000.png ok',
    ]);
    const { images } = await snapshot(test.context, answer.owner);
    // What is there to test with is held out.
    expect(images.map(({ display_name }) => display_name)).toEqual(['train-good-000.png']);
  });

  it('marks pictures that were there without a mark, and leaves marks that people gave', async () => {
    const project = await createProject(test.context, { name: 'parts' }, testActor);
    const owner: Owner = { kind: 'project', id: project.project_id };
    const bytes = [await picture(1), await picture(3)];
    const sent = bytes.map((one, i) => ({ name: `${i}`, bytes: one }));
    const { items } = await upload(test.context, probes, owner, sent);
    await markImage(test.context, owner, items[0]!.filename!, 'ng', testActor);
    expect(seen(await run())).toEqual(['0 ng', '1 ng', 'test-good-000.png ok']);
  });
});

describe('a folder that cannot be imported', () => {
  it('is not there, or holds no pictures: no project is made', async () => {
    await expect(run('parts', join(from, 'nowhere'))).rejects.toMatchObject({ code: 'dataset.not_found' });
    await expect(run()).rejects.toMatchObject({ code: 'dataset.not_found' });
    await write(from, 'left/a.png', 'x');
    await expect(run()).rejects.toMatchObject({ code: 'dataset.layout' });
    expect(existsSync(test.context.config.projects_dir)).toBe(false);
  });

  it('has a name that several projects have', async () => {
    await write(from, '1.png', await picture(1));
    const ids = [];
    for (let n = 0; n < 2; n++)
      ids.push((await createProject(test.context, { name: 'parts' }, testActor)).project_id);
    const error = await run().catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'request.invalid' });
    for (const id of ids) expect((error as Error).message).toContain(id);
    expect((await run(ids[0])).images).toHaveLength(1);
  });

  it('because somebody stops it keeps what is whole', async () => {
    for (let n = 0; n < 30; n++) await write(from, `${n}.png`, await picture(n));
    const stop = new AbortController();
    let told = 0;
    const answer = importFolder(
      { context: test.context, probes },
      {
        folder: from,
        project: 'parts',
        signal: stop.signal,
        onVerdict: () => {
          if (++told === 25) stop.abort(new Error('stopped'));
        },
      },
      testActor,
    );
    await expect(answer).rejects.toThrow('stopped');
    expect(told).toBe(25);
    expect((await run()).verdicts.filter(({ status }) => status === 'duplicate')).toHaveLength(25);
  });
});
