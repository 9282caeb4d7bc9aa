// What the test page knows of one picture, whether it was tested just now or stands in the history.
import type { VerdictName } from '../../../components/verdict.tsx';
import type { ModelDetail, ResultItem, TestAnswer } from '../../../server/client.ts';

export type TestedItem = Extract<TestAnswer['items'][number], { readonly score: number }>;
export type Detection = ResultItem['detections'][number];

/** A result to look at. */
export interface ShownResult {
  readonly filename: string;
  readonly score: number;
  readonly threshold: number;
  /** By the model's own band around its threshold. */
  readonly isUncertain: boolean;
  /** That band; null where it is not known. */
  readonly band: TestedItem['uncertain'];
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

export function verdictOf(
  { is_anomaly }: Pick<TestedItem, 'is_anomaly'>,
  task: ModelDetail['task'],
): VerdictName {
  if (task === 'detect') return is_anomaly ? 'objects' : 'nothing';
  return is_anomaly ? 'ng' : 'ok';
}

/** null when nothing of it was stored. */
export function shownItem(item: TestedItem, task: ModelDetail['task']): ShownResult | null {
  if (item.image_url === null || item.overlay_url === null) return null;
  return {
    filename: item.filename,
    score: item.score,
    threshold: item.threshold,
    isUncertain: item.is_uncertain,
    band: item.uncertain,
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
    isUncertain: item.is_uncertain,
    band: null,
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
