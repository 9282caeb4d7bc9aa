// What the runner of an evaluation asks its child, and what that does: one model, then picture after picture, then the figures.
import type { Runtime } from '../../autodiff/runtime.ts';
import { readPictures } from '../../vision/dataset/folder.ts';
import type { LabelledBox } from '../../vision/dataset/labelled.ts';
import type { AnomalyDetector, Detector, ObjectDetector } from '../../vision/detectors/detector.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { Evaluator } from '../../vision/evaluation/evaluator.ts';
import type { UntestedFile } from '../../vision/evaluation/inspect-files.ts';
import { ObjectEvaluator, type ObjectsEvaluation } from '../../vision/evaluation/object-evaluator.ts';
import type { PictureLimits } from '../../vision/image/decode.ts';
import type { Picture } from '../../vision/image/picture.ts';
import { ServerError } from '../contract/errors.ts';
import type { JudgedBy, ModelToLoad } from '../inference/inspect-request.ts';
import { loadStoredModel } from '../inference/load-stored-model.ts';
import { predictAnomaly } from '../inference/predict-anomaly.ts';
import { checkFinite } from '../inference/predict-objects.ts';

export type EvaluationStep =
  | {
      readonly do: 'open';
      readonly model: ModelToLoad;
      readonly judgedBy: JudgedBy;
      /** Of the pictures of an object detector. */
      readonly classes: readonly string[];
      readonly limits: PictureLimits;
    }
  | PictureStep
  | {
      readonly do: 'finish';
      readonly seed: number;
      /** Of good pictures that the model has learnt from, by models that had not seen them. */
      readonly leftOut: readonly number[];
    };

export interface PictureStep {
  readonly do: 'picture';
  /** Its stored name, under which it is reported. */
  readonly name: string;
  /** A local file. */
  readonly path: string;
  readonly truth: PictureTruth;
}

export type PictureTruth =
  | {
      readonly task: 'anomaly';
      readonly isDefective: boolean;
      /** A local file. */
      readonly mask: string | null;
    }
  | {
      readonly task: 'detect';
      /** In shares of the picture. */
      readonly boxes: readonly LabelledBox[];
    };

export type EvaluationAnswer =
  | { readonly kind: 'noted' }
  | { readonly kind: 'anomaly'; readonly evaluation: DetectorEvaluation }
  | { readonly kind: 'detect'; readonly evaluation: ObjectsEvaluation };

/** All defects are of one kind here: people mark pictures as bad, not why. */
const DEFECT = 'ng';

/** Throws model.corrupt, and `internal` for steps in another order. */
export class EvaluationSession {
  readonly #runtime: Promise<Runtime>;
  #opened: { readonly judge: Judge; readonly limits: PictureLimits } | null = null;

  constructor(runtime: Promise<Runtime>) {
    this.#runtime = runtime;
  }

  async take(step: EvaluationStep): Promise<EvaluationAnswer> {
    switch (step.do) {
      case 'open': {
        const detector = await loadStoredModel(step.model, await this.#runtime);
        this.#opened = { judge: judgeOf(detector, step), limits: step.limits };
        return { kind: 'noted' };
      }
      case 'picture':
        await this.#inspect(step);
        return { kind: 'noted' };
      case 'finish':
        return this.#parts().judge.finish(step.seed, step.leftOut);
    }
  }

  async #inspect({ name, path, truth }: PictureStep): Promise<void> {
    const { judge, limits } = this.#parts();
    for await (const verdict of readPictures([path], { limits })) {
      if (verdict.status === 'duplicate') throw new Error('internal: one file is no copy');
      if (verdict.status === 'rejected') {
        judge.leaveOut({ ...verdict, status: 'untested', file: name });
        continue;
      }
      try {
        await judge.look(name, verdict.picture, truth);
      } catch (error) {
        if (!(error instanceof OkapiError)) throw error; // of another size than the model can look at
        judge.leaveOut({ status: 'untested', file: name, code: error.code, message: error.message });
      }
    }
  }

  #parts() {
    if (this.#opened === null) throw new Error('internal: the evaluation has no model yet');
    return this.#opened;
  }
}

/** A detector with what collects its verdicts. */
interface Judge {
  look(file: string, picture: Picture, truth: PictureTruth): Promise<void>;
  leaveOut(file: UntestedFile): void;
  finish(seed: number, leftOut: readonly number[]): EvaluationAnswer;
}

/** Throws model.corrupt when the model does something else than its record says. */
function judgeOf(detector: Detector, { judgedBy, classes }: Extract<EvaluationStep, { do: 'open' }>): Judge {
  if (detector.task === 'anomaly' && judgedBy.task === 'anomaly')
    return judgeOfAnomalies(detector, judgedBy.threshold);
  if (detector.task === 'detect' && judgedBy.task === 'detect')
    return judgeOfObjects(detector, classes, judgedBy);
  throw new ServerError('model.corrupt', 'the model does something else than its record says');
}

function judgeOfAnomalies(detector: AnomalyDetector, threshold: number): Judge {
  const evaluator = new Evaluator(threshold);
  return {
    async look(file, picture, truth) {
      if (truth.task !== 'anomaly') throw new Error('internal: a mark was expected');
      const { isDefective, mask } = truth;
      const expected = { file, defect: isDefective ? DEFECT : null, mask };
      await evaluator.add(expected, picture, await predictAnomaly(detector, picture));
    },
    leaveOut: (file) => evaluator.leaveOut(file),
    finish: (seed, leftOut) => ({ kind: 'anomaly', evaluation: evaluator.finish(seed, leftOut) }),
  };
}

function judgeOfObjects(
  detector: ObjectDetector,
  classes: readonly string[],
  { conf, iou }: Extract<JudgedBy, { task: 'detect' }>,
): Judge {
  const evaluator = new ObjectEvaluator(detector, classes, { conf, iou });
  return {
    async look(file, picture, truth) {
      if (truth.task !== 'detect') throw new Error('internal: boxes were expected');
      const [prediction] = await evaluator.predict([picture]);
      checkFinite(prediction!.detections);
      evaluator.add({ file, boxes: truth.boxes }, picture, prediction!);
    },
    leaveOut: (file) => evaluator.leaveOut(file),
    finish: () => ({ kind: 'detect', evaluation: evaluator.finish() }),
  };
}
