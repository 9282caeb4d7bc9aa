import { appendFile, cp, mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import { plainDataset } from '../../vision/dataset/detection/testing/dataset-files.ts';
import { evaluationExamples } from '../contract/evaluation-examples.ts';
import { changeIndex } from '../datasets/image-index.ts';
import { storeEvaluation } from '../evaluation/evaluation-record.ts';
import { blobKeys } from '../platform/layout.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { type SampleRecords, sampleRecords } from '../testing/sample-records.ts';
import { buildDataset } from '../yolo/build-dataset.ts';
import { readManifest } from '../yolo/pin-dataset.ts';
import { staged, yoloProject, zipOf } from '../yolo/testing/datasets.ts';
import { uploadDataset } from '../yolo/upload-dataset.ts';
import { type FindingKind, findingTable } from './finding.ts';
import { fsck, removeUnreferenced } from './fsck.ts';

let test: TestContext;
let sample: SampleRecords;
let whole: TestContext;
/** A detection project and the version of its dataset. */
let finder: string;
let version: string;
/** A file of it. */
let picture: string;
beforeAll(async () => {
  whole = await testContext();
  sample = await sampleRecords(whole.context);
  await putMaskAndEvaluation();
  finder = await yoloProject(whole.context);
  const zip = await staged(whole.context, zipOf(await plainDataset()));
  const builds = { build: buildDataset, close: async () => {} };
  const parts = { context: whole.context, builds };
  ({ version } = await uploadDataset(parts, finder, zip, { allowPartial: false }, testActor));
  picture = (await readManifest(whole.context, finder, version)).pictures[0]!.file;
});
beforeEach(async () => {
  test = await testContext();
  await cp(join(whole.folder, 'data'), at('.'), { recursive: true, preserveTimestamps: true });
});
afterEach(() => test.close());
afterAll(() => whole.close());

/** Of the first image, and of the project's model. */
async function putMaskAndEvaluation(): Promise<void> {
  const { context } = whole;
  const { owner, images, modelId } = sample;
  maskId = blake2b16(Buffer.from('mask'));
  await context.blobs.put(blobKeys.mask(owner, maskId), Buffer.from('mask'));
  await changeIndex(context, owner, ({ files, ...index }) => {
    const record = { ...files[images[0]!]!, mask: { id: maskId, size: 4 } };
    return { ...index, files: { ...files, [images[0]!]: record } };
  });
  const { evaluation, detail } = evaluationExamples;
  await storeEvaluation(context, { ...evaluation, model_id: modelId, owner }, detail as never);
}
let maskId: string;

const at = (path: string) => join(test.folder, 'data', path);
const found = async () => (await fsck(test.context)).map(({ kind, subject }) => [kind, subject]);
const paths = () => {
  const { owner, images, modelId, jobId } = sample;
  const project = `projects/${owner.id}`;
  return {
    meta: `${project}/meta`,
    index: `${project}/raw/_index`,
    image: `${project}/raw/${images[0]}`,
    label: `${project}/labels/${images[0]}`,
    classes: `${project}/labels/classes`,
    modelFile: `${project}/models/${modelId}/model.onnx`,
    model: `.okapi/models/${modelId}`,
    job: `.okapi/jobs/${jobId}`,
    datasets: `.okapi/yolo/${finder}`,
    dataset: `projects/${finder}/yolo/${version}`,
    mask: `${project}/masks/${maskId}.png`,
    evaluation: `.okapi/evaluations/${modelId}/${evaluationExamples.evaluation.evaluation_id}`,
    evaluationFile: `${project}/evaluations/${modelId}/${evaluationExamples.evaluation.evaluation_id}.json`,
    project,
  };
};

/** Changes the JSON of a record. */
async function edit(key: string, change: (value: never) => unknown): Promise<void> {
  const path = at(`${key}.json`);
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as never)));
}

const aged = async (path: string) => {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), 'nobody names me');
  await utimes(at(path), 0, 0);
};

