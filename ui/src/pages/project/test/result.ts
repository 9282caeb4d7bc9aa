// What the test page knows of one picture, whether it was tested just now or stands in the history.
import type { VerdictName } from '../../../components/verdict.tsx';
import type { ModelDetail, ResultItem, TestAnswer } from '../../../server/client.ts';

export type TestedItem = Extract<TestAnswer['items'][number], { readonly score: number }>;
export type Detection = ResultItem['detections'][number];

/** Scores between these are near the threshold. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** A result to look at. */
export interface ShownResult {
  readonly filename: string;
  readonly score: number;
  readonly threshold: number;
  readonly verdict: VerdictName;
  readonly imageUrl: string;
  readonly overlayUrl: string;
  readonly heatmapUrl: string | null;
  readonly mapUrl: string | null;
  readonly reconstructionUrl: string | null;
  readonly pixelThreshold: number | null;
  /** null where the history keeps only how many. */
  readonly regions: TestedItem['regions'] | null;
  readonly regionCount: number;
  readonly detections: readonly Detection[];
  readonly resultId: string | null;
  readonly feedback: ResultItem['feedback'];
}

/** A tenth of the threshold to either side, where the model has no band of its own. */
const nearShare = 0.1;

export function bandOf(threshold: number): Band {
  const width = Math.abs(threshold) * nearShare;
  return { low: threshold - width, high: threshold + width };
}

export function verdictOf(
  { score, threshold, is_anomaly }: Pick<TestedItem, 'score' | 'threshold' | 'is_anomaly'>,
  task: ModelDetail['task'],
): VerdictName {
  if (task === 'detect') return is_anomaly ? 'objects' : 'nothing';
  const { low, high } = bandOf(threshold);
  if (score > low && score < high) return 'uncertain';
  return is_anomaly ? 'ng' : 'ok';
}

/** null when nothing of it was stored. */
export function shownItem(item: TestedItem, task: ModelDetail['task']): ShownResult | null {
  if (item.image_url === null || item.overlay_url === null) return null;
  return {
    filename: item.filename,
    score: item.score,
    threshold: item.threshold,
    verdict: verdictOf(item, task),
    imageUrl: item.image_url,
    overlayUrl: item.overlay_url,
    heatmapUrl: item.heatmap_url,
    mapUrl: item.map_url,
    reconstructionUrl: item.reconstruction_url,
    pixelThreshold: item.pixel_threshold,
    regions: item.regions,
    regionCount: item.regions.length,
    detections: item.detections,
    resultId: item.result_id,
    feedback: null,
  };
}

export function shownOld(item: ResultItem): ShownResult {
  const task = item.heatmap_url === null ? 'detect' : 'anomaly';
  return {
    filename: item.filename,
    score: item.score,
    threshold: item.threshold,
    verdict: verdictOf(item, task),
    imageUrl: item.image_url,
    overlayUrl: item.overlay_url,
    heatmapUrl: item.heatmap_url,
    mapUrl: null,
    reconstructionUrl: null,
    pixelThreshold: null,
    regions: null,
    regionCount: item.regions,
    detections: item.detections,
    resultId: item.result_id,
    feedback: item.feedback,
  };
}

/** For the style sheet: the proportions of the picture. */
export const shapeOf = ({ width, height }: { readonly width: number; readonly height: number }) =>
  ({ '--test-shape': width / height }) as React.CSSProperties;
