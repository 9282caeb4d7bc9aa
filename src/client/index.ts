// okapi-vision/client: the API from TypeScript, in Node and in browsers.
export type { ErrorCode } from '../server/contract/errors.ts';
export type { ImageItem } from '../server/contract/images.ts';
export type { JobEventData, JobInfo } from '../server/contract/jobs.ts';
export type { ImageLabel, NewImageLabel } from '../server/contract/labels.ts';
export type { ModelDetail, ModelInfo, TestAnswer } from '../server/contract/models.ts';
export type { Problem } from '../server/contract/problem.ts';
export type { ProjectInfo } from '../server/contract/projects.ts';
export type { ResultItem } from '../server/contract/results.ts';
export type { RouteId } from '../server/contract/routes.ts';
export type { Limits } from '../server/contract/system.ts';
export { ApiError } from './api-error.ts';
export {
  type ArgumentsOf,
  type ClientOptions,
  type OkapiClient,
  okapiClient,
  type RequestOptions,
  type ResultOf,
  type Upload,
  type WatchOptions,
} from './client.ts';
export { operations } from './operations.ts';
