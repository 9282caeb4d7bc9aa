// The flows that write, each with what must hold after a power cut or a failing disk at any of its operations.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import { addImages } from '../datasets/add-images.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import type { ImageIndex, StagedFile } from '../datasets/image-record.ts';
import { listImages } from '../datasets/list-images.ts';
import { markImage } from '../datasets/mark-image.ts';
import type { Probes } from '../datasets/probes.ts';
import { sweepImages } from '../datasets/sweep-images.ts';
import { getLabel } from '../labels/get-label.ts';
import { putClasses } from '../labels/label-classes.ts';
import { putLabel } from '../labels/put-label.ts';
import { deleteModel } from '../models/delete-model.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { patchThreshold } from '../models/patch-threshold.ts';
import { storeModel } from '../models/store-model.ts';
import type { Context } from '../platform/context.ts';
import type { StoreDisk } from '../platform/docs/store-disk.ts';
import { blobKeys, docKeys, journalKeys } from '../platform/layout.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';
import type { JobAttempt, JobRunner, NewJob } from '../platform/queue/job-queue.ts';
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { listProjects } from '../projects/list-projects.ts';
import { type BuiltDataset, localName } from '../yolo/build-dataset.ts';
import type { DatasetBuilds } from '../yolo/dataset-builds.ts';
import { readDatasets } from '../yolo/dataset-documents.ts';
import { type DatasetDoc, type ManifestPicture, manifestName, yamlName } from '../yolo/dataset-record.ts';
import { pinDataset } from '../yolo/pin-dataset.ts';
import { SWEEP_GRACE_MS, sweepDatasets } from '../yolo/sweep-datasets.ts';
import { uploadDataset } from '../yolo/upload-dataset.ts';
import { type TestClock, testActor } from './context.ts';
import { writeUnsynced } from './crash-context.ts';
import { imageRecord, modelRecord, type SampleRecords, sampleModelFiles } from './sample-records.ts';

export interface World {
  readonly context: Context;
  readonly disk: StoreDisk;
  readonly sample: SampleRecords;
}

export interface Flow {
  readonly name: string;
  readonly runner?: (disk: StoreDisk) => (context: Context) => JobRunner;
  /** `ack` says that something was answered to the user as done. */
  run(world: World, ack: (what: string) => void): Promise<void>;
  /** After a start. Beside this, fsck finds no damage. */
  check(world: World, acked: ReadonlySet<string>): Promise<void>;
}

const newImages = ['red', 'green', 'blue', 'cyan', 'pink', 'grey', 'teal'];

/** Answers as if the file had been decoded: contents are names here. */
const probes = (contents: ReadonlyMap<string, string>): Probes => ({
  probe: async (path) => {
    const { hash, size, width = 8, height = 8 } = imageRecord(contents.get(path)!);
    return { hash, extension: 'png', width, height, sizeBytes: size };
  },
  close: async () => {},
});

async function uploadAll({ context, disk }: World, owner: Owner, names: readonly string[]): Promise<number> {
  const staged = names.map((name) => ({ name, ...context.workspace.stage() }));
  async function* files(): AsyncGenerator<StagedFile> {
    for (const { name, path, release } of staged) {
      await writeUnsynced(disk, path, name);
      yield { displayName: `${name}.png`, path, sizeBytes: name.length, release };
    }
  }
  const contents = new Map(staged.map(({ path, name }) => [path, name]));
  return (await addImages({ context, probes: probes(contents) }, owner, files(), testActor)).saved;
}

/** All of them or none; all when they were acknowledged. */
async function checkUpload(
  { context }: World,
  owner: Owner,
  names: readonly string[],
  acked: boolean,
): Promise<void> {
  const images = (await listImages(context, owner)).map(({ filename }) => filename);
  const fresh = names.map((name) => imageRecord(name).filename);
  const there = fresh.filter((name) => images.includes(name));
  expect(acked ? [fresh.length] : [0, fresh.length]).toContain(there.length);
}

