// The figures of an object detector, as its training has left them.
import { ServerError } from '../contract/errors.ts';
import type { ModelMetrics } from '../contract/models.ts';
import type { Context } from '../platform/context.ts';
import type { ModelRecord } from './model-record.ts';
import { readModelText } from './open-model-file.ts';

export const metricsFile = 'metrics.json';

/** Verified as every file of a model is. Throws blob.not_found for models without figures, model.corrupt. */
export async function readMetrics(context: Context, record: ModelRecord): Promise<ModelMetrics> {
  if (!Object.hasOwn(record.files, metricsFile))
    throw new ServerError(
      'blob.not_found',
      `the model ${record.model_id} has no metrics; models that find anomalies have none`,
    );
  return JSON.parse(await readModelText(context, record, metricsFile)) as ModelMetrics;
}
