// The address of a view of a model, so that it survives a reload and can be sent to someone.
import { addresses } from '../../../addresses.ts';
import type { ModelInfo } from '../../../server/client.ts';

export const anomalyViews = ['threshold', 'evaluation', 'compare', 'drift'] as const;
export const yoloViews = ['figures', 'evaluation', 'thresholds'] as const;
export type View = (typeof anomalyViews)[number] | (typeof yoloViews)[number];

export function viewAddress(
  { project_id, model_id }: Pick<ModelInfo, 'project_id' | 'model_id'>,
  view: View,
): string {
  const query = new URLSearchParams({ model: model_id, view });
  return `${addresses.project(project_id ?? '', 'results')}?${query}`;
}
