// What the record of a training job holds: ids, numbers, and the name of what is learnt from, which is stored once.
import type { Task } from '../../vision/detectors/detector.ts';
import type { Regions } from '../../vision/scoring/region-mask.ts';
import type { TileSetting } from '../../vision/scoring/tile-plan.ts';
import { ServerError } from '../contract/errors.ts';
import { type TrainingMethod, trainingMethods } from '../contract/training.ts';
import type { ImageRecord } from '../datasets/image-record.ts';
import type { Context } from '../platform/context.ts';
import type { DocStore, Json } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import type { TrainingMode } from '../projects/project.ts';
import { pinField } from '../yolo/pin-dataset.ts';

export const trainingKind = 'train';
/** Of jobs that add good pictures to a model. */
export const updateKind = 'update';

interface CommonOrder {
  /** Pictures to learn from. */
  readonly images: number;
  readonly img_size: number;
  readonly epochs: number;
  readonly training_mode: TrainingMode;
}

export interface AnomalyOrder extends CommonOrder {
  readonly training_mode: Exclude<TrainingMode, 'yolo'>;
  /** Left out in older records: autoencoder. */
  readonly method?: TrainingMethod;
  /** SHA-256 over the ids of the images. */
  readonly snapshot: string;
  readonly lr: number | null;
  readonly base_model_id: string | null;
  /** Where to look; null or, in older records, left out: whole pictures. */
  readonly regions?: Regions | null;
  /** Left out in older records: auto. */
  readonly tiles?: TileSetting;
  readonly defect_size?: number | null;
  /** Of the remembered patches; left out in older records. */
  readonly bank_bytes?: number | null;
  readonly place_weight?: number | null;
  readonly reweight_neighbours?: number | null;
  /** Stored names of the images that the base model is updated with; left out: a training. */
  readonly adds?: readonly string[];
  /** Of updates: the rate that the threshold is to hold; null: that of the base model's training. */
  readonly false_alarm_rate?: number | null;
}

export interface YoloOrder extends CommonOrder {
  readonly training_mode: 'yolo';
  /** The version of the dataset; the sweep keeps those that jobs name under this very name. */
  readonly [pinField]: string;
  /** Over its pictures and labels. */
  readonly dataset_sha256: string;
  /** A name of the family, without `.pt`. */
  readonly variant: string;
  /** The name of a file in the folder of weights to start from. */
  readonly weights: string | null;
  /** null: chosen by memory and by the number of pictures. */
  readonly batch: number | null;
  /** null: the trainer's default. */
  readonly lr0: number | null;
  readonly conf: number;
  readonly iou: number;
}

export type TrainingOrder = AnomalyOrder | YoloOrder;

export const taskOfMode: Readonly<Record<TrainingMode, Task>> = {
  anomaly: 'anomaly',
  finetune: 'anomaly',
  yolo: 'detect',
};

type Fields = { readonly [name: string]: Json };

export function orderFields(order: TrainingOrder): Fields {
  return { ...order };
}

type Check = (value: Json | undefined) => boolean;
const isText: Check = (v) => typeof v === 'string';
const isTextOrNull: Check = (v) => v === null || isText(v);
const isHash: Check = (v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v);
const isWhole: Check = (v) => Number.isSafeInteger(v);
const isNumber: Check = (v) => Number.isFinite(v);
const isNumberOrNull: Check = (v) => v === null || isNumber(v);
const isNumberOrNothing: Check = (v) => v === undefined || isNumberOrNull(v);
const isObjectOrNothing: Check = (v) => v === undefined || typeof v === 'object';

const common = { images: isWhole, img_size: isWhole, epochs: isWhole, training_mode: isText };
const checks: {
  readonly anomaly: Readonly<Record<keyof AnomalyOrder, Check>>;
  readonly detect: Readonly<Record<keyof YoloOrder, Check>>;
} = {
  anomaly: {
    ...common,
    method: (v) => v === undefined || (trainingMethods as readonly unknown[]).includes(v),
    snapshot: isHash,
    lr: isNumberOrNull,
    base_model_id: isTextOrNull,
    regions: isObjectOrNothing,
    adds: (v) => v === undefined || (Array.isArray(v) && v.every(isText)),
    false_alarm_rate: isNumberOrNothing,
    tiles: (v) => v === undefined || isText(v) || isObjectOrNothing(v),
    defect_size: isNumberOrNothing,
    bank_bytes: isNumberOrNothing,
    place_weight: isNumberOrNothing,
    reweight_neighbours: isNumberOrNothing,
  },
  detect: {
    ...common,
    [pinField]: isText,
    dataset_sha256: isHash,
    variant: isText,
    weights: isTextOrNull,
    batch: isNumberOrNull,
    lr0: isNumberOrNull,
    conf: isNumber,
    iou: isNumber,
  },
};

/** The order in a job's record. Records are ours; one of another version is refused as a whole. */
export function parseOrder(fields: Fields): TrainingOrder {
  const mode = String(fields.training_mode);
  const task = Object.hasOwn(taskOfMode, mode) ? taskOfMode[mode as TrainingMode] : null;
  if (task !== null && Object.entries(checks[task]).every(([name, check]) => check(fields[name])))
    return fields as unknown as TrainingOrder;
  throw new ServerError('job.not_found', 'the record of the job is not one that this version understands');
}

/** The same images are one document, whoever trains on them. */
export async function putSnapshot(
  { docs, clock }: Pick<Context, 'docs' | 'clock'>,
  { images, sha256 }: { readonly images: readonly Pick<ImageRecord, 'filename'>[]; readonly sha256: string },
): Promise<void> {
  // The time makes each writing a revision of its own: a sweep that read an older one then leaves this one.
  const at = clock.date().toISOString();
  await docs.put(docKeys.snapshot(sha256), { images: images.map(({ filename }) => filename), at });
}

/** The stored names of the images, sorted by id. */
export async function getSnapshot(docs: DocStore, sha256: string): Promise<readonly string[]> {
  const doc = await docs.get<{ images: readonly string[] }>(docKeys.snapshot(sha256));
  if (doc !== null) return doc.value.images;
  throw new ServerError('dataset.changed', 'the list of the images that the job learns from is gone');
}
