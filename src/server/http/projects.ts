// Routes of projects.
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { getProject } from '../projects/get-project.ts';
import { listProjects } from '../projects/list-projects.ts';
import { projectInfo } from '../projects/project-info.ts';
import type { Handlers } from './handler.ts';

export const projectHandlers: Handlers<'listProjects' | 'createProject' | 'getProject' | 'deleteProject'> = {
  async listProjects({ services: { context } }) {
    const projects = await listProjects(context);
    return Promise.all(projects.map((record) => projectInfo(context, record)));
  },

  async createProject({ services: { context }, body, actor }) {
    return projectInfo(context, await createProject(context, body, actor));
  },

  async getProject({ services: { context }, params }) {
    return projectInfo(context, await getProject(context, params.project_id));
  },

  async deleteProject({ services: { context }, params, query, actor }) {
    await deleteProject(context, params.project_id, query, actor);
    return { ok: true };
  },
};
