// What the API says about a dataset.
import type { Frozen } from '../contract/route.ts';
import type { YoloDatasetHealth, YoloDatasetInfo } from '../contract/yolo.ts';
import { folderOf } from './dataset-documents.ts';
import { type DatasetVersion, yamlName } from './dataset-record.ts';

const NOTE_LENGTH = 2000;

export function datasetInfo(projectId: string, record: DatasetVersion | null): Frozen<YoloDatasetInfo> {
  if (record === null) return noDataset;
  const { version, created_at, source, classes, health, notes } = record;
  return {
    ready: true,
    train_images: health.train.images,
    val_images: health.val.images,
    classes,
    yaml_path: `${folderOf(projectId, version)}/${yamlName}`,
    note: notes.length === 0 ? null : notes.join('; ').slice(0, NOTE_LENGTH),
    updated_at: created_at,
    version,
    source: source.kind,
    boxes: health.classes.map(({ name, trainBoxes, valBoxes }) => ({
      class: name,
      train: trainBoxes,
      val: valBoxes,
    })),
  };
}

const noDataset: YoloDatasetInfo = {
  ready: false,
  train_images: 0,
  val_images: 0,
  classes: [],
  yaml_path: null,
  note: null,
  updated_at: null,
  version: null,
  source: null,
  boxes: [],
};

export function datasetHealth({ version, health, notes }: DatasetVersion): Frozen<YoloDatasetHealth> {
  const { split, tinyBoxes, pictureSizes } = health;
  const counts = ({ images, boxes, imagesWithoutBoxes }: typeof health.train) => ({
    images,
    boxes,
    images_without_boxes: imagesWithoutBoxes,
  });
  const size = ([width, height]: readonly [number, number]) => ({ width, height });
  return {
    version,
    train: counts(health.train),
    val: counts(health.val),
    classes: health.classes.map(({ name, trainBoxes, valBoxes, trainImages, valImages }) => ({
      name,
      train_boxes: trainBoxes,
      val_boxes: valBoxes,
      train_images: trainImages,
      val_images: valImages,
    })),
    balance: health.balance,
    unused_classes: health.unusedClasses,
    split:
      split.by === 'seed'
        ? { by: 'seed', seed: split.seed, val_ratio: split.ratio }
        : { by: 'dataset', seed: null, val_ratio: null },
    images_without_labels: health.imagesWithoutLabels,
    labels_without_images: health.labelsWithoutImages,
    clamped_boxes: health.clampedBoxes,
    duplicate_boxes: health.duplicateBoxes,
    polygons: health.polygons,
    tiny_boxes: {
      under_px: tinyBoxes.underPx,
      at_px: tinyBoxes.atPx,
      count: tinyBoxes.count,
      examples: tinyBoxes.examples,
    },
    corrupt_images: health.corruptImages,
    same_in_train_and_val: health.sameInTrainAndVal,
    picture_sizes: {
      smallest: size(pictureSizes.smallest),
      median: size(pictureSizes.median),
      largest: size(pictureSizes.largest),
      distinct: pictureSizes.distinct,
    },
    ignored_files: health.ignoredFiles,
    notes,
  };
}
