import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SharePolygon } from '../../vision/scoring/region-mask.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { createProject } from './create-project.ts';
import { deleteProject } from './delete-project.ts';
import { getRegions, putRegions, regionsToTrain } from './regions.ts';

let test: TestContext;
let id: string;
beforeEach(async () => {
  test = await testContext();
  id = (await createProject(test.context, { name: 'parts' }, testActor)).project_id;
});
afterEach(() => test.close());

const triangle: SharePolygon = [
  [0, 0],
  [1, 0],
  [0.5, 0.5],
];
const put = (given: unknown, ifRevision?: string | null) =>
  putRegions(test.context, id, given, ifRevision === undefined ? {} : { ifRevision }, testActor);

describe('the regions of a project', () => {
  it('are none until somebody sets them, with a revision, a time, a name and a line in the audit', async () => {
    expect(await getRegions(test.context, id)).toMatchObject({
      regions: { include: [], ignore: [], updated_at: null },
      revision: null,
    });
    expect(await regionsToTrain(test.context, id)).toBeNull();
    const { revision } = await put({ include: [triangle] }, null);
    expect(await getRegions(test.context, id)).toEqual({
      revision,
      regions: {
        include: [triangle],
        ignore: [],
        updated_at: '2026-01-02T03:04:05.000Z',
        updated_by: 'tester',
      },
    });
    expect(await regionsToTrain(test.context, id)).toEqual({ include: [triangle], ignore: [] });
    expect((test.context.audit as TestAudit).entries.at(-1)).toMatchObject({
      action: 'project.regions',
      subject: `projects/${id}`,
      details: { include: 1, ignore: 0 },
    });
  });

  it('are changed only from the revision that was read, and can be taken back', async () => {
    const { revision } = await put({ ignore: [triangle] });
    await put({ include: [triangle] }, revision);
    for (const stale of [revision, null])
      await expect(put({}, stale)).rejects.toMatchObject({ code: 'revision.conflict' });
    await put({});
    expect(await regionsToTrain(test.context, id)).toBeNull();
  });

  it('are refused when they leave nothing, and those before stay', async () => {
    await put({ include: [triangle] });
    const whole = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    await expect(put({ ignore: [whole] })).rejects.toMatchObject({
      code: 'option.invalid',
      message: expect.stringContaining('regions.ignore[0] leaves nothing'),
    });
    expect((await getRegions(test.context, id)).regions.include).toEqual([triangle]);
  });

  it('go with their project, also when that is deleted while they are set', async () => {
    await put({ include: [triangle] });
    await deleteProject(test.context, id, { confirm: 'parts' }, testActor);
    expect(await test.context.docs.get(docKeys.regions(id))).toBeNull();
    await expect(put({})).rejects.toMatchObject({ code: 'project.not_found' });

    const other = (await createProject(test.context, { name: 'other' }, testActor)).project_id;
    const { docs } = test.context;
    const racing: DocStore = Object.assign(Object.create(docs), {
      get: docs.get.bind(docs),
      delete: docs.delete.bind(docs),
      async put(...given: Parameters<DocStore['put']>) {
        await deleteProject(test.context, other, { confirm: 'other' }, testActor);
        return docs.put(...given);
      },
    });
    const context = { ...test.context, docs: racing };
    await expect(putRegions(context, other, { include: [triangle] }, {}, testActor)).rejects.toMatchObject({
      code: 'project.not_found',
    });
    expect(await docs.get(docKeys.regions(other))).toBeNull();
  });
});
