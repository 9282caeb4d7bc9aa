// The charts of a finished training as SVG files.
import { confusionChart } from '../../render/confusion-chart.ts';
import { confidenceChart, epochChart, precisionRecallChart } from '../../render/detection-charts.ts';
import { writableName } from '../../render/lettering.ts';
import { standaloneChart } from '../../render/standalone-chart.ts';
import type { DetectionReport } from '../../scoring/detection-metrics.ts';
import type { FitResult } from '../../training/fit.ts';

/** Files by name. */
export function chartsOf(
  report: DetectionReport,
  { history }: FitResult,
  classes: readonly string[],
): [name: string, svg: string][] {
  const names = classes.map((_, classId) => writableName(classes, classId));
  const named = { ...report, perClass: report.perClass.map((row, i) => ({ ...row, name: names[i]! })) };
  const epochs = history.map(({ epoch }) => epoch);
  const series = (...keys: string[]) =>
    keys.map((name) => ({ name, values: history.map(({ metrics }) => metrics?.[name] ?? null) }));
  const charts = {
    'pr_curve.svg': precisionRecallChart(named),
    'f1_curve.svg': confidenceChart(named, 'f1'),
    'p_curve.svg': confidenceChart(named, 'precision'),
    'r_curve.svg': confidenceChart(named, 'recall'),
    'confusion_matrix.svg': confusionChart(report.confusion, names),
    'losses.svg': epochChart('Losses by epoch', epochs, series('box', 'cls', 'dfl')),
    'map.svg': epochChart('mAP by epoch', epochs, series('map50', 'map50_95')),
  };
  return Object.entries(charts).map(([name, chart]) => [name, standaloneChart(chart)]);
}
