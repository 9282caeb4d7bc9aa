// The parts of addresses that vary. One that has not the shape of its kind names nothing: 404 with its code.
import type { ErrorCode } from './errors.ts';
import { slugPattern, storedNamePattern } from './values.ts';

interface PathParameter {
  readonly pattern: string;
  /** What is missing when no such thing exists. */
  readonly missing: ErrorCode;
  readonly what: string;
  readonly example: string;
}

export const pathParameters = {
  project_id: {
    pattern: slugPattern,
    missing: 'project.not_found',
    what: 'project',
    example: 'widget-line-20261123-101500',
  },
  scene_id: { pattern: slugPattern, missing: 'scene.not_found', what: 'scene', example: 'pump-01' },
  model_id: {
    pattern: slugPattern,
    missing: 'model.not_found',
    what: 'model',
    example: 'widget-line-20261123-101500-20261123-103000',
  },
  job_id: {
    pattern: slugPattern,
    missing: 'job.not_found',
    what: 'job',
    example: '5f0c2b7de1b94b6f9e3c1d2a4b6c8d0e',
  },
  evaluation_id: {
    pattern: '^[0-9a-f]{32}$',
    missing: 'evaluation.not_found',
    what: 'evaluation',
    example: '2b6f0c1d8e9a4b3c7d5e6f708192a3b4',
  },
  result_id: {
    pattern: '^[0-9a-f]{32}$',
    missing: 'result.not_found',
    what: 'result',
    example: '8c1f0e2d4b6a79583f1e2d4c6b8a7f90',
  },
  filename: {
    pattern: storedNamePattern,
    missing: 'image.not_found',
    what: 'image',
    example: '0cc175b9c0f1b6a831c399e269772661.png',
  },
  file: {
    pattern: storedNamePattern,
    missing: 'blob.not_found',
    what: 'file',
    example: 'threshold.json',
  },
  key_name: {
    pattern: '^[a-z0-9_-]{1,60}$',
    missing: 'key.not_found',
    what: 'API key',
    example: 'line-3',
  },
  ui_page: {
    pattern: '^(projects|models|operator|system|(index|yolo|models|label|fine_tune)\\.html)$',
    missing: 'request.not_found',
    what: 'page',
    example: 'projects',
  },
  ui_thing: { pattern: slugPattern, missing: 'request.not_found', what: 'page', example: 'pump-01' },
  ui_part: {
    pattern: '^(pictures|train|results|test|label|dataset)$',
    missing: 'request.not_found',
    what: 'page',
    example: 'pictures',
  },
} as const satisfies Record<string, PathParameter>;

export type PathParameterName = keyof typeof pathParameters;

/** The names in a path such as "/projects/{project_id}/images". */
export type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

export type ParametersOf<Path extends string> = { readonly [Name in NamesIn<Path>]: string };

/** The names in a path, in order. */
export function namesIn(path: string): PathParameterName[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as PathParameterName);
}

const patterns = new Map(
  Object.entries(pathParameters).map(([name, { pattern }]) => [name, new RegExp(pattern)]),
);

/** Whether a value can name a thing of this kind at all. */
export function hasShape(name: PathParameterName, value: string): boolean {
  return patterns.get(name)!.test(value);
}
