// Two or more models on the same pictures: figures side by side, and the pictures on which they do not agree.
import { confusionAt, falseAlarmRate, type Interval, type Metric, recall } from '../scoring/metrics.ts';
import { aurocDifference } from '../scoring/paired-auroc.ts';
import type { EvaluatedPicture } from './detector-evaluation.ts';

/** What is needed of each model: its threshold, and its verdict on each picture. */
export interface ModelToCompare {
  readonly name: string;
  readonly threshold: number;
  readonly pictures: readonly Pick<EvaluatedPicture, 'file' | 'defect' | 'score' | 'anomalous'>[];
}

export interface ComparedVerdict {
  readonly score: number;
  readonly calledAnomalous: boolean;
  /** The score over the threshold: scores of two models have no common scale. null for a threshold that is not above 0. */
  readonly ratio: number | null;
}

export interface ComparedPicture {
  readonly file: string;
  readonly defect: string | null;
  readonly anomalous: boolean;
  /** One a model, in their order. */
  readonly verdicts: readonly ComparedVerdict[];
  /** Whether the models do not all say the same. */
  readonly differs: boolean;
}

/** A model held against the first one. */
export interface AgainstFirst {
  readonly name: string;
  /** Its image AUROC minus that of the first, with a paired bootstrap interval of 95 %. */
  readonly aurocDifference: Metric;
  readonly interval: Interval | null;
  /** Pictures that it alone of the two judges rightly, and that the first alone does. */
  readonly onlyThisRight: number;
  readonly onlyFirstRight: number;
}

export interface Comparison {
  readonly models: readonly {
    readonly name: string;
    readonly threshold: number;
    readonly falseAlarmRate: Metric;
    readonly recall: Metric;
  }[];
  readonly againstFirst: readonly AgainstFirst[];
  /** Those that every model has tested; where they differ first, then by name. */
  readonly pictures: readonly ComparedPicture[];
}

/** Throws `internal` for fewer than two models. */
export function compareModels(
  models: readonly ModelToCompare[],
  { seed = 42, rounds = 1000 } = {},
): Comparison {
  const [first, ...others] = models;
  if (first === undefined || others.length === 0)
    throw new Error('internal: one model has nothing to compare');
  const pictures = sharedPictures(models);
  return {
    models: models.map(({ name, threshold }, i) => {
      const confusion = confusionAt(
        pictures.map(({ anomalous, verdicts }) => ({ anomalous, score: verdicts[i]!.score })),
        threshold,
      );
      return { name, threshold, falseAlarmRate: falseAlarmRate(confusion), recall: recall(confusion) };
    }),
    againstFirst: others.map(({ name }, i) => againstFirst(name, i + 1, pictures, { seed, rounds })),
    pictures,
  };
}

function sharedPictures(models: readonly ModelToCompare[]): ComparedPicture[] {
  const tested = models.map(({ pictures }) => new Map(pictures.map((p) => [p.file, p])));
  const pictures = models[0]!.pictures.flatMap(({ file, defect, anomalous }): ComparedPicture[] => {
    const found = tested.map((byFile) => byFile.get(file));
    if (!found.every((p) => p !== undefined)) return [];
    const verdicts = found.map(({ score }, i): ComparedVerdict => {
      const { threshold } = models[i]!;
      return {
        score,
        calledAnomalous: score > threshold,
        ratio: threshold > 0 ? score / threshold : null,
      };
    });
    const differs = new Set(verdicts.map(({ calledAnomalous }) => calledAnomalous)).size > 1;
    return [{ file, defect, anomalous, verdicts, differs }];
  });
  const byName = (a: ComparedPicture, b: ComparedPicture) => (a.file < b.file ? -1 : 1);
  return pictures.sort((a, b) => Number(b.differs) - Number(a.differs) || byName(a, b));
}

function againstFirst(
  name: string,
  model: number,
  pictures: readonly ComparedPicture[],
  bootstrap: { readonly seed: number; readonly rounds: number },
): AgainstFirst {
  const right = ({ anomalous, verdicts }: ComparedPicture, i: number) =>
    verdicts[i]!.calledAnomalous === anomalous;
  const { difference, interval } = aurocDifference(
    pictures.map(({ anomalous, verdicts }) => ({
      anomalous,
      first: verdicts[0]!.score,
      second: verdicts[model]!.score,
    })),
    bootstrap,
  );
  return {
    name,
    aurocDifference: difference,
    interval,
    onlyThisRight: pictures.filter((p) => right(p, model) && !right(p, 0)).length,
    onlyFirstRight: pictures.filter((p) => right(p, 0) && !right(p, model)).length,
  };
}
