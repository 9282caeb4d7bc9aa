// A small data folder in which everything is whole: a project with images, labels, a model and jobs, and a scene.
import { createHash } from 'node:crypto';
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import type { ImageIndex, ImageRecord } from '../datasets/image-record.ts';
import { putLabel } from '../labels/put-label.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys, journalKeys } from '../platform/layout.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';
import { createProject } from '../projects/create-project.ts';
import { testActor } from './context.ts';

export interface SampleRecords {
  readonly owner: Owner;
  readonly scene: Owner;
  /** Stored names. */
  readonly images: readonly string[];
  readonly modelId: string;
  readonly jobId: string;
}

export async function sampleRecords(context: Context): Promise<SampleRecords> {
  const { project_id } = await createProject(context, { name: 'sample' }, testActor);
  const owner: Owner = { kind: 'project', id: project_id };
  const scene: Owner = { kind: 'scene', id: 'line-1' };
  const images = await putImages(context, owner, ['one', 'two', 'three']);
  await putImages(context, scene, ['one', 'four']);
  for (const [i, image] of images.slice(0, 2).entries()) {
    const box = { label: `class ${i}`, x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
    const body = { image_width: 8, image_height: 8, boxes: [box] };
    await putLabel(context, project_id, image, body, {}, testActor);
  }
  const jobId = context.ids.random();
  const modelId = `${project_id}-20260102-030405`;
  await context.docs.put(docKeys.job(jobId), jobRecord(jobId, owner, modelId));
  const started = { type: 'state', state: 'queued', detail: null, at: '2026-01-02T03:04:05.000Z' };
  await context.docs.append(journalKeys.jobEvents(jobId), [started, started], { durable: true });
  await context.docs.append(journalKeys.audit('2026-01'), [{ action: 'x' }, { action: 'y' }], {
    durable: true,
  });
  await context.docs.append(journalKeys.results(owner), [{ score: 1 }, { score: 2 }], { durable: true });
  await putModel(context, owner, modelId, jobId);
  await putModel(context, scene, 'line-1-20260102-030405', jobId);
  return { owner, scene, images, modelId, jobId };
}

/** The bytes of an image here are its name. */
export function imageRecord(name: string): ImageRecord {
  const bytes = Buffer.from(name);
  const hash = blake2b16(bytes);
  return {
    id: hash,
    filename: `${hash}.png`,
    display_name: `${name}.png`,
    original_name: `${name}.png`,
    uploaded_at: '2026-01-02T03:04:05.000Z',
    hash,
    size: bytes.length,
    width: 8,
    height: 8,
  };
}

async function putImages({ docs, blobs }: Context, owner: Owner, names: string[]): Promise<string[]> {
  const records = names.map(imageRecord);
  for (const [i, { filename }] of records.entries())
    await blobs.put(blobKeys.image(owner, filename), Buffer.from(names[i]!));
  const index: ImageIndex = { files: Object.fromEntries(records.map((record) => [record.filename, record])) };
  await docs.put(docKeys.images(owner), index);
  return records.map(({ filename }) => filename);
}

/** Contents of files by name. */
export const sampleModelFiles = {
  'model.onnx': 'the graph',
  'model.pt': 'the weights',
  'threshold.json': '{"threshold_score": 0.5}',
  'manifest.json': '{"files": {}}',
} as const;

export function modelRecord(owner: Owner, modelId: string, jobId: string): ModelRecord {
  const files = Object.entries(sampleModelFiles).map(([name, content]) => [
    name,
    { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
  ]);
  return {
    model_id: modelId,
    owner,
    imported: false,
    detector: 'autoencoder',
    created_at: '2026-01-02T03:04:05.000Z',
    img_size: 64,
    epochs_run: 2,
    lr: 1e-4,
    note: null,
    base_model_id: null,
    training_mode: 'anomaly',
    encoder: null,
    thresholds: [
      {
        value: 0.5,
        pixel_value: 0.1,
        at: '2026-01-02T03:04:05.000Z',
        by: 'system',
        reason: 'calibration',
        target_false_alarm_rate: null,
      },
    ],
    files: Object.fromEntries(files),
    dataset_sha256: null,
    job_id: jobId,
  };
}

async function putModel({ docs, blobs }: Context, owner: Owner, id: string, jobId: string): Promise<void> {
  for (const [name, content] of Object.entries(sampleModelFiles))
    await blobs.put(`${blobKeys.model(owner, id)}/${name}`, Buffer.from(content));
  await docs.put(docKeys.model(id), modelRecord(owner, id, jobId));
  if (owner.kind === 'scene') return;
  const project = await docs.get<object>(docKeys.project(owner.id));
  await docs.put(docKeys.project(owner.id), { ...project!.value, last_model_id: id });
}

export function jobRecord(jobId: string, owner: Owner, modelId: string): JobRecord {
  return {
    job_id: jobId,
    kind: 'train',
    owner,
    state: 'finished',
    attempt: 1,
    strikes: 0,
    progress: 1,
    seconds_left: null,
    detail: null,
    failure: null,
    model_id: modelId,
    request: {},
    cancel_requested: false,
    created_at: '2026-01-02T03:04:05.000Z',
    started_at: '2026-01-02T03:04:06.000Z',
    finished_at: '2026-01-02T03:04:07.000Z',
    created_by: 'tester',
    decided_by: null,
  };
}
