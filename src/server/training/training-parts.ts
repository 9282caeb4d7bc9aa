// The part of a training's request that depends on what is trained: a row for each task.
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Task, TrainRequest } from '../../vision/detectors/detector.ts';
import { type BatchChoice, chooseBatch } from '../../vision/detectors/yolo/batch-size.ts';
import { defaultEncoder, weightsFolders } from '../../vision/encoders/table.ts';
import { parseVariant } from '../../vision/yolo/variants.ts';
import { ServerError } from '../contract/errors.ts';
import { getModel } from '../models/get-model.ts';
import { folderOf } from '../models/model-documents.ts';
import type { Config } from '../platform/config.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { openDataset, pinField } from '../yolo/pin-dataset.ts';
import {
  type AnomalyOrder,
  getSnapshot,
  parseOrder,
  type TrainingOrder,
  taskOfMode,
  type YoloOrder,
} from './training-order.ts';

export type TrainingParts = Pick<TrainRequest, 'kind' | 'pictures'> &
  Partial<
    Pick<
      TrainRequest,
      | 'objects'
      | 'base'
      | 'update'
      | 'encoderSource'
      | 'settings'
      | 'regions'
      | 'tiles'
      | 'defectSize'
      | 'record'
    >
  > & {
    /** What was decided here, in sentences for the log of the job. */
    readonly notes?: readonly string[];
  };

type Maker<Order extends TrainingOrder> = (
  context: Context,
  job: JobRecord,
  order: Order,
) => Promise<TrainingParts>;

const makers: { readonly [T in Task]: Maker<never> } = { anomaly: anomalyParts, detect: detectParts };

/** Throws job.not_found for an order of another version, dataset.changed, model.not_found, model.corrupt. */
export async function trainingParts(context: Context, job: JobRecord): Promise<TrainingParts> {
  const order = parseOrder(job.request);
  const make = makers[taskOfMode[order.training_mode]] as Maker<TrainingOrder>;
  return make(context, job, order);
}

async function anomalyParts(context: Context, job: JobRecord, order: AnomalyOrder): Promise<TrainingParts> {
  const { config, docs } = context;
  const { method = 'autoencoder' } = order;
  const folders = [config.training.weights_dir, ...weightsFolders(config.root_dir, config.data_dir)];
  const base = order.base_model_id === null ? null : await baseFolder(context, order.base_model_id);
  if (order.adds !== undefined) return updateParts(context, job, { ...order, adds: order.adds }, base);
  return {
    kind: method,
    pictures: await picturesOf(context, job, await getSnapshot(docs, order.snapshot)),
    base,
    encoderSource: { folders },
    settings: {
      ...(method === 'autoencoder' ? settingsOf(order, config.training) : patchSettingsOf(order)),
      // That of the base model, when there is one.
      ...(base === null && { encoder: await defaultEncoder(folders) }),
    },
    ...(order.regions && { regions: order.regions }),
    ...(order.tiles && { tiles: order.tiles }),
    ...(order.defect_size && { defectSize: order.defect_size }),
    record: { base_model_id: order.base_model_id },
  };
}

/** All but the pictures is the base model's. */
async function updateParts(
  context: Context,
  job: JobRecord,
  { method = 'autoencoder', adds, base_model_id, false_alarm_rate: rate = null }: Update,
  base: string | null,
): Promise<TrainingParts> {
  return {
    kind: method,
    update: true,
    base,
    pictures: await picturesOf(context, job, adds),
    ...(rate !== null && { settings: { falseAlarmRate: rate } }),
    record: { base_model_id, updated_from: base_model_id, added_pictures: adds.length },
  };
}

type Update = AnomalyOrder & Required<Pick<AnomalyOrder, 'adds'>>;

