// A detector that looks at large pictures tile by tile, over one that looks at squares: one tile is in memory at a time.
import type { Picture } from '../../image/picture.ts';
import { findRegions } from '../../scoring/regions.ts';
import { seenTiles, type TileCut, tilePixels } from '../../scoring/tile-pixels.ts';
import type { AnomalyDetector, AnomalyPrediction } from '../detector.ts';
import { StitchedMap } from './stitched-map.ts';

/** As findRegions has it for one square of the model: smaller regions are left out. */
const LEAST_AREA_SHARE = 0.0001;

/**
 * The score is that of the worst tile, and so is the threshold that `detector` has: its scores were brought together in the
 * same way. `predict` throws image.too_small and image.too_many_pixels for pictures that cannot be cut so.
 */
export function tiledDetector(detector: AnomalyDetector, cut: TileCut): AnomalyDetector {
  return {
    task: 'anomaly',
    model: { ...detector.model, tiles: cut.plan },
    async predict(pictures) {
      const predictions: AnomalyPrediction[] = [];
      for (const picture of pictures) predictions.push(await predictTiles(detector, cut, picture));
      return predictions;
    },
    close: () => detector.close(),
  };
}

/** What the model sees of a picture that is one tile. */
export function onlyTile(picture: Picture, cut: TileCut, side: number): Picture {
  const [seen, ...others] = seenTiles(cut, picture, side);
  if (seen === undefined || others.length > 0) throw new Error('internal: the picture is not one tile');
  return tilePixels(picture, seen, side);
}

async function predictTiles(
  detector: AnomalyDetector,
  cut: TileCut,
  picture: Picture,
): Promise<AnomalyPrediction> {
  const { imageSize: side, threshold } = detector.model;
  const { width, height } = picture;
  const stitched = new StitchedMap(picture, cut.plan, side);
  let score = Number.NEGATIVE_INFINITY;
  for (const seen of seenTiles(cut, picture, side)) {
    const [found] = await detector.predict([tilePixels(picture, seen, side)]);
    score = Math.max(score, found!.score);
    stitched.add(seen.tile, found!.map);
  }
  const map = stitched.finish(cut.regions);
  const minAreaShare = (LEAST_AREA_SHARE * side ** 2) / map.data.length;
  return {
    task: 'anomaly',
    score,
    isAnomaly: score > threshold.value,
    threshold: threshold.value,
    map,
    regions: findRegions(map, threshold.pixelValue!, width, height, { minAreaShare }),
  };
}
