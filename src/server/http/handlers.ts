// Every route's handler. The table is total: a row of routes.ts without its handler does not compile.
import type { RouteId } from '../contract/routes.ts';
import { administrationHandlers } from './administration.ts';
import { evaluationHandlers } from './evaluations.ts';
import { fileHandlers } from './files.ts';
import type { Handlers } from './handler.ts';
import { imageHandlers } from './images.ts';
import { jobHandlers } from './jobs.ts';
import { labelHandlers } from './labels.ts';
import { modelHandlers } from './models.ts';
import { projectHandlers } from './projects.ts';
import { regionHandlers } from './regions.ts';
import { resultHandlers } from './results.ts';
import { sessionHandlers } from './session.ts';
import { systemHandlers } from './system.ts';
import { trainingHandlers } from './training.ts';
import { uiHandlers } from './ui.ts';
import { yoloHandlers } from './yolo.ts';

export const handlers: Handlers<RouteId> = {
  ...projectHandlers,
  ...regionHandlers,
  ...imageHandlers,
  ...trainingHandlers,
  ...resultHandlers,
  ...labelHandlers,
  ...yoloHandlers,
  ...jobHandlers,
  ...modelHandlers,
  ...evaluationHandlers,
  ...fileHandlers,
  ...sessionHandlers,
  ...systemHandlers,
  ...uiHandlers,
  ...administrationHandlers,
};
