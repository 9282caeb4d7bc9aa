// What an object detector is evaluated on: a split of a dataset version, without what the model has learnt from.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import type { EvaluationOptions } from '../contract/evaluations.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { checkYoloProject, readDatasets } from '../yolo/dataset-documents.ts';
import { datasetHash, hashOf, learntPictures } from '../yolo/dataset-hash.ts';
import type { DatasetManifest, ManifestPicture } from '../yolo/dataset-record.ts';
import { readManifest } from '../yolo/pin-dataset.ts';
import { learntFrom, siblingOf } from './learnt-from.ts';

export type Split = NonNullable<EvaluationOptions['split']>;

export interface ObjectSet {
  readonly version: string;
  readonly split: Split;
  readonly classes: readonly string[];
  readonly pictures: readonly ManifestPicture[];
  /**
   * Pictures left out, because one of the models has learnt from them; of the split train, which is asked for all the same,
   * those that are among the pictures. null when that is not known of one of the models.
   */
  readonly seen: number | null;
  /** Whether the model's training chose its best epoch by these very pictures. */
  readonly choseEpoch: boolean;
  /** SHA-256 over classes, pictures and boxes: the same set is told from another. */
  readonly sha256: string;
}

export interface ObjectSetWanted {
  readonly split: Split;
  readonly version: string;
  readonly unseenBy: readonly string[];
}

/** The version that is asked for, else the current one. Throws project.wrong_mode, yolo.no_dataset. */
export async function versionFor(
  context: Context,
  { owner }: ModelRecord,
  asked: string | undefined,
): Promise<string> {
  await checkYoloProject(context, owner.id);
  const { current, versions } = await readDatasets(context, owner.id);
  const wanted = asked ?? current;
  if (wanted !== null && versions[wanted] !== undefined) return wanted;
  throw new ServerError(
    'yolo.no_dataset',
    asked === undefined || current === null
      ? 'the project has no dataset: upload one, or make one from its labels'
      : `the project has no dataset version ${asked}; the current one is ${current}`,
  );
}

/**
 * Throws model.not_found for one of `unseenBy`, dataset.too_few_images when no picture is left or none has a box, dataset.names
 * for boxes of classes that the model does not know, dataset.changed and doc.corrupt.
 */
export async function objectSet(
  context: Context,
  model: ModelRecord,
  { split, version, unseenBy }: ObjectSetWanted,
): Promise<ObjectSet> {
  const others = await Promise.all(unseenBy.map((id) => siblingOf(context, model, id)));
  const manifest = await readManifest(context, model.owner.id, version);
  const learnt = await Promise.all([model, ...others].map((each) => picturesOf(context, each, manifest)));
  const wanted = manifest.pictures.filter((picture) => picture.split === split);
  const isSeen = (picture: ManifestPicture) => learnt.some((hashes) => hashes?.has(hashOf(picture)));
  // Who asks for train asks for what the model has learnt from.
  const pictures = split === 'train' ? wanted : wanted.filter((picture) => !isSeen(picture));
  const seen = wanted.filter(isSeen).length;
  checkSet(model, manifest.classes, { split, wanted: wanted.length, seen, pictures });
  return {
    ...{ version, split, pictures, classes: manifest.classes },
    seen: learnt.includes(null) ? null : seen,
    choseEpoch: split === 'val' && datasetHash(manifest) === model.dataset_sha256,
    sha256: setHash(manifest.classes, pictures),
  };
}

/** Older models keep no list: theirs is known as long as their dataset is there. */
async function picturesOf(
  context: Context,
  model: ModelRecord,
  manifest: DatasetManifest,
): Promise<ReadonlySet<string> | null> {
  const listed = await learntFrom(context, model);
  if (listed !== null || datasetHash(manifest) !== model.dataset_sha256) return listed;
  return new Set(learntPictures(manifest));
}

interface Found {
  readonly split: Split;
  readonly wanted: number;
  readonly seen: number;
  readonly pictures: readonly ManifestPicture[];
}

function checkSet(
  { model_id, objects }: ModelRecord,
  classes: readonly string[],
  { split, wanted, seen, pictures }: Found,
): void {
  if (wanted === 0)
    throw tooFew(`the dataset has no pictures in ${split}: upload one that has, or draw more labels`);
  if (pictures.length === 0)
    throw tooFew(`${wanted} pictures are in ${split}, and the model has learnt from ${seen} of them`);
  const used = new Set(pictures.flatMap(({ boxes }) => boxes.map(([classId]) => classId)));
  if (used.size === 0)
    throw tooFew(`expected pictures with boxes in ${split}, got ${pictures.length} without any`);
  const known = objects?.classes ?? [];
  const unknown = [...used].map((classId) => classes[classId]!).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ServerError(
    'dataset.names',
    `expected boxes of the classes that ${model_id} knows (${known.join(', ')}), got ${unknown.join(', ')}: train a model on this dataset, or evaluate on one with the same names`,
  );
}

const tooFew = (text: string) => new ServerError('dataset.too_few_images', text);

function setHash(classes: readonly string[], pictures: readonly ManifestPicture[]): string {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { picture, label } of pictures) hash.update(`\n${picture.hash} ${label.hash}`);
  return hash.digest('hex');
}
