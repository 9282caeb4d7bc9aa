// Opens a model folder on a device; says something only when the device is not the one asked for.
import { type AnomalyDetector, anomalyDetector, type Detector } from '../vision/detectors/detector.ts';
import { loadDetector } from '../vision/detectors/load-detector.ts';
import { openRuntime } from '../vision/runtime/open-runtime.ts';
import { printable, type Terminal } from './terminal.ts';

export interface OpenedDetector<D extends Detector = Detector> {
  readonly detector: D;
  readonly device: string;
}

/** Runs `work` with the detector, which is closed afterwards whatever happens. */
export async function withDetector<T>(
  folder: string,
  device: string,
  terminal: Terminal,
  work: (opened: OpenedDetector) => Promise<T>,
): Promise<T> {
  const log = (level: 'info' | 'warn', line: string) => {
    if (level === 'warn') terminal.note(printable(line));
  };
  const runtime = await openRuntime({ device, log });
  try {
    const detector = await loadDetector(folder, runtime);
    for (const note of detector.model.notes) terminal.note(printable(note));
    return await work({ detector, device: runtime.device });
  } finally {
    await runtime.close();
  }
}

/** As withDetector, for models that find anomalies. Throws option.invalid for others. */
export function withAnomalyDetector<T>(
  folder: string,
  device: string,
  terminal: Terminal,
  work: (opened: OpenedDetector<AnomalyDetector>) => Promise<T>,
): Promise<T> {
  return withDetector(folder, device, terminal, async (opened) =>
    work({ ...opened, detector: anomalyDetector(opened.detector) }),
  );
}
