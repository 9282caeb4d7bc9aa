// The rows of many pictures at a time, and of a project that comes with pictures.
import { ImagesChanged, ImagesToDelete, ImagesToMark } from './images.ts';
import { NewSampleProject, ProjectInfo } from './projects.ts';
import type { Route } from './route.ts';

const stored = '0cc175b9c0f1b6a831c399e269772661.png';
const changed = {
  kind: 'json',
  schema: ImagesChanged,
  example: { changed: 1, missing: [] },
} as const;

const id = 'sample-parts-20261123-101500';

export const pictureSetRoutes = {
  createSampleProject: {
    method: 'POST',
    path: '/projects/sample',
    summary:
      'Make a project with pictures of made-up circuit boards, some defective with their masks, to try everything',
    tag: 'projects',
    scope: 'write',
    body: NewSampleProject,
    bodyOptional: true,
    bodyExample: { name: 'Sample parts' },
    answer: {
      kind: 'json',
      schema: ProjectInfo,
      example: {
        project_id: id,
        name: 'Sample parts',
        description: null,
        created_at: '2026-11-23T10:15:00.000Z',
        num_images: 30,
        num_ng: 6,
        num_holdout: 0,
        thumbnail_urls: [`/projects/${id}/images/${stored}/thumbnail`],
        last_model_id: null,
        training_mode: 'anomaly',
      },
    },
    errors: ['server.stopping'],
    limit: 'upload',
  },
  markProjectImages: {
    method: 'PATCH',
    path: '/projects/{project_id}/images',
    summary: 'Say of several pictures at once whether they show good parts',
    tag: 'projects',
    scope: 'write',
    body: ImagesToMark,
    bodyExample: { filenames: [stored], mark: 'ok' },
    answer: changed,
    errors: ['project.not_found'],
  },
  deleteProjectImages: {
    method: 'POST',
    path: '/projects/{project_id}/images/delete',
    summary: 'Delete several pictures of a project at once',
    tag: 'projects',
    scope: 'write',
    body: ImagesToDelete,
    bodyExample: { filenames: [stored] },
    answer: changed,
    errors: ['project.not_found'],
    limit: 'delete',
  },
} as const satisfies Record<string, Route>;
