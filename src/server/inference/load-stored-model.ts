// Opens a stored model as a detector, after its files were found to be those of its record.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../../autodiff/runtime.ts';
import { manifestName } from '../../vision/checkpoint/model-folder.ts';
import type { Task } from '../../vision/detectors/detector.ts';
import { type Detector, loadDetector, OkapiError } from '../../vision/index.ts';
import { ServerError } from '../contract/errors.ts';
import type { ModelToLoad } from './inspect-request.ts';

/** Throws model.corrupt for whatever keeps the files from being the model that was stored. */
export async function loadStoredModel(model: ModelToLoad, runtime: Runtime): Promise<Detector> {
  // Our own folders have a manifest: with that as recorded, loading verifies what it lists.
  const checked = Object.hasOwn(model.files, manifestName) ? [manifestName] : Object.keys(model.files);
  for (const name of checked) await verify(model, name);
  try {
    return await loadDetector(model.folder, runtime);
  } catch (error) {
    if (!(error instanceof OkapiError) || !error.code.startsWith('checkpoint.')) throw error;
    throw corrupt(model, error.message.replaceAll(model.folder, 'its folder'));
  }
}

async function verify(model: ModelToLoad, name: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(join(model.folder, name))) hash.update(piece as Buffer);
  } catch (error) {
    throw corrupt(model, `${name} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (hash.digest('hex') !== model.files[name]!.sha256)
    throw corrupt(model, `${name} is not what was stored`);
}

function corrupt({ id }: ModelToLoad, what: string): ServerError {
  return new ServerError('model.corrupt', `the model ${id} is damaged: ${what}`);
}

interface Need {
  /** For each byte of the graph. */
  readonly graph: number;
  /** For each pixel. */
  readonly pixel: number;
}

/**
 * Measured growth of the process by one more model that has been used, its graph, and the estimate, in MiB.
 * Anomalies: mobilenetv3-coco at 256 px 30, 15, 92; at 512 px 100, 28, 307; none at 256 px 106, 11, 84; dinov3 at 256 px 234,
 * 144, 351. There are two copies of the weights, as read and as ONNX Runtime lays them out; the rest grows with the pixels.
 * Objects (bench/yolo-memory.ts): okapi-n at 320 px 28, 13, 33; at 640 px 67, 13, 68; yolov8n at 640 px 55, 12, 66; yolov8s at
 * 320 px 60, 43, 81; at 640 px 110, 43, 116; okapi-s at 640 px 101, 33, 100; yolov8l at 320 px 300, 167, 279; yolov8x 439, 260, 428.
 */
const needs: Readonly<Record<Task, Need>> = {
  anomaly: { graph: 2, pixel: 1000 },
  detect: { graph: 1.6, pixel: 120 },
};

/** What a loaded model takes. */
export function estimateBytes({ files, imageSize, task }: ModelToLoad): number {
  const { graph, pixel } = needs[task];
  const weights = Object.entries(files).filter(([name]) => name.startsWith('model.'));
  const graphBytes = files['model.onnx']?.bytes ?? Math.max(0, ...weights.map(([, { bytes }]) => bytes));
  return graphBytes * graph + imageSize ** 2 * pixel;
}