type Paths = ReturnType<typeof paths>;
type Corruption = readonly [
  what: string,
  (p: Paths) => Promise<unknown>,
  (p: Paths) => readonly (readonly [FindingKind, string])[],
];
/** A minute before the time of the context. */
const JUST_NOW = '2026-01-02T03:03:05.000Z';
const replaced = (doc: object) => ({ ...doc, current: null });
/** Makes the job one that has not ended and learns from a version of a dataset. */
const pin = (job: string, dataset_version: string) =>
  edit(job, (record: object) => ({
    ...record,
    state: 'queued',
    finished_at: null,
    request: { dataset_version },
  }));
const torn = (key: string) => truncate(at(`${key}.json`), 5);

const corruptions: readonly Corruption[] = [
  ['a torn meta.json', (p) => torn(p.meta), (p) => [['record.damaged', p.meta]]],
  [
    'a meta.json without a name',
    (p) => edit(p.meta, ({ name: _, ...rest }: { name: string }) => rest),
    (p) => [['record.malformed', p.meta]],
  ],
  [
    'a lost meta.json',
    (p) => rm(at(`${p.meta}.json`)),
    (p) => [
      ['project.no_record', p.project],
      ['model.orphan', p.model],
    ],
  ],
  [
    'a last model that is not there',
    (p) => edit(p.meta, (meta: object) => ({ ...meta, last_model_id: 'gone' })),
    (p) => [['project.last_model', p.meta]],
  ],
  [
    'a deletion that was cut short',
    (p) => edit(p.meta, (meta: object) => ({ ...meta, deleted_at: '2026-01-02' })),
    (p) => [['project.unswept', p.project]],
  ],
  ['a torn _index.json', (p) => torn(p.index), (p) => [['record.damaged', p.index]]],
  [
    'an _index.json of another shape',
    (p) => edit(p.index, () => ({ images: [] })),
    (p) => [['record.malformed', p.index]],
  ],
  ['an image that is gone', (p) => rm(at(p.image)), (p) => [['image.missing', p.image]]],
  ['an image cut short', (p) => truncate(at(p.image), 1), (p) => [['image.damaged', p.image]]],
  ['an image with one other byte', (p) => writeFile(at(p.image), 'onf'), (p) => [['image.damaged', p.image]]],
  [
    'an image entry under another name',
    (p) =>
      edit(p.index, ({ files }: { files: object }) => ({
        files: Object.fromEntries(
          Object.entries(files).map(([name, record], i) => [
            name,
            i === 0 ? { ...record, filename: 'x.png' } : record,
          ]),
        ),
      })),
    (p) => [['image.record', p.image]],
  ],
  [
    'an image entry that is a number',
    (p) => edit(p.index, ({ files }: { files: object }) => ({ files: { ...files, [sample.images[0]!]: 7 } })),
    (p) => [['image.record', p.image]],
  ],
  ['a mask that is gone', (p) => rm(at(p.mask)), (p) => [['mask.missing', p.mask]]],
  ['a mask with other bytes', (p) => writeFile(at(p.mask), 'ksam'), (p) => [['mask.damaged', p.mask]]],
  [
    'a mask that nobody names',
    (p) => aged(`${p.project}/masks/${'0'.repeat(32)}.png`),
    (p) => [['blob.unreferenced', `${p.project}/masks/${'0'.repeat(32)}.png`]],
  ],
  ['a torn evaluation', (p) => torn(p.evaluation), (p) => [['record.damaged', p.evaluation]]],
  [
    'an evaluation of nobody',
    (p) => edit(p.evaluation, () => ({})),
    (p) => [['record.malformed', p.evaluation]],
  ],
  [
    'an evaluation without its pictures',
    (p) => rm(at(p.evaluationFile)),
    (p) => [['evaluation.missing', p.evaluationFile]],
  ],
  ['a torn label', (p) => torn(p.label), (p) => [['record.damaged', p.label]]],
  [
    'a label with a box outside',
    (p) =>
      edit(p.label, (label: object) => ({
        ...label,
        boxes: [{ label: 'class 0', x: 2, y: 0, width: 1, height: 1 }],
      })),
    (p) => [['record.malformed', p.label]],
  ],
  [
    'a label of no image',
    (p) =>
      edit(p.label, (label) => label).then(() =>
        writeFile(at(`${p.project}/labels/x.png.json`), '{"boxes": []}'),
      ),
    (p) => [['label.orphan', `${p.project}/labels/x.png`]],
  ],
  [
    'a lost class',
    (p) => edit(p.classes, () => ({ classes: ['class 1'] })),
    (p) => [['label.class', p.label]],
  ],
  ['torn classes', (p) => torn(p.classes), (p) => [['record.damaged', p.classes]]],
  ['a torn model record', (p) => torn(p.model), (p) => [['record.damaged', p.model]]],
  [
    'a model record without files',
    (p) => edit(p.model, ({ files: _, ...rest }: { files: object }) => rest),
    (p) => [['record.malformed', p.model]],
  ],
  ['a model file that is gone', (p) => rm(at(p.modelFile)), (p) => [['model.missing', p.modelFile]]],
  ['a model file cut short', (p) => truncate(at(p.modelFile), 3), (p) => [['model.damaged', p.modelFile]]],
  [
    'a model file with one other byte',
    (p) => writeFile(at(p.modelFile), 'the grapH'),
    (p) => [['model.damaged', p.modelFile]],
  ],
  ['a torn job', (p) => torn(p.job), (p) => [['record.damaged', p.job]]],
  [
    'a job in a state that is none',
    (p) => edit(p.job, (job: object) => ({ ...job, state: 'lost' })),
    (p) => [['record.malformed', p.job]],
  ],
  [
    'a finished job without an end',
    (p) => edit(p.job, (job: object) => ({ ...job, finished_at: null })),
    (p) => [['job.inconsistent', p.job]],
  ],
  [
    'a running job of no project',
    (p) =>
      edit(p.job, (job: object) => ({
        ...job,
        state: 'running',
        finished_at: null,
        owner: { kind: 'project', id: 'no' },
      })),
    (p) => [['job.inconsistent', p.job]],
  ],
  [
    'two open jobs of one project',
    async (p) => {
      for (const id of ['a', 'b']) {
        await writeFile(at(`.okapi/jobs/${id}.json`), await readFile(at(`${p.job}.json`)));
        await edit(`.okapi/jobs/${id}`, (job: object) => ({
          ...job,
          job_id: id,
          state: 'queued',
          finished_at: null,
        }));
      }
    },
    () => [['job.inconsistent', '.okapi/jobs/b']],
  ],
  ['a torn record of datasets', (p) => torn(p.datasets), (p) => [['record.damaged', p.datasets]]],
  [
    'a record of datasets whose current version is none',
    (p) => edit(p.datasets, (doc: object) => ({ ...doc, current: 'v-0' })),
    (p) => [['record.malformed', p.datasets]],
  ],
  [
    'a dataset whose project is gone',
    (p) => rm(at(`projects/${finder}/meta.json`)).then(() => p),
    (p) => [
      ['project.no_record', `projects/${finder}`],
      ['dataset.orphan', p.datasets],
    ],
  ],
  [
    'a manifest that is gone',
    (p) => rm(at(`${p.dataset}/manifest.json`)),
    (p) => [['dataset.missing', `${p.dataset}/manifest.json`]],
  ],
  [
    'a data.yaml that was edited',
    (p) => appendFile(at(`${p.dataset}/data.yaml`), '# mine'),
    (p) => [['dataset.damaged', `${p.dataset}/data.yaml`]],
  ],
  [
    'a file in a dataset that its manifest does not name',
    (p) => aged(`${p.dataset}/train/images/stray.png`),
    (p) => [['blob.unreferenced', `${p.dataset}/train/images/stray.png`]],
  ],
  [
    'a file of a version that was replaced a minute ago',
    async (p) => {
      await edit(p.datasets, (doc: object) => ({ ...replaced(doc), retired: { [version]: JUST_NOW } }));
      await appendFile(at(`${p.dataset}/data.yaml`), '# mine');
      await rm(at(`${p.dataset}/${picture}`));
    },
    (p) => [
      ['dataset.damaged', `${p.dataset}/data.yaml`],
      ['dataset.missing', `${p.dataset}/${picture}`],
    ],
  ],
  [
    'a file of a version that was replaced long ago and that a job still learns from',
    async (p) => {
      await edit(p.datasets, (doc: object) => ({ ...replaced(doc), retired: { [version]: '2026-01-01' } }));
      await pin(p.job, version);
      await rm(at(`${p.dataset}/manifest.json`));
    },
    (p) => [['dataset.missing', `${p.dataset}/manifest.json`]],
  ],
  [
    'a damaged file of a version that was replaced long ago, others of which are swept already',
    async (p) => {
      await edit(p.datasets, (doc: object) => ({ ...replaced(doc), retired: { [version]: '2026-01-01' } }));
      await rm(at(`${p.dataset}/${picture}`));
      await appendFile(at(`${p.dataset}/data.yaml`), '# mine');
    },
    (p) => [['dataset.damaged', `${p.dataset}/data.yaml`]],
  ],
  [
    'a job that learns from a version which is nowhere',
    (p) => pin(p.job, 'v-0'),
    (p) => [['job.inconsistent', p.job]],
  ],
  ['a job lost from its journal', (p) => rm(at(`${p.job}.json`)), (p) => [['journal.orphan', p.job]]],
  [
    'a damaged line of a journal of events',
    (p) => writeFile(at(`${p.job}.jsonl`), '{"seq":1,\n{"seq":2,"value":1}\n'),
    (p) => [['journal.damaged', p.job]],
  ],
  [
    'a damaged line of the audit log',
    () => writeFile(at('.okapi/audit/2026-01.jsonl'), '{"seq":3,"value":1}\n'),
    () => [['journal.damaged', '.okapi/audit/2026-01']],
  ],
  [
    'a damaged API key',
    async () => {
      await mkdir(at('.okapi/keys'));
      await writeFile(at('.okapi/keys/k.json'), '{"name": "k"}');
    },
    () => [['record.malformed', '.okapi/keys/k']],
  ],
  [
    'a torn list of images of a training',
    async () => {
      await mkdir(at('.okapi/snapshots'));
      await writeFile(at('.okapi/snapshots/s.json'), '{"images": [');
    },
    () => [['record.damaged', '.okapi/snapshots/s']],
  ],
  [
    'an old file that no index names',
    (p) => aged(`${p.project}/raw/stray.png`),
    (p) => [['blob.unreferenced', `${p.project}/raw/stray.png`]],
  ],
  [
    'an old model folder that no record names',
    (p) => aged(`${p.project}/models/m/model.pt`),
    (p) => [['blob.unreferenced', `${p.project}/models/m/model.pt`]],
  ],
];

