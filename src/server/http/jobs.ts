// Routes of jobs, and the streams of their events.
import type { FastifyReply } from 'fastify';
import { ServerError } from '../contract/errors.ts';
import { jobStates } from '../contract/job-states.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { type JobRecord, jobStatus, type Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import type { EventStreams } from './event-stream.ts';
import type { Handlers } from './handler.ts';
import { type Following, followJobs, hasEnded, type Position, positionIn, sequenceIn } from './job-events.ts';
import { jobInfo } from './job-info.ts';
import { pageOf } from './pages.ts';

const standardPage = 50;

export const jobHandlers: Handlers<
  'listJobs' | 'getJob' | 'jobEvents' | 'projectEvents' | 'cancelJob' | 'approveJob' | 'rejectJob'
> = {
  async listJobs({ services: { context }, query }) {
    const { status, project_id, scene_id, limit = standardPage, after } = query;
    const jobs = await context.queue.list({
      ...(status === undefined ? {} : { states: jobStates.filter((state) => jobStatus[state] === status) }),
      ...(project_id === undefined ? {} : { owner: { kind: 'project', id: project_id } as Owner }),
    });
    const wanted = jobs.filter(
      ({ owner }) => scene_id === undefined || (owner.kind === 'scene' && owner.id === scene_id),
    );
    const page = { limit, ...(after === undefined ? {} : { after }) };
    const { items, ...next } = pageOf(wanted, page, ({ job_id }) => job_id);
    return { items: items.map(jobInfo), ...next };
  },

  async getJob({ services: { context }, params }) {
    return jobInfo(await getJob(context, params.job_id));
  },

  async jobEvents({ services: { context }, params, request, reply, streams }) {
    const job = await getJob(context, params.job_id);
    const after = sequenceIn(request.headers['last-event-id']);
    if (hasEnded(job) && (await context.queue.events(job.job_id, after)).length === 0)
      return reply.code(204).send();
    return stream(context, reply, streams, {
      concerns: ({ job_id }) => job_id === job.job_id,
      replay: [{ jobId: job.job_id, after }],
      idOf: ({ seq }) => String(seq),
      endsWithJob: true,
    });
  },

  async projectEvents({ services: { context }, params, request, reply, streams }) {
    const { project_id } = await getProject(context, params.project_id);
    const owner: Owner = { kind: 'project', id: project_id };
    const jobs = (await context.queue.list({ owner })).reverse();
    return stream(context, reply, streams, {
      concerns: (job) => job.owner.kind === 'project' && job.owner.id === project_id,
      replay: replayOf(jobs, positionIn(request.headers['last-event-id'])),
      idOf: ({ job_id, seq }) => `${job_id}:${seq}`,
      endsWithJob: false,
    });
  },

  async cancelJob({ services: { context }, params, actor }) {
    await getJob(context, params.job_id);
    return decided(context, actor, 'job.cancel', await context.queue.cancel(params.job_id, actor.name));
  },

  async approveJob({ services: { context }, params, actor }) {
    await getJob(context, params.job_id);
    return decided(context, actor, 'job.approve', await context.queue.approve(params.job_id, actor.name));
  },

  async rejectJob({ services: { context }, params, body, actor }) {
    await getJob(context, params.job_id);
    const { reason = null } = body;
    const job = await context.queue.reject(params.job_id, actor.name, reason);
    return decided(context, actor, 'job.reject', job);
  },
};

/** Throws job.not_found. */
async function getJob({ queue }: Context, id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (job === null) throw new ServerError('job.not_found', `there is no job ${JSON.stringify(id)}`);
  return job;
}

async function decided({ audit }: Context, actor: Actor, action: string, job: JobRecord) {
  await audit.record(actor, action, `jobs/${job.job_id}`, { model_id: job.model_id });
  return jobInfo(job);
}

async function stream(
  { queue }: Context,
  reply: FastifyReply,
  streams: EventStreams,
  following: Following,
): Promise<FastifyReply> {
  if (reply.request.method === 'HEAD') return reply.type('text/event-stream; charset=utf-8').send();
  await followJobs(queue, following, () => streams.open(reply));
  return reply;
}

/** Oldest first: from the last that was seen, or else those that have not ended. */
function replayOf(jobs: readonly JobRecord[], seen: Position | null): Position[] {
  const from = seen === null ? -1 : jobs.findIndex(({ job_id }) => job_id === seen.jobId);
  if (from < 0)
    return jobs.filter((job) => !hasEnded(job)).map(({ job_id }) => ({ jobId: job_id, after: 0 }));
  return jobs.slice(from).map(({ job_id }, i) => ({ jobId: job_id, after: i === 0 ? seen!.after : 0 }));
}
