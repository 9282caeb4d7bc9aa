// The options of `okapi test`, whatever the model finds.
import { OkapiError } from '../vision/errors.ts';

export interface TestOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly report?: string;
  /** Of detectors of objects. */
  readonly conf?: number;
  readonly iou?: number;
  readonly device: string;
}

/** Throws option.invalid for an option that models which find anomalies do not have. */
export function refuseThresholds(options: Pick<TestOptions, 'conf' | 'iou'>): void {
  for (const name of ['conf', 'iou'] as const)
    if (options[name] !== undefined)
      throw new OkapiError(
        'option.invalid',
        `--${name} is an option of detectors; this model finds anomalies`,
      );
}
