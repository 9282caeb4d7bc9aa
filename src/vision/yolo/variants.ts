// The detectors by name: how deep and how wide each is, and what it stands on.
import { OkapiError } from '../errors.ts';

export const variantNames = [
  'yolov8n',
  'yolov8s',
  'yolov8m',
  'yolov8l',
  'yolov8x',
  'okapi-n',
  'okapi-s',
] as const;
export type VariantName = (typeof variantNames)[number];

/** What the maps come from: convolutions of the family's own, or the MobileNetV3 trained on COCO that the package carries. */
export type Backbone = 'yolov8' | 'mobilenetv3-coco';

export interface Variant {
  readonly name: VariantName;
  readonly backbone: Backbone;
  /** Factor of the numbers of bottlenecks. */
  readonly depth: number;
  /** Factor of the numbers of channels. */
  readonly width: number;
  /** Channels before `width`, at most. */
  readonly maxChannels: number;
}

// Multiples as published with YOLOv8 (2023).
const variants: Readonly<Record<VariantName, Omit<Variant, 'name'>>> = {
  yolov8n: { backbone: 'yolov8', depth: 0.33, width: 0.25, maxChannels: 1024 },
  yolov8s: { backbone: 'yolov8', depth: 0.33, width: 0.5, maxChannels: 1024 },
  yolov8m: { backbone: 'yolov8', depth: 0.67, width: 0.75, maxChannels: 768 },
  yolov8l: { backbone: 'yolov8', depth: 1, width: 1, maxChannels: 512 },
  yolov8x: { backbone: 'yolov8', depth: 1, width: 1.25, maxChannels: 512 },
  'okapi-n': { backbone: 'mobilenetv3-coco', depth: 0.33, width: 0.25, maxChannels: 1024 },
  'okapi-s': { backbone: 'mobilenetv3-coco', depth: 0.33, width: 0.5, maxChannels: 1024 },
};

/** The variant of a name, with or without `.pt`. Throws option.invalid, which names the list. */
export function parseVariant(name: string): Variant {
  const stem = name.replace(/\.pt$/, '');
  const known = variantNames.find((row) => row === stem);
  if (known !== undefined) return { name: known, ...variants[known] };
  throw new OkapiError(
    'option.invalid',
    `expected a model variant of ${variantNames.join(', ')}; got "${name}"`,
  );
}

/** `channels` of the full model in this variant, a multiple of 8. */
export function channelsOf({ width, maxChannels }: Variant, channels: number): number {
  return Math.ceil((Math.min(channels, maxChannels) * width) / 8) * 8;
}

/** `count` bottlenecks of the full model in this variant, at least one. */
export function depthOf({ depth }: Variant, count: number): number {
  return Math.max(1, Math.round(count * depth));
}
