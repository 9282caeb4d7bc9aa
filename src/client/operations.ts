// Method and path of every route. The types hold each row against the server's table; nothing of the server is imported.
import type { RouteId, Routes } from '../server/contract/routes.ts';

type Operations = {
  readonly [Id in RouteId]: {
    readonly method: Routes[Id]['method'];
    readonly path: Routes[Id]['path'];
    /** Whether it answers JSON, and not a file, a page or a stream. */
    readonly json: Routes[Id]['answer']['kind'] extends 'json' ? true : false;
  };
};

export const operations: Operations = {
  uploadSceneImages: { method: 'POST', path: '/datasets/{scene_id}/upload', json: true },
  listSceneImages: { method: 'GET', path: '/datasets/{scene_id}/images', json: true },
  sceneThumbnail: { method: 'GET', path: '/datasets/{scene_id}/images/{filename}/thumbnail', json: false },
  deleteSceneImage: { method: 'DELETE', path: '/datasets/{scene_id}/images/{filename}', json: true },
  markSceneImage: { method: 'PATCH', path: '/datasets/{scene_id}/images/{filename}', json: true },
  trainScene: { method: 'POST', path: '/train', json: true },

  listProjects: { method: 'GET', path: '/projects', json: true },
  createProject: { method: 'POST', path: '/projects', json: true },
  getProject: { method: 'GET', path: '/projects/{project_id}', json: true },
  deleteProject: { method: 'DELETE', path: '/projects/{project_id}', json: true },
  getRegions: { method: 'GET', path: '/projects/{project_id}/regions', json: true },
  putRegions: { method: 'PUT', path: '/projects/{project_id}/regions', json: true },
  uploadProjectImages: { method: 'POST', path: '/projects/{project_id}/upload', json: true },
  listProjectImages: { method: 'GET', path: '/projects/{project_id}/images', json: true },
  projectThumbnail: {
    method: 'GET',
    path: '/projects/{project_id}/images/{filename}/thumbnail',
    json: false,
  },
  deleteProjectImage: { method: 'DELETE', path: '/projects/{project_id}/images/{filename}', json: true },
  markProjectImage: { method: 'PATCH', path: '/projects/{project_id}/images/{filename}', json: true },
  createSampleProject: { method: 'POST', path: '/projects/sample', json: true },
  markProjectImages: { method: 'PATCH', path: '/projects/{project_id}/images', json: true },
  deleteProjectImages: { method: 'POST', path: '/projects/{project_id}/images/delete', json: true },
  trainProject: { method: 'POST', path: '/projects/{project_id}/train', json: true },
  uploadBaseModel: { method: 'POST', path: '/projects/{project_id}/base-models/upload', json: true },
  projectEvents: { method: 'GET', path: '/projects/{project_id}/events', json: false },
  listResults: { method: 'GET', path: '/projects/{project_id}/results', json: true },
  exportResults: { method: 'GET', path: '/projects/{project_id}/results/export', json: false },
  judgeResult: { method: 'PATCH', path: '/projects/{project_id}/results/{result_id}', json: true },

  getClasses: { method: 'GET', path: '/projects/{project_id}/labels/classes', json: true },
  putClasses: { method: 'PUT', path: '/projects/{project_id}/labels/classes', json: true },
  listLabels: { method: 'GET', path: '/projects/{project_id}/labels', json: true },
  getLabel: { method: 'GET', path: '/projects/{project_id}/labels/{filename}', json: true },
  putLabel: { method: 'PUT', path: '/projects/{project_id}/labels/{filename}', json: true },

  getYoloDataset: { method: 'GET', path: '/projects/{project_id}/yolo/dataset', json: true },
  getYoloHealth: { method: 'GET', path: '/projects/{project_id}/yolo/dataset/health', json: true },
  listYoloPictures: { method: 'GET', path: '/projects/{project_id}/yolo/dataset/pictures', json: true },
  yoloPictureFile: {
    method: 'GET',
    path: '/projects/{project_id}/yolo/dataset/pictures/{filename}',
    json: false,
  },
  downloadYoloDataset: { method: 'GET', path: '/projects/{project_id}/yolo/dataset/download', json: false },
  deleteYoloDataset: { method: 'DELETE', path: '/projects/{project_id}/yolo/dataset', json: true },
  uploadYoloDataset: { method: 'POST', path: '/projects/{project_id}/yolo/dataset/upload', json: true },
  makeYoloDataset: { method: 'POST', path: '/projects/{project_id}/yolo/dataset/from-labels', json: true },
  trainYolo: { method: 'POST', path: '/projects/{project_id}/yolo/train', json: true },

  listJobs: { method: 'GET', path: '/jobs', json: true },
  getJob: { method: 'GET', path: '/jobs/{job_id}', json: true },
  jobEvents: { method: 'GET', path: '/jobs/{job_id}/events', json: false },
  cancelJob: { method: 'POST', path: '/jobs/{job_id}/cancel', json: true },
  approveJob: { method: 'POST', path: '/jobs/{job_id}/approve', json: true },
  rejectJob: { method: 'POST', path: '/jobs/{job_id}/reject', json: true },

  listModels: { method: 'GET', path: '/models', json: true },
  getModel: { method: 'GET', path: '/models/{model_id}', json: true },
  getModelScores: { method: 'GET', path: '/models/{model_id}/scores', json: true },
  getModelMetrics: { method: 'GET', path: '/models/{model_id}/metrics', json: true },
  deleteModel: { method: 'DELETE', path: '/models/{model_id}', json: true },
  testModel: { method: 'POST', path: '/models/{model_id}/test', json: true },
  updateModel: { method: 'POST', path: '/models/{model_id}/update', json: true },
  patchThreshold: { method: 'PATCH', path: '/models/{model_id}/threshold', json: true },
  downloadModel: { method: 'GET', path: '/models/{model_id}/download', json: false },
  downloadProjectModel: {
    method: 'GET',
    path: '/projects/{project_id}/models/{model_id}/download',
    json: false,
  },

  putMask: { method: 'PUT', path: '/projects/{project_id}/images/{filename}/mask', json: true },
  getMask: { method: 'GET', path: '/projects/{project_id}/images/{filename}/mask', json: false },
  deleteMask: { method: 'DELETE', path: '/projects/{project_id}/images/{filename}/mask', json: true },
  evaluateModel: { method: 'POST', path: '/models/{model_id}/evaluate', json: true },
  listEvaluations: { method: 'GET', path: '/models/{model_id}/evaluations', json: true },
  getEvaluation: { method: 'GET', path: '/evaluations/{evaluation_id}', json: true },
  inspectImage: { method: 'POST', path: '/models/{model_id}/images/{filename}/inspect', json: true },
  getHygiene: { method: 'GET', path: '/projects/{project_id}/hygiene', json: true },
  addResultToGood: {
    method: 'POST',
    path: '/projects/{project_id}/results/{result_id}/add-to-good',
    json: true,
  },
  getDrift: { method: 'GET', path: '/models/{model_id}/drift', json: true },
  compareModels: { method: 'GET', path: '/projects/{project_id}/compare', json: true },

  sceneImageFile: { method: 'GET', path: '/static/datasets/{scene_id}/raw/{filename}', json: false },
  projectImageFile: { method: 'GET', path: '/static/projects/{project_id}/raw/{filename}', json: false },
  previewFile: { method: 'GET', path: '/static/preview/{model_id}/{file}', json: false },
  temporaryFile: { method: 'GET', path: '/tmp/{model_id}/{file}', json: false },
  sceneModelFile: { method: 'GET', path: '/static/models/{model_id}/{file}', json: false },
  projectModelFile: {
    method: 'GET',
    path: '/static/projects/{project_id}/models/{model_id}/{file}',
    json: false,
  },

  startSession: { method: 'POST', path: '/session', json: true },
  getSession: { method: 'GET', path: '/session', json: true },
  endSession: { method: 'DELETE', path: '/session', json: true },

  root: { method: 'GET', path: '/', json: false },
  health: { method: 'GET', path: '/health', json: true },
  healthz: { method: 'GET', path: '/healthz', json: true },
  readyz: { method: 'GET', path: '/readyz', json: true },
  metrics: { method: 'GET', path: '/metrics', json: false },
  limits: { method: 'GET', path: '/limits', json: true },
  docs: { method: 'GET', path: '/docs', json: false },
  docsFile: { method: 'GET', path: '/docs/{file}', json: false },
  getSystem: { method: 'GET', path: '/system', json: true },
  listDevices: { method: 'GET', path: '/system/devices', json: true },
  listEncoders: { method: 'GET', path: '/system/encoders', json: true },
  putEncoder: { method: 'POST', path: '/system/encoders/dinov3/upload', json: true },
  listKeys: { method: 'GET', path: '/keys', json: true },
  createKey: { method: 'POST', path: '/keys', json: true },
  revokeKey: { method: 'DELETE', path: '/keys/{key_name}', json: true },

  ui: { method: 'GET', path: '/ui', json: false },
  uiFile: { method: 'GET', path: '/ui/assets/{file}', json: false },
  uiPage: { method: 'GET', path: '/ui/{ui_page}', json: false },
  uiPageOf: { method: 'GET', path: '/ui/{ui_page}/{ui_thing}', json: false },
  uiPartOf: { method: 'GET', path: '/ui/{ui_page}/{ui_thing}/{ui_part}', json: false },
  openApi: { method: 'GET', path: '/openapi.json', json: false },
};
