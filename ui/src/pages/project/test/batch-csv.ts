// The results of a test as a table for spreadsheets.
import type { TestedItem } from './result.ts';

const columns = [
  'filename',
  'score',
  'threshold',
  'is_anomaly',
  'places',
  'detections',
  'result_id',
] as const;

/** RFC 4180, with the columns of the export of all results where they are the same. */
export function batchCsv(items: readonly TestedItem[]): string {
  const rows = items.map(({ filename, score, threshold, is_anomaly, regions, detections, result_id }) => [
    filename,
    score,
    threshold,
    is_anomaly,
    regions.length,
    detections.map(({ label, confidence }) => `${label} ${confidence.toFixed(4)}`).join('; '),
    result_id ?? '',
  ]);
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A text that a spreadsheet would take for a formula gets a leading apostrophe. */
function cell(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