const upload: Flow = {
  name: 'upload of eight images, one of them known',
  async run(world, ack) {
    const names = [...newImages.slice(0, 3), 'one', ...newImages.slice(3)];
    expect(await uploadAll(world, world.sample.owner, names)).toBe(newImages.length);
    ack('uploaded');
  },
  async check(world, acked) {
    const { context, sample } = world;
    await checkUpload(world, sample.owner, newImages, acked.has('uploaded'));
    const images = (await listImages(context, sample.owner)).map(({ filename }) => filename);
    expect(images).toEqual(expect.arrayContaining([...sample.images]));
  },
};

const boxOf = (label: string) => ({ label, x: 0.1, y: 0.1, width: 0.5, height: 0.5 });

const labels: Flow = {
  name: 'labels saved, changed, and classes',
  async run({ context, sample }, ack) {
    const [changed, , fresh] = sample.images as [string, string, string];
    const id = sample.owner.id;
    const body = (label: string) => ({ image_width: 8, image_height: 8, boxes: [boxOf(label)] });
    await putLabel(context, id, fresh, body('first'), { ifRevision: null }, testActor);
    ack('first');
    const { revision } = await getLabel(context, id, changed);
    await putLabel(context, id, changed, body('second'), { ifRevision: revision }, testActor);
    ack('second');
    await putClasses(context, id, ['second', 'first', 'class 1'], testActor);
    ack('classes');
  },
  async check({ context, sample }, acked) {
    const [changed, , fresh] = sample.images as [string, string, string];
    const of = async (image: string) =>
      (await getLabel(context, sample.owner.id, image)).label.boxes.map(({ label }) => label);
    expect(acked.has('first') ? [['first']] : [[], ['first']]).toContainEqual(await of(fresh));
    expect(acked.has('second') ? [['second']] : [['class 0'], ['second']]).toContainEqual(await of(changed));
    const classes = await context.docs.get<{ classes: string[] }>(docKeys.labelClasses(sample.owner.id));
    if (acked.has('classes')) expect(classes!.value.classes).toEqual(['second', 'first', 'class 1']);
  },
};

/**
 * The files of a version that a child has made: contents are texts here, and the class is the name of the version. The
 * first has no pictures, for each file makes many moments of a power cut.
 */
function versionFiles(name: string): {
  readonly files: ReadonlyMap<string, string>;
  readonly built: BuiltDataset;
} {
  const stored = (content: string) => ({ bytes: content.length, hash: blake2b16(Buffer.from(content)) });
  const files = new Map([[yamlName, `names: [${name}]`]]);
  const picture = (split: 'train' | 'val'): ManifestPicture => {
    const [content, label] = [`picture of ${name}`, `label of ${name}`];
    const stem = stored(content).hash;
    const [file, labelFile] = [`${split}/images/${stem}.png`, `${split}/labels/${stem}.txt`];
    files.set(file, content).set(labelFile, label);
    const [width, height, boxes] = [8, 8, [[0, 0, 0, 1, 1]]] as const;
    const common = { split, file, labelFile, name: `${split}.png`, width, height, boxes };
    return { ...common, picture: stored(content), label: stored(label) };
  };
  const pictures = name === 'v1' ? [] : [picture('train')];
  const manifest = JSON.stringify({ classes: [name], yaml: stored(files.get(yamlName)!), pictures });
  files.set(manifestName, manifest);
  const split = { images: 1, boxes: 1, imagesWithoutBoxes: 0 };
  const health = { train: split, val: split } as BuiltDataset['health'];
  const sha256 = createHash('sha256').update(manifest).digest('hex');
  const names = [...files.keys()];
  return {
    files,
    built: { classes: [name], health, notes: [], manifest: stored(manifest), sha256, files: names },
  };
}

const builds = (disk: StoreDisk, name: string): DatasetBuilds => ({
  async build({ folder }) {
    const { files, built } = versionFiles(name);
    for (const [file, content] of files) await writeUnsynced(disk, join(folder, localName(file)), content);
    return built;
  },
  close: async () => {},
});

const detection = 'finder';

