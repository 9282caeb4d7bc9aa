// Models of a project side by side, from what is stored of them: their newest evaluations on one and the same set.
import { compareModels } from '../../vision/evaluation/compare-models.ts';
import { ServerError } from '../contract/errors.ts';
import type { ModelComparison } from '../contract/evaluations.ts';
import type { Frozen } from '../contract/route.ts';
import { getModel } from '../models/get-model.ts';
import { taskOf } from '../models/model-info.ts';
import type { Context } from '../platform/context.ts';
import { getProject } from '../projects/get-project.ts';
import { withInterval } from './evaluation-answer.ts';
import { type AnomalyRecord, evaluationInfo, evaluationsOf, readPictures } from './evaluation-record.ts';

/** Resampled pictures of all rounds together: this runs where requests are answered. */
const MOST_DRAWS = 2_000_000;

/**
 * Throws project.not_found, model.not_found also for models of others, model.wrong_task for object detectors, request.invalid for one named twice,
 * evaluation.not_found for a model that was never evaluated, and evaluation.different_sets.
 */
export async function compare(
  context: Context,
  projectId: string,
  modelIds: readonly string[],
): Promise<Frozen<ModelComparison>> {
  const { project_id } = await getProject(context, projectId);
  if (new Set(modelIds).size < modelIds.length)
    throw new ServerError('request.invalid', 'query.models: expected each model once');
  const histories = await Promise.all(modelIds.map((id) => historyOf(context, project_id, id)));
  const chosen = onOneSet(histories);
  const details = await Promise.all(chosen.map((record) => readPictures(context, record)));
  const shown = new Map(details[0]!.pictures.map((picture) => [picture.filename, picture]));
  const rounds = Math.max(100, Math.min(1000, Math.floor(MOST_DRAWS / shown.size)));
  const { againstFirst, pictures } = compareModels(
    chosen.map(({ model_id, threshold }, i) => ({
      name: model_id,
      threshold,
      pictures: details[i]!.pictures.map(({ filename, truth, score }) => ({
        file: filename,
        defect: truth === 'ng' ? 'ng' : null,
        anomalous: truth === 'ng',
        score,
      })),
    })),
    { rounds },
  );
  return {
    dataset_sha256: chosen[0]!.dataset_sha256,
    models: chosen.map((record) => evaluationInfo(record)),
    against_first: againstFirst.map(({ name, aurocDifference, interval, onlyThisRight, onlyFirstRight }) => ({
      model_id: name,
      auroc_difference: withInterval(aurocDifference, interval),
      only_this_right: onlyThisRight,
      only_first_right: onlyFirstRight,
    })),
    pictures: pictures.map(({ file, differs, verdicts }) => {
      const { filename, display_name, url, truth } = shown.get(file)!;
      return {
        ...{ filename, display_name, url, truth, differs },
        verdicts: verdicts.map(({ score, calledAnomalous, ratio }) => ({
          score,
          is_anomaly: calledAnomalous,
          ratio,
        })),
      };
    }),
  };
}

async function historyOf(context: Context, projectId: string, id: string): Promise<AnomalyRecord[]> {
  const model = await getModel(context, id);
  if (model.owner.kind !== 'project' || model.owner.id !== projectId)
    throw new ServerError('model.not_found', `the project has no model ${JSON.stringify(id)}`);
  if (taskOf(model) === 'detect')
    throw new ServerError(
      'model.wrong_task',
      `${id} finds objects: models that find anomalies are compared here`,
    );
  const history = (await evaluationsOf(context, model)).filter((record) => record.task === 'anomaly');
  if (history.length > 0) return history;
  throw new ServerError('evaluation.not_found', `the model ${id} was never evaluated`);
}

/** The newest set on which all were evaluated, and the newest evaluation of each on it. */
function onOneSet(histories: readonly (readonly AnomalyRecord[])[]): AnomalyRecord[] {
  for (const { dataset_sha256 } of histories[0]!) {
    const chosen = histories.map((history) =>
      history.find((record) => record.dataset_sha256 === dataset_sha256),
    );
    if (chosen.every((record) => record !== undefined)) return chosen;
  }
  const ids = histories.map(([newest]) => newest!.model_id);
  throw new ServerError(
    'evaluation.different_sets',
    `the models ${ids.join(', ')} were not evaluated on the same pictures; evaluate each again with unseen_by naming the others`,
  );
}
