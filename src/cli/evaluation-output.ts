// What `okapi eval` says in the same way for one model and for several.
import type { TestPicture } from '../vision/dataset/folder.ts';
import type { AnomalyModel } from '../vision/detectors/detector.ts';
import type { DetectorEvaluation } from '../vision/evaluation/detector-evaluation.ts';
import { printable, type Terminal } from './terminal.ts';

export interface EvalOptions {
  readonly json?: boolean;
  readonly report?: string;
  /** Of detectors of objects. */
  readonly conf?: number;
  readonly iou?: number;
  readonly device: string;
}

export interface TestSet {
  readonly dir: string;
  readonly pictures: readonly TestPicture[];
}

export function noteUntested({ untested }: DetectorEvaluation, terminal: Terminal): void {
  for (const { file, message, code } of untested)
    terminal.note(
      `${terminal.style('yellow', 'not tested')} ${printable(file)}: ${printable(message)} (${code})`,
    );
}

export function modelJson(folder: string, { encoder, imageSize, tiles, threshold }: AnomalyModel) {
  return {
    folder,
    encoder,
    imageSize,
    tiles: tiles ?? null,
    threshold: threshold.value,
    trust: threshold.trust,
  };
}

/** The evaluation as it is; figures that the pictures do not have say why. */
export function evaluationJson(evaluation: DetectorEvaluation) {
  const {
    imageAuroc,
    imageAurocInterval,
    bestF1,
    falseAlarmRate,
    falseAlarmInterval,
    recall,
    recallInterval,
  } = evaluation;
  return {
    ...evaluation,
    imageAurocInterval: imageAurocInterval ?? { low: null, high: null, reason: imageAuroc.reason },
    bestF1: bestF1 ?? { f1: null, threshold: null, reason: imageAuroc.reason },
    falseAlarmInterval: falseAlarmInterval ?? { low: null, high: null, reason: falseAlarmRate.reason },
    recallInterval: recallInterval ?? { low: null, high: null, reason: recall.reason },
  };
}
