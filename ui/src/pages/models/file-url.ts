// The address of a file of a model.
import type { ModelInfo } from '../../server/client.ts';

export function fileUrl({ project_id, model_id }: ModelInfo, name: string): string {
  const owner = project_id === null ? '' : `/projects/${encodeURIComponent(project_id)}`;
  return `/static${owner}/models/${encodeURIComponent(model_id)}/${encodeURIComponent(name)}`;
}
