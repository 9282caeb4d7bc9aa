// What config.yaml of an object detector says of it, beyond what every model's says.
import { OkapiError } from '../../errors.ts';
import type { DetectFigures, DetectModel } from '../detector.ts';
import { configFields, imageSizeIn } from '../model-config.ts';

type YoloConfig = Pick<DetectModel, 'variant' | 'imageSize' | 'classes' | 'conf' | 'iou' | 'metrics'>;

/** Throws checkpoint.malformed naming the field. */
export function parseYoloConfig(text: string): YoloConfig {
  const fields = configFields(text);
  const figures = (fields.metrics ?? {}) as Record<keyof DetectFigures, unknown>;
  return {
    imageSize: imageSizeIn(fields),
    variant: checked(fields.model_variant, 'model_variant', 'a text', isText),
    classes: checked(fields.classes, 'classes', 'a list of names', isNames),
    conf: checked(fields.conf, 'conf', 'a number from 0 to 1', isShare),
    iou: checked(fields.iou, 'iou', 'a number from 0 to 1', isShare),
    metrics: {
      map50: checked(figures.map50, 'metrics.map50', 'a number from 0 to 1', isShare),
      map50_95: checked(figures.map50_95, 'metrics.map50_95', 'a number from 0 to 1', isShare),
      precision: checked(figures.precision, 'metrics.precision', 'a number from 0 to 1', isShare),
      recall: checked(figures.recall, 'metrics.recall', 'a number from 0 to 1', isShare),
    },
  };
}

const isText = (v: unknown): v is string => typeof v === 'string';
const isNames = (v: unknown): v is string[] => Array.isArray(v) && v.length > 0 && v.every(isText);
const isShare = (v: unknown): v is number => typeof v === 'number' && v >= 0 && v <= 1;

function checked<T>(value: unknown, name: string, expected: string, is: (v: unknown) => v is T): T {
  if (is(value)) return value;
  throw new OkapiError(
    'checkpoint.malformed',
    `config.yaml: expected ${name} to be ${expected}, got ${JSON.stringify(value) ?? 'nothing'}`,
  );
}
