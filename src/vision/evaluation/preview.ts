// The pictures that explain a prediction, drawn as its model wants them: ours on one absolute scale, imported ones as the original draws them.
import type { ModelDescription, Prediction } from '../detectors/detector.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { renderHeatmap, renderOverlay } from '../render/heatmap.ts';
import { renderOriginalHeatmap, renderOriginalOverlay } from '../render/original-preview.ts';
import { type Box, originalLevels } from '../scoring/original-regions.ts';
import type { Region } from '../scoring/regions.ts';

/** The anomaly map in colour, in the size of the picture. */
export function heatmapOf(
  { width, height }: Picture,
  prediction: Prediction,
  model: ModelDescription,
): Picture {
  const { pixelValue } = model.threshold;
  return pixelValue === null
    ? renderOriginalHeatmap(originalLevels(prediction.map, width, height))
    : renderHeatmap(prediction.map, pixelValue, width, height);
}

/** The picture with the anomaly map laid over it and the regions outlined. */
export function overlayOf(picture: Picture, prediction: Prediction, model: ModelDescription): Picture {
  const { map, regions } = prediction;
  const { pixelValue } = model.threshold;
  if (pixelValue !== null) return renderOverlay(picture, map, pixelValue, regions);
  const levels = originalLevels(map, picture.width, picture.height);
  return renderOriginalOverlay(
    picture,
    levels,
    regions.map(({ box }) => box),
  );
}

/** A picture and the regions found in it, no side longer than `maxSide`. */
export function shrink(
  picture: Picture,
  regions: readonly Region[],
  maxSide: number,
): { picture: Picture; regions: Region[] } {
  const scale = Math.min(1, maxSide / Math.max(picture.width, picture.height));
  if (scale === 1) return { picture, regions: [...regions] };
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  ) as [number, number];
  return {
    picture: resize(picture, width, height, 'area'),
    regions: regions.map((r) => scaled(r, width / picture.width, height / picture.height)),
  };
}

function scaled(region: Region, sx: number, sy: number): Region {
  const [x, y, w, h] = region.box;
  const box: Box = [
    Math.round(x * sx),
    Math.round(y * sy),
    Math.max(1, Math.round(w * sx)),
    Math.max(1, Math.round(h * sy)),
  ];
  return {
    ...region,
    box,
    polygon: region.polygon.map(([u, v]) => [u * sx, v * sy]),
    area: Math.max(1, Math.round(region.area * sx * sy)),
  };
}
