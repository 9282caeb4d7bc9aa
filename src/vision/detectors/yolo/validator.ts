// How good the present weights are on the val pictures: each epoch's figures, by COCO's method.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import type { Runtime, RuntimeSession } from '../../../autodiff/runtime.ts';
import { batchesOf } from '../../dataset/prefetch.ts';
import type { Detection } from '../../scoring/detection.ts';
import type { DetectionReport, JudgedDetections } from '../../scoring/detection-metrics.ts';
import { evenBatchSize } from '../../training/batches.ts';
import { candidateGraph } from '../../yolo/candidate-graph.ts';
import { fromLetterbox, type Placement } from '../../yolo/letterbox.ts';
import type { YoloNetwork } from '../../yolo/network.ts';
import type { LoadedPicture, SampleLoader } from '../../yolo/sample-loader.ts';
import { type Candidates, suppress } from './suppression.ts';

/** Nearly everything counts: average precision is a mean over all confidences. */
export const EVALUATION_CONF = 1e-3;
/** Pictures at a time, at most. */
const BATCH = 8;

export interface ValidatorParts {
  readonly network: YoloNetwork;
  readonly size: number;
  readonly iou: number;
  readonly val: SampleLoader;
  readonly runtime: Runtime;
}

export class Validator {
  readonly #parts: ValidatorParts;
  readonly #session: RuntimeSession;
  readonly #batch: number;
  /** The weights and statistics that the session is fed. */
  readonly #fed: ReadonlySet<string>;

  private constructor(parts: ValidatorParts, session: RuntimeSession, batch: number) {
    this.#parts = parts;
    this.#session = session;
    this.#batch = batch;
    this.#fed = new Set(session.inputNames);
  }

  static async open(parts: ValidatorParts): Promise<Validator> {
    const { network, size, val, runtime } = parts;
    const batch = evenBatchSize(val.pictures.length, BATCH);
    const target = runtime.device === 'cpu' ? 'cpu' : 'portable';
    const model = toOnnx(candidateGraph(network, size, batch), { target });
    return new Validator(parts, await runtime.load(model), batch);
  }

  /** What the weights that now lie in the network find in each val picture, and what is there. */
  async judge(): Promise<JudgedDetections[]> {
    const { network, val, size, iou } = this.#parts;
    const weights = network.parameters
      .all()
      .filter(({ name }) => this.#fed.has(name))
      .map(({ name, shape, data }) => [name, { type: 'float32', dims: shape, data }] as const);
    const judged: JudgedDetections[] = [];
    for (const batch of batchesOf([...val.pictures.keys()], this.#batch)) {
      const samples = await Promise.all(batch.map((index) => val.plain(index)));
      const pixels = new Uint8Array(this.#batch * 3 * size * size);
      for (const [i, sample] of samples.entries()) pixels.set(sample.pixels, i * sample.pixels.length);
      const dims = [this.#batch, size, size, 3];
      const out = await this.#session.run({
        pixels: { type: 'uint8', dims, data: pixels },
        ...Object.fromEntries(weights),
      });
      for (const [i, { placement }] of samples.entries()) {
        const candidates = candidatesIn(out, i, this.#batch, network.classes);
        const found = suppress(candidates, { conf: EVALUATION_CONF, iou });
        judged.push(judgedIn(val.pictures[batch[i]!]!, placement, found));
      }
    }
    return judged;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** Detections in pixels of a letterboxed picture beside its truths, both in pixels of the picture itself. */
export function judgedIn(
  picture: LoadedPicture,
  placement: Placement,
  found: readonly Detection[],
): JudgedDetections {
  const { width, height } = picture;
  return {
    detections: found.map((one) => ({ ...one, box: fromLetterbox(one.box, placement, picture) })),
    truths: picture.boxes.map(({ classId, box: [x1, y1, x2, y2] }) => ({
      classId,
      box: [x1 * width, y1 * height, x2 * width, y2 * height],
    })),
  };
}

/** Those of picture `i` of the batch. */
function candidatesIn(
  out: Awaited<ReturnType<RuntimeSession['run']>>,
  i: number,
  batch: number,
  classes: number,
): Candidates {
  const part = (name: string) => {
    const data = out[name]!.data as Float32Array;
    const length = data.length / batch;
    return data.subarray(i * length, (i + 1) * length);
  };
  return { boxes: part('boxes'), scores: part('scores'), classes };
}

/** The figure that decides which epoch is the best, 0..1: the usual weights of the family. */
export function fitnessOf({ map50, map50_95 }: DetectionReport): number {
  return 0.1 * (map50 ?? 0) + 0.9 * (map50_95 ?? 0);
}
