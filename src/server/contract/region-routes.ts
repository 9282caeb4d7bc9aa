// The rows of regions: where the pictures of a project are looked at.
import Type, { type Static } from 'typebox';
import type { Route } from './route.ts';
import { Moment, Share } from './values.ts';

const polygons = (description: string) =>
  Type.Array(Type.Array(Type.Array(Share, { minItems: 2, maxItems: 2 }), { minItems: 3, maxItems: 1000 }), {
    maxItems: 100,
    description,
  });

const include = polygons(
  'lists of points [x, y] as shares of width and height; what is in one of these polygons counts; none: the whole picture',
);
const ignore = polygons('what is in one of these does not count');

export const NewRegions = Type.Object(
  { include: Type.Optional(include), ignore: Type.Optional(ignore) },
  { additionalProperties: false },
);

export const RegionsAnswer = Type.Object({
  include,
  ignore,
  updated_at: Type.Union([Moment, Type.Null()]),
  updated_by: Type.Union([Type.String(), Type.Null()]),
});
export type RegionsAnswer = Static<typeof RegionsAnswer>;

const example = {
  include: [
    [
      [0.05, 0.1],
      [0.95, 0.1],
      [0.95, 0.9],
      [0.05, 0.9],
    ],
  ],
  ignore: [
    [
      [0.8, 0.8],
      [0.95, 0.8],
      [0.95, 0.9],
    ],
  ],
};
const answer = {
  kind: 'json',
  schema: RegionsAnswer,
  example: { ...example, updated_at: '2026-11-23T11:00:00.000Z', updated_by: 'camera-3' },
} as const;

export const regionRoutes = {
  getRegions: {
    method: 'GET',
    path: '/projects/{project_id}/regions',
    summary: 'Where the pictures of a project are looked at',
    tag: 'projects',
    scope: 'read',
    answer,
    errors: ['project.not_found'],
  },
  putRegions: {
    method: 'PUT',
    path: '/projects/{project_id}/regions',
    summary:
      'Say where the pictures of a project are looked at: models that are trained from now on learn, judge and draw nothing else',
    tag: 'projects',
    scope: 'write',
    body: NewRegions,
    bodyExample: example,
    answer,
    errors: ['project.not_found', 'option.invalid', 'revision.conflict'],
  },
} as const satisfies Record<string, Route>;