async function detectParts(context: Context, { owner }: JobRecord, order: YoloOrder): Promise<TrainingParts> {
  const version = order[pinField];
  const { batchSize, why } = batchOf(order, context.config);
  return {
    kind: 'yolo',
    pictures: [],
    objects: await openDataset(context, owner.id, version),
    settings: { ...yoloSettingsOf(order, context.config), batch: batchSize },
    notes: why === null ? [] : [why],
    record: { base_model_id: null, dataset_version: version },
  };
}

/** What the request names, then the configuration; the rest is the trainer's own. */
export function settingsOf(order: AnomalyOrder, training: Config['training']): Record<string, number> {
  return {
    imageSize: order.img_size,
    epochs: order.epochs,
    ...(order.lr !== null && { learningRate: order.lr }),
    // Few images in large batches make few steps, and few steps learn little.
    batchSize: Math.min(training.batch_size, Math.max(4, Math.floor(order.images / 8))),
    validationRatio: training.val_ratio,
    patience: training.patience,
    minEpochs: training.min_epochs_before_early_stop,
  };
}

/** As settingsOf. */
function patchSettingsOf({
  img_size: imageSize,
  bank_bytes: bankBytes,
  place_weight: placeWeight,
  reweight_neighbours: reweightNeighbours,
}: AnomalyOrder): Record<string, number> {
  const given = Object.entries({ bankBytes, placeWeight, reweightNeighbours });
  return {
    imageSize,
    ...Object.fromEntries(given.filter((entry): entry is [string, number] => entry[1] != null)),
  };
}

/** Of the memory of a job, decoded pictures may take so much. */
const CACHE_SHARE = 1 / 8;
const MOST_CACHE_BYTES = 2 ** 30;

/** As settingsOf. Patience is the trainer's own: that of the configuration is meant for the autoencoder's short trainings. */
export function yoloSettingsOf(
  { variant, img_size: imageSize, epochs, lr0, conf, iou, weights }: YoloOrder,
  { training, jobs }: Pick<Config, 'training' | 'jobs'>,
): Record<string, number | string | null> {
  return {
    variant,
    imageSize,
    epochs,
    lr0,
    conf,
    iou,
    weights: weights === null ? null : join(training.weights_dir, weights),
    cacheMemoryBytes: Math.min(MOST_CACHE_BYTES, Math.floor(memoryOf(jobs) * CACHE_SHARE)),
  };
}

/** The pictures a step: as asked for, or by what the job may take of the machine, which may have far more. */
export function batchOf(
  { variant, img_size: imageSize, batch, images }: YoloOrder,
  { jobs }: Pick<Config, 'jobs'>,
): BatchChoice {
  const memoryBytes = Math.min(totalmem(), memoryOf(jobs));
  return chooseBatch({ batch, imageSize }, parseVariant(variant), images, memoryBytes);
}

const memoryOf = ({ max_memory_mb }: Config['jobs']) => max_memory_mb * 2 ** 20;

async function picturesOf(
  { blobs }: Context,
  { owner }: JobRecord,
  names: readonly string[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) {
    try {
      paths.push(await blobs.localPath(blobKeys.image(owner, name)));
    } catch (error) {
      if (!(error instanceof ServerError && error.code === 'blob.not_found')) throw error;
      throw new ServerError('dataset.changed', `the file of the image ${name} is gone`, { cause: error });
    }
  }
  return paths;
}

/** The folder of the base model, or its weights where a store has no folders. */
async function baseFolder(context: Context, id: string): Promise<string> {
  const record = await getModel(context, id);
  const pathOf = (name: string) => context.blobs.localPath(`${folderOf(record)}/${name}`);
  const names = Object.keys(record.files);
  const paths = await Promise.all(names.map(pathOf));
  const [folder, ...others] = new Set(paths.map((path) => dirname(path)));
  if (folder !== undefined && others.length === 0) return folder;
  const weights = names.findIndex((name) => /^model\.(safetensors|pt|pth)$/.test(name));
  return paths[weights] ?? Promise.reject(new ServerError('model.corrupt', `the model ${id} has no weights`));
}