const dataset: Flow = {
  name: 'replace the dataset ZIP',
  async run({ context, disk }, ack) {
    const { project_id } = await createProject(
      context,
      { name: detection, training_mode: 'yolo' },
      testActor,
    );
    for (const name of ['v1', 'v2']) {
      const zip = { displayName: `${name}.zip`, path: '/unread.zip', sizeBytes: 1 };
      const parts = { context, builds: builds(disk, name) };
      await uploadDataset(parts, project_id, zip, { allowPartial: false }, testActor);
      ack(name);
    }
    (context.clock as TestClock).advance(SWEEP_GRACE_MS);
    await sweepDatasets(context);
  },
  async check({ context }, acked) {
    const project = (await listProjects(context)).find(({ name }) => name === detection);
    if (acked.has('v1')) expect(project).toBeDefined();
    if (project === undefined) return;
    const { project_id } = project;
    const { current, versions, building } = await readDatasets(context, project_id);
    expect(building).toEqual({});
    const name = current === null ? null : versions[current]!.classes[0]!;
    if (acked.has('v2')) expect(name).toBe('v2');
    else if (acked.has('v1')) expect(['v1', 'v2']).toContain(name);
    if (name === null) return;
    const { dataset } = await pinDataset(context, project_id);
    expect([dataset.classes, dataset.train.length]).toEqual([[name], name === 'v1' ? 0 : 1]);
    for (const [file, content] of versionFiles(name).files) {
      const stream = await context.blobs.open(`${blobKeys.yoloVersion(project_id, current!)}/${file}`);
      expect(await text(stream)).toBe(content);
    }
  },
};

async function trainedFiles(disk: StoreDisk, folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, content] of Object.entries(sampleModelFiles)) {
    await writeUnsynced(disk, `${folder}/${name}`, content);
    files.set(name, `${folder}/${name}`);
  }
  return files;
}

const newModel = 'model-of-the-flow';

const model: Flow = {
  name: 'a model stored',
  async run({ context, disk, sample }, ack) {
    const files = await trainedFiles(disk, await context.workspace.jobFolder('j'));
    await storeModel(context, { record: modelRecord(sample.owner, newModel, 'j'), files });
    ack('stored');
  },
  async check(world, acked) {
    await checkModel(world, newModel, acked.has('stored'));
  },
};

/** Absent, or whole and named by its project. That its files are as recorded, fsck has checked. */
async function checkModel({ context, sample }: World, id: string, mustBe: boolean): Promise<void> {
  const record = await context.docs.get<ModelRecord>(docKeys.model(id));
  const project = await context.docs.get<{ last_model_id: string }>(docKeys.project(sample.owner.id));
  if (record === null) expect(project!.value.last_model_id).toBe(sample.modelId);
  if (!mustBe) return;
  expect(Object.keys(record!.value.files)).toHaveLength(4);
  expect([id, sample.modelId]).toContain(project!.value.last_model_id);
}

const creation: Flow = {
  name: 'projects created',
  async run({ context }, ack) {
    for (const name of ['Alpha', 'Beta', 'Alpha']) {
      const { project_id } = await createProject(context, { name, description: 'd'.repeat(600) }, testActor);
      ack(project_id);
    }
  },
  async check({ context }, acked) {
    const found = await listProjects(context);
    for (const id of acked) {
      const project = found.find(({ project_id }) => project_id === id);
      expect(project?.description).toBe('d'.repeat(600));
      const entries = await context.docs.read<{ subject: string }>(journalKeys.audit('2026-01'));
      expect(entries.map(({ value }) => value.subject)).toContain(`projects/${id}`);
    }
  },
};

const deletion: Flow = {
  name: 'a project deleted and swept',
  async run({ context, sample }, ack) {
    await deleteProject(context, sample.owner.id, { confirm: 'sample' }, testActor);
    ack('deleted');
  },
  async check({ context, sample: { owner, scene, modelId, jobId } }, acked) {
    const isThere = (await listProjects(context)).some(({ project_id }) => project_id === owner.id);
    if (acked.has('deleted')) expect(isThere).toBe(false);
    const { docs, blobs } = context;
    const kept = (
      await Promise.all([
        ...[docKeys.project(owner.id), docKeys.images(owner), docKeys.model(modelId), docKeys.job(jobId)].map(
          (key) => docs.get(key),
        ),
        ...[journalKeys.results(owner), journalKeys.jobEvents(jobId)].map(
          async (key) => (await docs.read(key))[0],
        ),
        ...[blobKeys.images(owner), blobKeys.model(owner, modelId)].map(
          async (key) => (await blobs.list(key))[0],
        ),
      ])
    ).map((found) => found !== null && found !== undefined);
    expect(new Set(kept)).toEqual(new Set([isThere]));
    if (!isThere) expect(await blobs.list(`projects/${owner.id}`)).toEqual([]);
    expect(await listImages(context, scene)).toHaveLength(2);
  },
};

