// A little of everything in a test app, and for every route one request that is as it should be.
import type { InjectOptions } from 'fastify';
import { evaluationExamples } from '../../contract/evaluation-examples.ts';
import { namesIn, type PathParameterName } from '../../contract/path-parameters.ts';
import type { Route } from '../../contract/route.ts';
import { type RouteId, routes } from '../../contract/routes.ts';
import { storeEvaluation } from '../../evaluation/evaluation-record.ts';
import { addResults } from '../../inference/results.ts';
import { storeFake } from '../../models/testing/fake-model.ts';
import type { Context } from '../../platform/context.ts';
import type { Owner } from '../../platform/queue/job.ts';
import { files, pngLike, type TestApp, upload } from './test-app.ts';

export interface Seed {
  readonly project_id: string;
  readonly scene_id: string;
  readonly model_id: string;
  readonly scene_model_id: string;
  readonly job_id: string;
  readonly filename: string;
  readonly result_id: string;
  readonly evaluation_id: string;
  readonly key_name: string;
  readonly ui_page: string;
  readonly ui_thing: string;
  readonly ui_part: string;
}

export async function seed({ ask, services: { context }, folder }: TestApp): Promise<Seed> {
  const { project_id } = (
    await ask({ method: 'POST', url: '/projects', payload: { name: 'Sample parts' } })
  ).json();
  const pictures = files(...[1, 2, 3, 4, 5, 6].map((i) => pngLike(i)));
  const { items } = (await ask(upload(`/projects/${project_id}/upload`, pictures))).json();
  await ask(upload('/datasets/line-1/upload', pictures));
  const owner: Owner = { kind: 'project', id: project_id };
  const model_id = `${project_id}-20260102-030405`;
  await storeFake(context, folder, model_id, { owner });
  await storeFake(context, folder, 'line-1-m', { owner: { kind: 'scene', id: 'line-1' } });
  const { job_id } = await context.queue.add({
    kind: 'train',
    owner: { kind: 'scene', id: 'line-2' },
    model_id: 'line-2-m',
    request: {},
    created_by: 'tester',
    needs_approval: true,
  });
  const result_id = 'ab'.repeat(16);
  await addResults(context, owner, [
    {
      result_id,
      model_id,
      filename: 'a.png',
      score: 1,
      threshold: 2,
      is_anomaly: false,
      is_uncertain: false,
      regions: 0,
      detections: [],
      at: '2026-01-02T03:04:05.000Z',
      by: 'tester',
      image_url: '/a',
      heatmap_url: '/b',
      overlay_url: '/c',
      brightness: 0.5,
      sharpness: 100,
    },
  ]);
  const { filename } = items[0];
  return {
    project_id,
    scene_id: 'line-1',
    model_id,
    scene_model_id: 'line-1-m',
    job_id,
    filename,
    result_id,
    key_name: 'line-3',
    ui_page: 'projects',
    ui_thing: 'pump-01',
    ui_part: 'pictures',
    evaluation_id: await seedEvaluation(context, owner, model_id),
  };
}

async function seedEvaluation(context: Context, owner: Owner, model_id: string): Promise<string> {
  const { evaluation, detail } = evaluationExamples;
  const evaluation_id = 'cd'.repeat(16);
  await storeEvaluation(context, { ...evaluation, model_id, evaluation_id, owner }, detail as never);
  return evaluation_id;
}

/** Of routes that cannot do without. */
const queries: Readonly<Partial<Record<RouteId, string>>> = {
  deleteProject: '?confirm=Sample%20parts',
  compareModels: '?models=one,another',
};

/** A request that the route understands; the answer may still be that something is not possible. */
export function soundRequest(id: RouteId, seeded: Seed): InjectOptions & { readonly url: string } {
  const { method, path, multipart, body }: Route = routes[id];
  const values: Readonly<Record<PathParameterName, string>> = {
    ...seeded,
    model_id: id === 'sceneModelFile' ? seeded.scene_model_id : seeded.model_id,
    file: id === 'docsFile' ? 'open.js' : 'threshold.json',
  };
  const url = namesIn(path).reduce<string>((left, name) => left.replace(`{${name}}`, values[name]), path);
  const query = queries[id] ?? '';
  if (multipart !== undefined)
    return { ...upload(url, [{ name: multipart, filename: 'a.png', body: pngLike(99) }]), method, url };
  if (body === undefined) return { method, url: url + query };
  const { bodyExample }: Route = routes[id];
  return { method, url, payload: { ...(bodyExample as object) } };
}

export const routeIds = Object.keys(routes) as RouteId[];
