// Bundles of real models for tests: trained in seconds, stored and downloaded as the server does.
import { cp } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { storeCopy, trainTiny } from '../../server/inference/testing/stored-models.ts';
import type { ModelRecord } from '../../server/models/model-record.ts';
import { openDownload } from '../../server/models/open-download.ts';
import { storeModel } from '../../server/models/store-model.ts';
import { modelOf } from '../../server/models/testing/fake-model.ts';
import type { Context } from '../../server/platform/context.ts';
import { testContext } from '../../server/testing/context.ts';
import { tinyRequest, writeParts } from '../../vision/detectors/testing/tiny-training.ts';
import {
  objectsRequest,
  tinyClasses,
  writeObjects,
} from '../../vision/detectors/yolo/testing/tiny-objects.ts';
import { trainDetector } from '../../vision/index.ts';

export interface TestBundle {
  readonly bytes: Uint8Array;
  /** The model folder that it was made of. */
  readonly folder: string;
}

export async function anomalyBundle(dir: string): Promise<TestBundle> {
  const folder = await trainTiny(dir);
  return { folder, bytes: await downloaded((context) => storeCopy(context, folder, 'm-1')) };
}

/** Of a kind that is learnt in seconds, from a few pictures. */
export async function patchBundle(dir: string): Promise<TestBundle> {
  const request = tinyRequest(dir, 'patches', await writeParts(`${dir}/good`, 4));
  const settings = { imageSize: 64, views: 2 };
  const { folder } = await trainDetector({ ...request, kind: 'subspace', settings });
  const changes = { detector: 'subspace', encoder: 'mobilenetv3-coco' };
  return { folder, bytes: await downloaded((context) => storeCopy(context, folder, 'm-1', changes)) };
}

export async function objectsBundle(dir: string): Promise<TestBundle> {
  const train = await writeObjects(`${dir}/train`, [1, 2, 3, 4]);
  const val = await writeObjects(`${dir}/val`, [11, 12]);
  const made = await trainDetector(objectsRequest(dir, 'objects', { classes: tinyClasses, train, val }));
  if (made.task !== 'detect') throw new Error('internal: expected an object detector');
  const threshold = {
    value: 0.01,
    pixel_value: null,
    at: '2026-01-01T00:00:00.000Z',
    by: 'system',
    reason: 'default',
    target_false_alarm_rate: null,
    iou: 0.45,
  };
  const objects = {
    variant: 'okapi-n',
    classes: tinyClasses,
    metrics: made.metrics,
    started_from: null,
  };
  const changes: Partial<ModelRecord> = { detector: 'yolo', thresholds: [threshold], objects };
  const copy = `${made.folder}-copy`; // storing moves the files
  await cp(made.folder, copy, { recursive: true });
  const model = await modelOf(copy, 'm-1', changes);
  return { folder: made.folder, bytes: await downloaded((context) => storeModel(context, model)) };
}

async function downloaded(store: (context: Context) => Promise<unknown>): Promise<Uint8Array> {
  const test = await testContext();
  try {
    await store(test.context);
    const { stream } = await openDownload(test.context, 'm-1', 'bundle');
    return new Uint8Array(await buffer(stream));
  } finally {
    await test.close();
  }
}

/** An archive of these files, deflated or stored. */
export async function zipOf(files: ReadonlyMap<string, Uint8Array>, compress: boolean): Promise<Uint8Array> {
  const zip = new ZipFile();
  for (const [name, bytes] of files) zip.addBuffer(Buffer.from(bytes), name, { compress });
  zip.end();
  return new Uint8Array(await buffer(zip.outputStream));
}
