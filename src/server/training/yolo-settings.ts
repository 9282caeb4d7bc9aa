// What a training of an object detector may be asked for, and the work that all of it together means.
import { totalmem } from 'node:os';
import { batchRefusal } from '../../vision/detectors/yolo/batch-size.ts';
import { OkapiError } from '../../vision/errors.ts';
import { parseVariant } from '../../vision/yolo/variants.ts';
import { ServerError } from '../contract/errors.ts';
import { yoloDefaults, yoloLimits } from '../contract/yolo.ts';
import type { Config } from '../platform/config.ts';
import type { YoloOrder } from './training-order.ts';
import { checkHours, checkSettings, imageSizeRow, type SettingRow, wholeRow } from './training-settings.ts';

/** What a request names; what it leaves out has the default of the contract, or is left to the trainer. */
export interface YoloTrainingRequest {
  readonly epochs?: number;
  readonly img_size?: number;
  readonly batch?: number;
  readonly model_variant?: string;
  readonly weights?: string;
  readonly lr0?: number;
  readonly conf?: number;
  readonly iou?: number;
}

export type YoloSettings = Pick<
  YoloOrder,
  'epochs' | 'img_size' | 'batch' | 'variant' | 'lr0' | 'conf' | 'iou'
>;

const shareRow: SettingRow = { valid: (v) => v >= 0 && v <= 1, expected: 'a number from 0 to 1' };

const rows: Readonly<Record<Exclude<keyof YoloSettings, 'variant'>, SettingRow>> = {
  epochs: wholeRow(1, yoloLimits.maxEpochs),
  img_size: imageSizeRow(yoloLimits.maxImgSize),
  batch: wholeRow(1, yoloLimits.maxBatch),
  lr0: { valid: (v) => v > 0 && v <= 1, expected: 'a number above 0 and at most 1' },
  conf: shareRow,
  iou: shareRow,
};

/** Throws request.invalid that names every field at fault; for an unknown variant it names those there are. */
export function yoloSettings(request: YoloTrainingRequest): YoloSettings {
  const numbers = {
    epochs: request.epochs ?? yoloDefaults.epochs,
    img_size: request.img_size ?? yoloDefaults.img_size,
    batch: request.batch ?? null,
    lr0: request.lr0 ?? null,
    conf: request.conf ?? yoloDefaults.conf,
    iou: request.iou ?? yoloDefaults.iou,
  };
  checkSettings(rows, numbers);
  return { ...numbers, variant: variantOf(request.model_variant ?? yoloDefaults.model_variant) };
}

function variantOf(name: string): string {
  try {
    return parseVariant(name).name;
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    throw invalidField('model_variant', error.message);
  }
}

export function invalidField(name: string, detail: string): ServerError {
  const path = `body.${name}`;
  return new ServerError('request.invalid', `${path}: ${detail}`, {
    errors: [{ path, code: 'request.invalid', detail }],
  });
}

/**
 * Throws job.too_large when the pictures of a step do not fit what a job may take of the machine, or not even one does; it says
 * how many would.
 */
export function checkYoloMemory(
  { img_size: imageSize, batch, variant }: YoloSettings,
  images: number,
  { max_memory_mb }: Pick<Config['jobs'], 'max_memory_mb'>,
): void {
  const memoryBytes = Math.min(totalmem(), max_memory_mb * 2 ** 20);
  const refusal = batchRefusal({ batch, imageSize }, parseVariant(variant), images, memoryBytes);
  if (refusal === null) return;
  const [field, detail] = [
    batch === null ? 'img_size' : 'batch',
    `${refusal} (jobs.max_memory_mb is ${max_memory_mb})`,
  ];
  throw new ServerError('job.too_large', `body.${field}: ${detail}`, {
    errors: [{ path: `body.${field}`, code: 'job.too_large', detail }],
  });
}

/** For one picture of 320 pixels square in one epoch by the narrowest variant: what a quick machine needs at the least. */
const LEAST_SECONDS = 0.004;
const NARROWEST = 0.25;

/** Throws job.too_large when even a quick machine would need longer than a job may take. */
export function checkYoloWork(
  { img_size, epochs, variant }: YoloSettings,
  images: number,
  maxHours: number,
): void {
  const wider = parseVariant(variant).width / NARROWEST;
  const seconds = LEAST_SECONDS * images * epochs * (img_size / 320) ** 2 * wider;
  checkHours({ seconds, img_size, epochs, images, maxHours });
}
