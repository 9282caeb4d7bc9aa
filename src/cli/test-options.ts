// The options of `okapi test`, whatever the model finds.
export interface TestOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly report?: string;
  /** Of detectors of objects. */
  readonly conf?: number;
  readonly iou?: number;
  readonly device: string;
}
