// All models, or those of scenes, of projects, of one project.
import type { Context } from '../platform/context.ts';
import { allModels } from './model-documents.ts';
import { modelInfo } from './model-info.ts';
import type { ModelInfo } from './model-record.ts';

export interface ModelFilter {
  readonly mode?: 'scene' | 'project';
  readonly project_id?: string;
}

/** Newest first. A project without models, or that does not exist, has none. */
export async function listModels(
  context: Context,
  { mode, project_id }: ModelFilter = {},
): Promise<ModelInfo[]> {
  return (await allModels(context))
    .map(modelInfo)
    .filter((info) => mode === undefined || info.mode === mode)
    .filter((info) => project_id === undefined || info.project_id === project_id);
}
