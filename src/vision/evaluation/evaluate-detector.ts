// How good a detector is on pictures whose truth is known.
import type { TestPicture } from '../dataset/folder.ts';
import type { AnomalyDetector } from '../detectors/detector.ts';
import type { DetectorEvaluation } from './detector-evaluation.ts';
import { Evaluator } from './evaluator.ts';
import { inspectFiles, type TestedFile } from './inspect-files.ts';

export interface EvaluationOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of the bootstrap interval. Default 42. */
  readonly seed?: number;
  /** As that of Evaluator.finish. */
  readonly leftOut?: readonly number[];
  /** Called after each picture. */
  readonly onPicture?: (tested: TestedFile, truth: TestPicture) => void | Promise<void>;
}

/**
 * Tests each picture and compares with the truth. Pixel measures are taken at the pictures' own resolution; anomalous
 * pictures without a mask are left out of them. A measure that the pictures do not have says why instead.
 */
export async function evaluateDetector(
  detector: AnomalyDetector,
  pictures: readonly TestPicture[],
  { signal, seed = 42, leftOut = [], onPicture }: EvaluationOptions = {},
): Promise<DetectorEvaluation> {
  const truths = new Map(pictures.map((p) => [p.file, p]));
  const evaluator = new Evaluator(detector.model.threshold.value);
  for await (const result of inspectFiles(detector, [...truths.keys()], { signal })) {
    if (result.status === 'untested') {
      evaluator.leaveOut(result);
      continue;
    }
    const truth = truths.get(result.file)!;
    await evaluator.add(truth, result.picture, result.prediction);
    await onPicture?.(result, truth);
  }
  return evaluator.finish(seed, leftOut);
}
