// Routes of the history of tests.
import { exportResults, listResults, markResult } from '../inference/results.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { attachment } from './file-answer.ts';
import type { Handlers } from './handler.ts';

const contentTypes = { csv: 'text/csv; charset=utf-8', json: 'application/json' } as const;

const project = (id: string): Owner => ({ kind: 'project', id });

export const resultHandlers: Handlers<'listResults' | 'exportResults' | 'judgeResult'> = {
  async listResults({ services: { context }, params, query }) {
    const { project_id } = await getProject(context, params.project_id);
    const { items, next } = await listResults(context, project(project_id), query);
    return next === null ? { items } : { items, next };
  },

  async exportResults({ services: { context }, params, query, reply }) {
    const { project_id } = await getProject(context, params.project_id);
    const { format = 'csv' } = query;
    reply.type(contentTypes[format]);
    reply.header('content-disposition', attachment(`${project_id}-results.${format}`));
    return reply.send(exportResults(context, project(project_id), format));
  },

  async judgeResult({ services: { context }, params, body, actor }) {
    const { project_id } = await getProject(context, params.project_id);
    return markResult(context, project(project_id), params.result_id, body.feedback, actor);
  },
};
