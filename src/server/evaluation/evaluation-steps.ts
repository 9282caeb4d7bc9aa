// What the runner of an evaluation asks its child, and what that does: one model, then picture after picture, then the figures.
import type { Runtime } from '../../autodiff/runtime.ts';
import { readPictures } from '../../vision/dataset/folder.ts';
import { type AnomalyDetector, anomalyDetector } from '../../vision/detectors/detector.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { Evaluator } from '../../vision/evaluation/evaluator.ts';
import type { PictureLimits } from '../../vision/image/decode.ts';
import type { ModelToLoad } from '../inference/inspect-request.ts';
import { loadStoredModel } from '../inference/load-stored-model.ts';
import { predictAnomaly } from '../inference/predict-anomaly.ts';

export type EvaluationStep =
  | {
      readonly do: 'open';
      readonly model: ModelToLoad;
      readonly threshold: number;
      readonly limits: PictureLimits;
    }
  | {
      readonly do: 'picture';
      /** Its stored name, under which it is reported. */
      readonly name: string;
      /** Local files. */
      readonly path: string;
      readonly mask: string | null;
      readonly isDefective: boolean;
    }
  | { readonly do: 'finish'; readonly seed: number };

export type EvaluationAnswer =
  | { readonly kind: 'noted' }
  | { readonly kind: 'finished'; readonly evaluation: DetectorEvaluation };

/** All defects are of one kind here: people mark pictures as bad, not why. */
const DEFECT = 'ng';

/** Throws model.corrupt, and `internal` for steps in another order. */
export class EvaluationSession {
  readonly #runtime: Promise<Runtime>;
  #opened: {
    readonly detector: AnomalyDetector;
    readonly evaluator: Evaluator;
    readonly limits: PictureLimits;
  } | null = null;

  constructor(runtime: Promise<Runtime>) {
    this.#runtime = runtime;
  }

  async take(step: EvaluationStep): Promise<EvaluationAnswer> {
    switch (step.do) {
      case 'open': {
        const detector = anomalyDetector(await loadStoredModel(step.model, await this.#runtime));
        this.#opened = { detector, evaluator: new Evaluator(step.threshold), limits: step.limits };
        return { kind: 'noted' };
      }
      case 'picture':
        await this.#inspect(step);
        return { kind: 'noted' };
      case 'finish':
        return { kind: 'finished', evaluation: this.#parts().evaluator.finish(step.seed) };
    }
  }

  async #inspect({
    name,
    path,
    mask,
    isDefective,
  }: Extract<EvaluationStep, { do: 'picture' }>): Promise<void> {
    const { detector, evaluator, limits } = this.#parts();
    for await (const verdict of readPictures([path], { limits })) {
      if (verdict.status === 'duplicate') throw new Error('internal: one file is no copy');
      if (verdict.status === 'rejected') {
        evaluator.leaveOut({ ...verdict, status: 'untested', file: name });
        continue;
      }
      const truth = { file: name, defect: isDefective ? DEFECT : null, mask };
      try {
        await evaluator.add(truth, verdict.picture, await predictAnomaly(detector, verdict.picture));
      } catch (error) {
        if (!(error instanceof OkapiError)) throw error; // of another size than the model can look at
        evaluator.leaveOut({ status: 'untested', file: name, code: error.code, message: error.message });
      }
    }
  }

  #parts() {
    if (this.#opened === null) throw new Error('internal: the evaluation has no model yet');
    return this.#opened;
  }
}
