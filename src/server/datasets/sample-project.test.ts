// The sample project: real pictures from a child, marked, with masks; whole or not at all.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listProjects } from '../projects/list-projects.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { listImages } from './list-images.ts';
import { openMask } from './masks.ts';
import { openProbes, type Probes } from './probes.ts';
import { createSampleProject } from './sample-project.ts';
import { stagedNow } from './testing/uploads.ts';

let opened: TestContext;
let probes: Probes;
beforeEach(async () => {
  opened = await testContext();
  probes = openProbes(opened.context.config);
});
afterEach(async () => {
  await probes.close();
  await opened.close();
});

describe('the sample project', () => {
  it('has good parts and defective ones with their masks, and leaves nothing staged', async () => {
    const { context } = opened;
    const { project_id, name } = await createSampleProject({ context, probes }, {}, testActor);
    expect(name).toBe('Sample parts');
    const owner = { kind: 'project', id: project_id } as const;
    const images = await listImages(context, owner);
    const good = images.filter(({ mark }) => mark === 'ok');
    const bad = images.filter(({ mark }) => mark === 'ng');
    expect([good.length, bad.length]).toEqual([24, images.length - 24]);
    expect(bad.length).toBeGreaterThanOrEqual(6);
    for (const { filename, mask } of bad) {
      expect(mask!.size).toBeGreaterThan(0);
      (await openMask(context, owner, filename)).stream.destroy();
    }
    expect(good.every(({ mask }) => mask === undefined)).toBe(true);
    expect(stagedNow(context)).toEqual([]);
  }, 60_000);

  it('is not there when its pictures could not be stored', async () => {
    const { context } = opened;
    const full: Probes = {
      probe: () => Promise.reject(new Error('no space')),
      close: async () => {},
    };
    await expect(createSampleProject({ context, probes: full }, {}, testActor)).rejects.toThrow('no space');
    expect(await listProjects(context)).toEqual([]);
    expect(stagedNow(context)).toEqual([]);
  }, 60_000);
});
