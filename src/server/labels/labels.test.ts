import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import { docKeys } from '../platform/layout.ts';
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { getLabel } from './get-label.ts';
import type { NewImageLabel } from './image-label.ts';
import { getClasses, putClasses } from './label-classes.ts';
import { listLabels } from './list-labels.ts';
import { putLabel } from './put-label.ts';

const image = `${'a'.repeat(32)}.png`;
const other = `${'b'.repeat(32)}.png`;

let test: TestContext;
let project: string;
beforeEach(async () => {
  test = await testContext();
  project = (await createProject(test.context, { name: 'labelled' }, testActor)).project_id;
  const records = { [image]: { filename: image, width: 640, height: 480 }, [other]: { filename: other } };
  await test.context.docs.put(docKeys.images({ kind: 'project', id: project }), { files: records });
});
afterEach(() => test.close());

const box = (label: string, x = 0.1, y = 0.2, width = 0.3, height = 0.4) => ({ label, x, y, width, height });
const body = (...boxes: NewImageLabel['boxes'][number][]): NewImageLabel => ({
  image_width: 640,
  image_height: 480,
  boxes,
});
const save = (content: NewImageLabel, options: { ifRevision?: string | null } = {}, name = image) =>
  putLabel(test.context, project, name, content, options, testActor);
const classes = (...names: string[]) => putClasses(test.context, project, names, testActor);

async function failure(action: Promise<unknown>): Promise<[string, ...string[]]> {
  try {
    await action;
  } catch (error) {
    if (error instanceof ServerError) return [error.code, ...error.errors.map(({ path }) => path)];
    throw error;
  }
  return ['none'];
}

describe('saving a label', () => {
  it('gives back what is stored, in the original shape', async () => {
    const { label, revision } = await save(body({ id: 'mine', ...box('Scratch') }, box('dent')));
    expect(label).toEqual({
      filename: image,
      image_width: 640,
      image_height: 480,
      boxes: [
        { id: 'mine', ...box('Scratch') },
        { id: expect.stringMatching(/^[0-9a-f]{32}$/), ...box('dent') },
      ],
      updated_at: '2026-01-02T03:04:05.000Z',
    });
    expect(await getLabel(test.context, project, image)).toEqual({ label, revision });
    expect((await test.context.docs.get(`projects/${project}/labels/${image}`))?.value).toEqual(label);
    expect(await listLabels(test.context, project)).toEqual({ items: [label], classes: ['Scratch', 'dent'] });
    expect((test.context.audit as TestAudit).entries.at(-1)).toMatchObject({
      action: 'label.put',
      subject: `projects/${project}/labels/${image}`,
    });
  });

  it('cuts a box at the edge when it sticks out by no more than a thousandth', async () => {
    const { label } = await save(body(box('a', -0.0005, 0.5, 0.5, 0.5005)));
    expect(label.boxes[0]).toMatchObject({ x: 0, y: 0.5, height: 0.5 });
    expect(label.boxes[0]!.width).toBeCloseTo(0.4995, 9);
  });

  it.each([
    ['outside to the left', box('a', -0.1), 'body.boxes.1.x'],
    ['outside to the right', box('a', 0.9, 0, 0.2), 'body.boxes.1.width'],
    ['not a number', box('a', Number.NaN), 'body.boxes.1.x'],
    ['endless', box('a', 0, 0, Number.POSITIVE_INFINITY), 'body.boxes.1.width'],
    ['without a width', box('a', 0, 0, 0), 'body.boxes.1.width'],
    ['of negative height', box('a', 0.5, 0.5, 0.1, -0.1), 'body.boxes.1.height'],
    ['wholly within the slack outside', box('a', -0.0009, 0, 0.0005), 'body.boxes.1.width'],
    ['without a name', box(' \u200b'), 'body.boxes.1.label'],
    ['with the id of another', { id: 'one', ...box('a') }, 'body.boxes.1.id'],
  ])('refuses a box %s, and stores nothing', async (_, bad, path) => {
    expect(await failure(save(body({ id: 'one', ...box('ok') }, bad)))).toEqual(['request.invalid', path]);
    expect(await listLabels(test.context, project)).toEqual({ items: [], classes: [] });
  });

  it('takes ten thousand boxes and no more', async () => {
    const boxes = Array.from({ length: 10_000 }, () => box('a'));
    expect((await save(body(...boxes))).label.boxes).toHaveLength(10_000);
    expect(await failure(save(body(...boxes, box('a'))))).toEqual(['request.invalid', 'body.boxes']);
  });

  it('refuses another size than the image has, and takes any where the record has none', async () => {
    const wrong = { ...body(), image_width: 480, image_height: 640 };
    expect(await failure(save(wrong))).toEqual(['request.invalid', 'body.image_width']);
    expect(await failure(save({ ...body(), image_width: 0.5 }, {}, other))).toEqual([
      'request.invalid',
      'body.image_width',
    ]);
    expect(await failure(save(wrong, {}, other))).toEqual(['none']);
  });

  it('is refused to the second of two who began with the same revision', async () => {
    const first = await save(body(box('a')), { ifRevision: null });
    expect(await failure(save(body(box('new')), { ifRevision: null }))).toEqual(['revision.conflict']);
    const second = await save(body(box('b')), { ifRevision: first.revision });
    expect(await failure(save(body(box('c')), { ifRevision: first.revision }))).toEqual([
      'revision.conflict',
    ]);
    expect(await getLabel(test.context, project, image)).toEqual(second);
    expect(await getClasses(test.context, project)).toEqual(['a', 'b']);
  });

  it.each(['nothing.png', '../x', '__proto__', 'classes', ''])('of %j finds no image', async (name) => {
    expect(await failure(save(body(), {}, name))).toEqual(['image.not_found']);
    expect(await failure(getLabel(test.context, project, name))).toEqual(['image.not_found']);
  });

  it('leaves nothing of a project or an image that was deleted meanwhile', async () => {
    const { docs } = test.context;
    for (const [remove, code] of [
      [
        () => deleteImage(test.context, { kind: 'project', id: project }, image, testActor),
        'image.not_found',
      ],
      [() => deleteProject(test.context, project, { confirm: 'labelled' }, testActor), 'project.not_found'],
    ] as const) {
      const name = code === 'image.not_found' ? image : other;
      const put = docs.put.bind(docs);
      docs.put = async (key, ...rest) => {
        if (key === docKeys.label(project, name)) {
          docs.put = put;
          await remove();
        }
        return put(key, ...rest);
      };
      expect(await failure(save(body(box('late')), {}, name))).toEqual([code]);
      expect((await docs.list(docKeys.labels(project))).docs).not.toContain(name);
    }
    expect(await docs.list('projects')).toEqual({ docs: [], journals: [], folders: [] });
  });
});

