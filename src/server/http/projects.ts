// Routes of projects.
import type { ProjectInfo } from '../contract/projects.ts';
import type { Frozen } from '../contract/route.ts';
import { thumbnailUrl } from '../datasets/image-url.ts';
import { createSampleProject } from '../datasets/sample-project.ts';
import type { Context } from '../platform/context.ts';
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { getProject } from '../projects/get-project.ts';
import { listProjects } from '../projects/list-projects.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { projectInfo } from '../projects/project-info.ts';
import type { Handlers } from './handler.ts';

export const projectHandlers: Handlers<
  'listProjects' | 'createProject' | 'createSampleProject' | 'getProject' | 'deleteProject'
> = {
  async listProjects({ services: { context } }) {
    const projects = await listProjects(context);
    return Promise.all(projects.map((record) => answer(context, record)));
  },

  async createProject({ services: { context }, body, actor }) {
    return answer(context, await createProject(context, body, actor));
  },

  async createSampleProject({ services, body, actor }) {
    return answer(services.context, await createSampleProject(services, body ?? {}, actor));
  },

  async getProject({ services: { context }, params }) {
    return answer(context, await getProject(context, params.project_id));
  },

  async deleteProject({ services: { context }, params, query, actor }) {
    await deleteProject(context, params.project_id, query, actor);
    return { ok: true };
  },
};

async function answer(context: Context, record: ProjectRecord): Promise<Frozen<ProjectInfo>> {
  const { first_images, ...known } = await projectInfo(context, record);
  const owner = { kind: 'project', id: record.project_id } as const;
  return { ...known, thumbnail_urls: first_images.map((stored) => thumbnailUrl(owner, stored)) };
}