const threshold: Flow = {
  name: 'a threshold changed twice',
  async run({ context, sample }, ack) {
    for (const value of [0.7, 0.9]) {
      await patchThreshold(context, sample.modelId, { value, note: 'n'.repeat(300) }, testActor);
      ack(String(value));
    }
  },
  async check({ context, sample }, acked) {
    const record = await context.docs.get<ModelRecord>(docKeys.model(sample.modelId));
    const values = record!.value.thresholds.map(({ value }) => value);
    expect([0.5, 0.7, 0.9].slice(0, values.length)).toEqual(values);
    expect(values.length).toBeGreaterThanOrEqual(1 + acked.size);
  },
};

const images: Flow = {
  name: 'images marked, deleted and swept',
  async run({ context, sample: { owner, images } }, ack) {
    await markImage(context, owner, images[2]!, 'ng', testActor);
    ack('marked');
    await deleteImage(context, owner, images[0]!, testActor);
    ack('deleted');
    await sweepImages(context);
  },
  async check({ context, sample: { owner, images } }, acked) {
    const found = new Map((await listImages(context, owner)).map((record) => [record.filename, record]));
    if (acked.has('marked')) expect(found.get(images[2]!)!.mark).toBe('ng');
    expect(found.has(images[1]!)).toBe(true);
    if (acked.has('deleted')) expect(found.has(images[0]!)).toBe(false);
    const blob = await context.blobs.stat(blobKeys.image(owner, images[0]!));
    expect(blob !== null).toBe(found.has(images[0]!));
    const index = await context.docs.get<ImageIndex>(docKeys.images(owner));
    expect(index!.value.deleted).toBeUndefined();
  },
};

const modelDeletion: Flow = {
  name: 'a model deleted',
  async run({ context, sample }, ack) {
    await deleteModel(context, sample.modelId, testActor);
    ack('deleted');
  },
  async check({ context, sample }, acked) {
    if (acked.has('deleted')) expect(await context.docs.get(docKeys.model(sample.modelId))).toBeNull();
  },
};

const newScene: Owner = { kind: 'scene', id: 'line-2' };

const together: Flow = {
  name: 'two uploads, a label, a model and a mark at once',
  async run(world, ack) {
    const { context, disk, sample } = world;
    const { owner } = sample;
    const store = async () => {
      const files = await trainedFiles(disk, await context.workspace.jobFolder('j'));
      await storeModel(context, { record: modelRecord(newScene, newModel, 'j'), files });
      ack('model');
    };
    const label = { image_width: 8, image_height: 8, boxes: [boxOf('first')] };
    const all = await Promise.allSettled([
      uploadAll(world, owner, newImages.slice(0, 2)).then(() => ack('project')),
      uploadAll(world, newScene, newImages.slice(2, 4)).then(() => ack('scene')),
      putLabel(context, owner.id, sample.images[2]!, label, {}, testActor).then(() => ack('label')),
      markImage(context, owner, sample.images[1]!, 'ng', testActor).then(() => ack('mark')),
      store(),
    ]);
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  },
  async check(world, acked) {
    const { context, sample } = world;
    const { owner } = sample;
    await checkUpload(world, owner, newImages.slice(0, 2), acked.has('project'));
    await checkUpload(world, newScene, newImages.slice(2, 4), acked.has('scene'));
    const { label } = await getLabel(context, owner.id, sample.images[2]!);
    if (acked.has('label')) expect(label.boxes).toHaveLength(1);
    const images = await listImages(context, owner);
    const marked = images.find(({ filename }) => filename === sample.images[1]);
    if (acked.has('mark')) expect(marked!.mark).toBe('ng');
    if (acked.has('model')) expect(await context.docs.get(docKeys.model(newModel))).not.toBeNull();
  },
};