describe('fsck', () => {
  it('finds nothing where all is whole, and changes nothing', async () => {
    const before = await contents();
    const checked: string[] = [];
    expect(await fsck(test.context, { onProgress: (subject) => checked.push(subject) })).toEqual([]);
    expect(await contents()).toEqual(before);
    // Every file was looked at.
    const files = [...before.keys()].map((path) => path.replace(/\.jsonl?$/, ''));
    const looked = new Set(checked.map((key) => key.replace(/\.json$/, '')));
    expect(files.filter((path) => !looked.has(path))).toEqual([]);
  });

  it.each(corruptions)('finds %s, and nothing else', async (_, corrupt, expected) => {
    await corrupt(paths());
    const before = await contents();
    expect(await found()).toEqual(expected(paths()));
    expect(await contents()).toEqual(before);
  });

  it('finds each of sixty random damages of files, and names the file', async () => {
    const random = new Random(7);
    const files = [...(await contents())].filter(
      ([path]) => /^[^.].*\/(raw|models|yolo)\/|^models\//.test(path) && !path.includes('_index'),
    );
    const pick = (count: number) => random.int(count);
    const damages: readonly ((bytes: Buffer) => Buffer | null)[] = [
      () => null,
      (bytes) => bytes.subarray(0, pick(bytes.length)),
      (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + pick(9))]),
      (bytes) => Buffer.alloc(bytes.length),
      (bytes) => {
        const flipped = Buffer.from(bytes);
        flipped[pick(bytes.length)]! ^= 1 << pick(8);
        return flipped;
      },
    ];
    for (let i = 0; i < 60; i++) {
      const [path, bytes] = files[pick(files.length)]!;
      const damaged = damages[i % damages.length]!(bytes);
      if (damaged === null) await rm(at(path));
      else await writeFile(at(path), damaged);
      expect(await found()).toEqual([
        [expect.stringMatching(/^(image|model|dataset)\.(missing|damaged)$/), path],
      ]);
      await writeFile(at(path), bytes);
    }
    expect(await found()).toEqual([]);
  });

  it('does not call unreferenced what is new, what waits for a sweep, or what nobody can tell', async () => {
    const { project, index, image } = paths();
    await writeFile(at(`${project}/raw/new.png`), 'an upload that goes on');
    const later = { ...test.context.clock, date: () => new Date(1000) };
    await utimes(at(`${project}/raw/new.png`), 1, 1);
    expect(await fsck({ ...test.context, clock: later })).toEqual([]);
    await rm(at(`${project}/raw/new.png`));
    await edit(index, ({ files }: { files: Record<string, object> }) => {
      const { [sample.images[0]!]: _, ...rest } = files;
      return { files: rest, deleted: { [sample.images[0]!]: '2026-01-02' } };
    });
    await rm(at(`${paths().label}.json`));
    await utimes(at(image), 0, 0);
    await aged(`${project}/yolo/dataset.zip`);
    await aged('preview/m/x.png');
    // A version that was replaced, one that is being built.
    await edit(paths().datasets, (doc: { versions: object }) => ({
      ...doc,
      versions: { ...doc.versions, 'v-1': {} },
      retired: { 'v-1': '2026-01-02' },
      building: { [`v-${'2'.repeat(32)}`]: '2026-01-02' },
    }));
    await aged(`projects/${finder}/yolo/v-${'2'.repeat(32)}/train/images/x.png`);
    expect(await found()).toEqual([]);
    await torn(index);
    await utimes(at(`${project}/raw/${sample.images[1]}`), 0, 0);
    expect(await found()).toEqual([['record.damaged', index]]);
  });

  it('leaves the file of an image that was missing and has come back', async () => {
    const { project, index } = paths();
    const record = { id: 'x', filename: 'back.png', hash: null, size: 15 };
    await edit(index, (value: object) => ({ ...value, missing: { 'back.png': record } }));
    await aged(`${project}/raw/back.png`);
    expect(await found()).toEqual([]);
    expect(await removeUnreferenced(test.context, await fsck(test.context))).toEqual([]);
  });

  it('deletes unreferenced files when it is asked to, and only those', async () => {
    const before = await contents();
    await aged(`${paths().project}/raw/stray.png`);
    const findings = await fsck(test.context);
    expect(await removeUnreferenced(test.context, findings)).toEqual([`${paths().project}/raw/stray.png`]);
    expect(await contents()).toEqual(before);
  });

  it('has each kind of finding in a test', async () => {
    const tested = new Set(corruptions.flatMap(([, , expected]) => expected(paths()).map(([kind]) => kind)));
    const kinds = Object.keys(findingTable).filter((kind) => kind !== 'file.unfinished');
    expect([...tested].sort()).toEqual(kinds.sort());
  });

  it('takes no offence at a torn last line, which the next append mends', async () => {
    await appendFile(at(`${paths().job}.jsonl`), '{"seq":3,"va');
    expect(await found()).toEqual([]);
  });
});

async function contents(): Promise<Map<string, Buffer>> {
  const entries = await readdir(at('.'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const rows = files
    .sort()
    .map(async (path) => [path.slice(at('.').length + 1), await readFile(path)] as const);
  return new Map(await Promise.all(rows));
}
