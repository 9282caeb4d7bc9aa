// The rows of masks and evaluations.
import { evaluationExamples as examples } from './evaluation-examples.ts';
import {
  ComparisonQuery,
  EvaluationDetail,
  EvaluationList,
  EvaluationOptions,
  GoodPicture,
  ModelComparison,
} from './evaluations.ts';
import { Drift, DriftQuery, Hygiene } from './hygiene.ts';
import { ImageItem } from './images.ts';
import { TestedItem } from './models.ts';
import type { Route } from './route.ts';
import { StartedJob } from './training.ts';
import { Ok } from './values.ts';

const stored = '0cc175b9c0f1b6a831c399e269772661.png';
const image = {
  id: '0cc175b9c0f1b6a831c399e269772661',
  filename: stored,
  display_name: 'gear 7.png',
  url: `/static/projects/widget-line-20261123-101500/raw/${stored}`,
  thumbnail_url: `/projects/widget-line-20261123-101500/images/${stored}/thumbnail`,
  size: 183_204,
  uploaded_at: '2026-11-23T10:16:00.000Z',
  width: 1024,
  height: 1024,
  mark: 'ng',
  holdout: false,
  mask_url: `/projects/widget-line-20261123-101500/images/${stored}/mask`,
};

export const evaluationRoutes = {
  putMask: {
    method: 'PUT',
    path: '/projects/{project_id}/images/{filename}/mask',
    summary:
      'Say where the defect is: a PNG of the size of the picture, in which all that is not black is defective',
    tag: 'evaluation',
    scope: 'write',
    multipart: 'file',
    picture: true,
    answer: { kind: 'json', schema: ImageItem, example: image },
    errors: [
      'project.not_found',
      'image.not_found',
      'mask.wrong_size',
      'image.unsupported_type',
      'image.corrupt',
      'image.too_large',
      'multipart.malformed',
      'multipart.unexpected_field',
      'upload.too_many_files',
    ],
    limit: 'upload',
  },
  getMask: {
    method: 'GET',
    path: '/projects/{project_id}/images/{filename}/mask',
    summary: 'The mask of a picture',
    tag: 'evaluation',
    scope: 'read',
    answer: { kind: 'file', types: ['image/png'], example: '(the bytes of a PNG file)' },
    errors: ['project.not_found', 'image.not_found', 'mask.not_found', 'request.range'],
  },
  deleteMask: {
    method: 'DELETE',
    path: '/projects/{project_id}/images/{filename}/mask',
    summary: 'Take the mask of a picture away',
    tag: 'evaluation',
    scope: 'write',
    answer: { kind: 'json', schema: Ok, example: { ok: true } },
    errors: ['project.not_found', 'image.not_found', 'mask.not_found'],
    limit: 'delete',
  },
  evaluateModel: {
    method: 'POST',
    path: '/models/{model_id}/evaluate',
    summary:
      'Measure a model on the pictures marked ok or ng, or of an object detector on those of a split of its dataset, that it has not learnt from; the id of the job is that of the evaluation',
    tag: 'evaluation',
    scope: 'write',
    body: EvaluationOptions,
    bodyOptional: true,
    bodyExample: examples.options,
    answer: { kind: 'json', schema: StartedJob, example: { job_id: examples.evaluation.evaluation_id } },
    errors: [
      'model.not_found',
      'model.wrong_task',
      'model.base_only',
      'yolo.no_dataset',
      'dataset.too_few_images',
      'dataset.names',
      'dataset.changed',
      'doc.corrupt',
      'job.already_running',
      'job.queue_full',
    ],
  },
  listEvaluations: {
    method: 'GET',
    path: '/models/{model_id}/evaluations',
    summary: 'The evaluations of a model, newest first',
    tag: 'evaluation',
    scope: 'read',
    answer: {
      kind: 'json',
      schema: EvaluationList,
      example: examples.list,
      others: { objects: { items: [examples.objects] } },
    },
    errors: ['model.not_found'],
  },
  getEvaluation: {
    method: 'GET',
    path: '/evaluations/{evaluation_id}',
    summary: 'One evaluation with its pictures, worst verdicts first, and the points of its curves',
    tag: 'evaluation',
    scope: 'read',
    answer: {
      kind: 'json',
      schema: EvaluationDetail,
      example: examples.detail,
      others: { objects: examples.objectsDetail },
    },
    errors: ['evaluation.not_found'],
  },
  inspectImage: {
    method: 'POST',
    path: '/models/{model_id}/images/{filename}/inspect',
    summary:
      'What a model says about a stored picture of its project, with preview pictures; the results remember nothing of it',
    tag: 'evaluation',
    scope: 'write',
    answer: { kind: 'json', schema: TestedItem, example: examples.inspected },
    errors: [
      'model.not_found',
      'model.base_only',
      'model.corrupt',
      'image.not_found',
      'image.corrupt',
      'image.truncated',
      'image.decode_timeout',
      'server.busy',
    ],
  },
  getHygiene: {
    method: 'GET',
    path: '/projects/{project_id}/hygiene',
    summary:
      'Which of the good pictures a person should look at before a training; the first call for a set of pictures waits for the check',
    tag: 'evaluation',
    scope: 'read',
    answer: { kind: 'json', schema: Hygiene, example: examples.hygiene },
    errors: ['project.not_found', 'dataset.too_large', 'dataset.pictures', 'server.stopping'],
  },
  addResultToGood: {
    method: 'POST',
    path: '/projects/{project_id}/results/{result_id}/add-to-good',
    summary: 'Add the stored picture of a false alarm to the good pictures of the project',
    tag: 'evaluation',
    scope: 'write',
    answer: {
      kind: 'json',
      schema: GoodPicture,
      example: { status: 'stored', image: { ...image, mark: 'ok' } },
    },
    errors: [
      'project.not_found',
      'result.not_found',
      'result.not_false_alarm',
      'result.picture_expired',
      'image.unsupported_type',
    ],
  },
  getDrift: {
    method: 'GET',
    path: '/models/{model_id}/drift',
    summary:
      'Whether what is tested still looks like what the model was calibrated on: score, brightness, sharpness',
    tag: 'evaluation',
    scope: 'read',
    query: DriftQuery,
    answer: { kind: 'json', schema: Drift, example: examples.drift },
    errors: ['model.not_found', 'model.wrong_task', 'model.base_only', 'model.corrupt'],
  },
  compareModels: {
    method: 'GET',
    path: '/projects/{project_id}/compare',
    summary: 'Models side by side, from their newest evaluations on the same pictures',
    tag: 'evaluation',
    scope: 'read',
    query: ComparisonQuery,
    answer: { kind: 'json', schema: ModelComparison, example: examples.comparison },
    errors: [
      'project.not_found',
      'model.not_found',
      'model.wrong_task',
      'evaluation.not_found',
      'evaluation.different_sets',
    ],
  },
} as const satisfies Record<string, Route>;