describe('reading a label', () => {
  it('of an image that nobody has labelled gives no boxes', async () => {
    expect(await getLabel(test.context, project, image)).toEqual({
      label: { filename: image, image_width: 640, image_height: 480, boxes: [], updated_at: null },
      revision: null,
    });
  });

  it('says which record is damaged, and a new saving repairs it', async () => {
    const folder = join(test.folder, 'data/projects', project, 'labels');
    await mkdir(folder);
    for (const torn of ['{"boxes": [', '[]', '{"boxes": 3}', '']) {
      await writeFile(join(folder, `${image}.json`), torn);
      await expect(getLabel(test.context, project, image)).rejects.toMatchObject({
        code: 'doc.corrupt',
        message: expect.stringContaining(`labels/${image}`),
      });
      expect(await failure(listLabels(test.context, project))).toEqual(['doc.corrupt']);
    }
    await save(body(box('a')));
    expect((await listLabels(test.context, project)).items).toHaveLength(1);
  });

  it('reads what the original wrote', async () => {
    const folder = join(test.folder, 'data/projects', project, 'labels');
    await mkdir(folder);
    await writeFile(join(folder, `${other}.json`), JSON.stringify({ boxes: [box('old')] }));
    await writeFile(join(folder, 'classes.json'), '["old"]');
    expect((await listLabels(test.context, project)).items[0]!.boxes).toEqual([
      { id: 'box-1', ...box('old') },
    ]);
  });
});

describe('classes', () => {
  it('are trimmed, cleaned, and unique but for case', async () => {
    expect(await classes(' scratch ', 'Dent', 'SCRATCH', 'dent\u202e')).toEqual(['scratch', 'Dent']);
    expect(await getClasses(test.context, project)).toEqual(['scratch', 'Dent']);
    expect(await failure(classes('ok', ' '))).toEqual(['request.invalid', 'body.classes.1']);
  });

  it('stay while boxes use them', async () => {
    await save(body(box('scratch')));
    expect(await failure(classes('dent'))).toEqual(['label.class_in_use']);
    expect(await getClasses(test.context, project)).toEqual(['scratch']);
    await save(body());
    expect(await classes('dent')).toEqual(['dent']);
  });

  it('that are only written otherwise are so on every box', async () => {
    await save(body(box('scratch')));
    await classes('Scratch');
    expect((await getLabel(test.context, project, image)).label.boxes[0]!.label).toBe('Scratch');
    expect((await save(body(box('SCRATCH')))).label.boxes[0]!.label).toBe('Scratch');
  });

  it('are never lost to two who add at once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `class ${i}`);
    await Promise.all(names.map((name, i) => save(body(box(name)), {}, i % 2 === 0 ? image : other)));
    expect(new Set(await getClasses(test.context, project))).toEqual(new Set(names));
  });

  it('of a project that is not there are not found', async () => {
    expect(await failure(getClasses(test.context, 'nowhere'))).toEqual(['project.not_found']);
    expect(await failure(putClasses(test.context, '../x', [], testActor))).toEqual(['project.not_found']);
  });
});
