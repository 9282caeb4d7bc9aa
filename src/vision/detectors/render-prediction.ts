// The prediction of an anomaly detector as pictures: on the absolute scale of our models, or as the original draws for models that it made.
import type { Picture } from '../image/picture.ts';
import { renderHeatmap, renderOverlay } from '../render/heatmap.ts';
import { renderOriginalHeatmap, renderOriginalOverlay } from '../render/original-preview.ts';
import { originalLevels } from '../scoring/original-regions.ts';
import type { AnomalyModel, AnomalyPrediction } from './detector.ts';

export interface RenderedPrediction {
  /** Both in the size of the picture. */
  readonly heatmap: Picture;
  readonly overlay: Picture;
}

/** `prediction` is what the model predicted for `picture`. */
export function renderPrediction(
  picture: Picture,
  { map, regions }: AnomalyPrediction,
  { threshold }: AnomalyModel,
): RenderedPrediction {
  const { width, height } = picture;
  const cut = threshold.pixelValue;
  if (cut !== null)
    return {
      heatmap: renderHeatmap(map, cut, width, height),
      overlay: renderOverlay(picture, map, cut, regions),
    };
  const levels = originalLevels(map, width, height);
  const boxes = regions.map(({ box }) => box);
  return { heatmap: renderOriginalHeatmap(levels), overlay: renderOriginalOverlay(picture, levels, boxes) };
}