/** As a training does it: it leaves files in its folder, passes the commit point, and stores them. */
const trainer =
  (disk: StoreDisk) =>
  (context: Context): JobRunner =>
  async (attempt: JobAttempt) => {
    const { job, workFolder } = attempt;
    attempt.emit({ type: 'log', text: 'l'.repeat(700) });
    const files = await trainedFiles(disk, workFolder);
    await attempt.finalise();
    await storeModel(context, { record: modelRecord(job.owner, job.model_id, job.job_id), files });
  };

async function untilDone({ context }: World, jobId: string): Promise<void> {
  const { queue } = context;
  const { promise, resolve } = ending();
  const look = async () => {
    const job = await queue.get(jobId);
    if (job === null || job.finished_at !== null) resolve();
  };
  const unwatch = queue.watch(() => void look());
  await queue.start();
  await look();
  await promise;
  unwatch();
  await queue.stop();
}

function ending(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const wanted: Flow = {
  name: 'a job added, approved and canceled',
  async run({ context, sample }, ack) {
    const { job_id } = await context.queue.add(newJob(sample.owner));
    ack('added');
    await context.queue.approve(job_id, 'tester');
    ack('approved');
    await context.queue.cancel(job_id, 'tester');
    ack('canceled');
  },
  async check({ context, sample }, acked) {
    const job = await jobOf(context, sample.owner);
    if (acked.has('added')) expect(job).toBeDefined();
    if (acked.has('approved')) expect(['queued', 'canceled']).toContain(job!.state);
    if (acked.has('canceled')) expect(job!.state).toBe('canceled');
  },
};

const newJob = (owner: Owner): NewJob => ({
  kind: 'train',
  owner,
  model_id: newModel,
  request: {},
  created_by: 'tester',
  needs_approval: true,
});

async function jobOf({ queue }: Context, owner: Owner): Promise<JobRecord | undefined> {
  return (await queue.list({ owner })).find(({ model_id }) => model_id === newModel);
}

const job: Flow = {
  name: 'a job from its start to its model',
  runner: trainer,
  async run(world, ack) {
    const { context, sample } = world;
    const { job_id } = await context.queue.add(newJob(sample.owner));
    ack('added');
    await context.queue.approve(job_id, 'tester');
    ack('approved');
    await untilDone(world, job_id);
    if ((await context.queue.get(job_id))?.state === 'finished') ack('finished');
  },
  async check(world, acked) {
    const { context, sample } = world;
    const job = await jobOf(context, sample.owner);
    if (acked.has('added')) expect(job).toBeDefined();
    if (job === undefined) return;
    if (acked.has('approved')) expect(job.state).not.toBe('waiting_approval');
    if (acked.has('finished')) expect(job.state).toBe('finished');
    if (job.state === 'waiting_approval') return checkModel(world, newModel, false);
    await untilDone(world, job.job_id);
    expect((await context.queue.get(job.job_id))!.state).toBe('finished');
    await checkModel(world, newModel, true);
  },
};

export const flows: readonly Flow[] = [
  upload,
  labels,
  dataset,
  model,
  creation,
  deletion,
  threshold,
  images,
  modelDeletion,
  together,
  wanted,
  job,
];

/** Blobs that a record names, with the SHA-256 or the bytes they must have; for the rule that they come first. */
export function namedBlobs(path: string, value: never): readonly string[] {
  const index = /^(projects|datasets)\/[^/]+\/raw\/_index\.json$/.test(path);
  if (index) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    return Object.keys((value as ImageIndex).files).map((stored) => `${folder}/${stored}`);
  }
  if (path.startsWith('.okapi/models/')) {
    const { owner, model_id, imported, files } = value as ModelRecord;
    return Object.keys(files).map((name) => `${blobKeys.model(owner, model_id, imported)}/${name}`);
  }
  if (path.startsWith('.okapi/yolo/')) {
    const project = path.slice('.okapi/yolo/'.length, -'.json'.length);
    return Object.values((value as DatasetDoc).versions).flatMap(({ version, classes }) =>
      [...versionFiles(classes[0]!).files.keys()].map(
        (name) => `${blobKeys.yoloVersion(project, version)}/${name}`,
      ),
    );
  }
  return [];
}
