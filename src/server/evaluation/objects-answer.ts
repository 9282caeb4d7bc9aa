// An evaluation of an object detector in the words of the API.
import type { JudgedObjects, ObjectsEvaluation } from '../../vision/evaluation/object-evaluator.ts';
import type { ObjectsEvaluationDetail } from '../contract/objects-evaluations.ts';
import type { Frozen } from '../contract/route.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { readable } from '../platform/queue/attempt-end.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { pictureFile, pictureUrl } from '../yolo/dataset-pictures.ts';
import type { ManifestPicture } from '../yolo/dataset-record.ts';
import type { ObjectsPictures, ObjectsRecord } from './evaluation-record.ts';
import type { ObjectSet } from './object-set.ts';

/** With their boxes: what a person looks at, and no more than a page can show. */
const MOST_PICTURES = 1000;

interface Origin {
  readonly job: Pick<JobRecord, 'job_id' | 'created_by'>;
  readonly model: ModelRecord;
  readonly set: ObjectSet;
  readonly conf: number;
  readonly iou: number;
  readonly created_at: string;
}

/** The evaluation names each picture by its file in the dataset. */
export function objectsEvaluationOf(
  { report, pictures, untested }: ObjectsEvaluation,
  { job, model, set, conf, iou, created_at }: Origin,
): { readonly record: ObjectsRecord; readonly pictures: ObjectsPictures } {
  const { map50, map50_95, precision, recall, f1, bestConfidence: best_confidence } = report;
  const byFile = new Map(set.pictures.map((picture) => [picture.file, picture]));
  const classes = model.objects?.classes ?? [];
  return {
    record: {
      task: 'detect',
      evaluation_id: job.job_id,
      model_id: model.model_id,
      owner: model.owner,
      created_at,
      by: job.created_by,
      ...{ conf, iou },
      dataset_version: set.version,
      dataset_sha256: set.sha256,
      split: set.split,
      counts: {
        pictures: report.counts.pictures,
        boxes: report.counts.truths,
        seen: set.seen,
        untested: untested.length,
      },
      chose_best_epoch: set.choseEpoch,
      note: noteOn(set, model),
      figures: { map50, map50_95, precision, recall, f1, best_confidence },
    },
    pictures: {
      report,
      pictures: pictures
        .slice(0, MOST_PICTURES)
        .map((judged) => pictureOf(judged, byFile.get(judged.file)!, model.owner.id, classes)),
      untested: untested.map(({ file, code, message }) => ({
        filename: pictureFile(byFile.get(file)!),
        code,
        detail: readable(message),
      })),
    },
  };
}

function noteOn({ split, seen, choseEpoch }: ObjectSet, { objects }: ModelRecord): string | null {
  const sentences = [
    seen === null &&
      'what one of the models has learnt from is not known: pictures that it knows may be among these, and then the figures flatter it',
    seen !== null &&
      seen > 0 &&
      (split === 'train'
        ? `the model has learnt from ${seen} of these pictures: the figures tell how well it remembers them`
        : `${seen} ${seen === 1 ? 'picture is' : 'pictures are'} left out, because a model has learnt from ${seen === 1 ? 'it' : 'them'}`),
    choseEpoch &&
      'the training chose its best epoch by these very pictures, which flatters the figures a little',
    objects?.started_from != null &&
      `the training started from ${objects.started_from}; what those weights have learnt from is not known`,
  ].filter((sentence) => sentence !== false);
  return sentences.length === 0 ? null : sentences.join('; ');
}

type Picture = Frozen<ObjectsEvaluationDetail>['pictures'][number];

function pictureOf(
  { width, height, counts, truths, detections }: JudgedObjects,
  picture: ManifestPicture,
  projectId: string,
  classes: readonly string[],
): Picture {
  const label = (classId: number) => classes[classId] ?? `class ${classId}`;
  return {
    filename: pictureFile(picture),
    display_name: picture.name,
    url: pictureUrl(projectId, picture),
    ...{ width, height, counts },
    truths: truths.map(({ classId, box, outcome }) => ({ label: label(classId), bbox: box, outcome })),
    detections: detections.map(({ classId, confidence, box, outcome }) => ({
      label: label(classId),
      confidence,
      bbox: box,
      outcome,
    })),
  };
}
