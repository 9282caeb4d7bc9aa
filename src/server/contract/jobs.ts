// Requests and answers about jobs.
import Type, { type Static } from 'typebox';
import { jobStates } from './job-states.ts';
import { Address, Cursor, Moment, Next, PageSize, Share, Slug } from './values.ts';

export const JobStatusName = Type.Enum([
  'queued',
  'waiting_approval',
  'running',
  'finished',
  'failed',
  'canceled',
]);

export const JobInfo = Type.Object({
  status: JobStatusName,
  progress: Share,
  model_id: Type.Optional(
    Type.String({ description: 'of finished jobs: the model that was made, or evaluated' }),
  ),
  detail: Type.Optional(Type.String({ description: 'what it does now, or why it ended' })),
  code: Type.Optional(Type.String({ description: 'of failed jobs: the code of the error' })),
  job_id: Type.String(),
  kind: Type.String(),
  project_id: Type.Union([Type.String(), Type.Null()]),
  scene_id: Type.Union([Type.String(), Type.Null()]),
  seconds_left: Type.Union([Type.Number(), Type.Null()]),
  attempt: Type.Integer({ description: 'counts the starts' }),
  created_at: Moment,
  started_at: Type.Union([Moment, Type.Null()]),
  finished_at: Type.Union([Moment, Type.Null()]),
  created_by: Type.String(),
  decided_by: Type.Union([Type.String(), Type.Null()]),
});
export type JobInfo = Static<typeof JobInfo>;

export const JobList = Type.Object({ items: Type.Array(JobInfo), next: Next });
export type JobList = Static<typeof JobList>;

export const JobQuery = Type.Object(
  {
    status: Type.Optional(JobStatusName),
    project_id: Type.Optional(Slug),
    scene_id: Type.Optional(Slug),
    limit: Type.Optional(PageSize),
    after: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
export type JobQuery = Static<typeof JobQuery>;

export const Rejection = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 2000 })) },
  { additionalProperties: false },
);
export type Rejection = Static<typeof Rejection>;

const ofJob = { job_id: Type.String() };
const pass = {
  epoch: Type.Integer(),
  epochs: Type.Integer(),
  loss: Type.Number(),
  learning_rate: Type.Number(),
  phase: Type.String(),
};

/** The `data` of one server-sent event; its `event` is the type, its `id` what to send as Last-Event-ID. */
export const JobEventData = Type.Union([
  Type.Object({
    type: Type.Literal('state'),
    ...ofJob,
    state: Type.Enum([...jobStates]),
    detail: Type.Union([Type.String(), Type.Null()]),
    at: Moment,
  }),
  Type.Object({
    type: Type.Literal('progress'),
    ...ofJob,
    ...pass,
    progress: Share,
    seconds_left: Type.Union([Type.Number(), Type.Null()]),
    step: Type.Integer(),
    steps: Type.Integer(),
  }),
  Type.Object({
    type: Type.Literal('epoch'),
    ...ofJob,
    ...pass,
    validation_loss: Type.Number(),
    best: Type.Boolean(),
    metrics: Type.Optional(
      Type.Record(Type.String(), Type.Number(), {
        description:
          'of object detectors: map50, map50_95, precision, recall, and the parts box, cls and dfl of the loss',
      }),
    ),
  }),
  Type.Object({
    type: Type.Literal('pictures'),
    ...ofJob,
    stage: Type.Optional(
      Type.String({
        description:
          'of trainings without epochs: reading, encoding, choosing patches, autoencoder, calibrating or writing; done and total count its steps',
      }),
    ),
    progress: Share,
    seconds_left: Type.Union([Type.Number(), Type.Null()]),
    done: Type.Integer(),
    total: Type.Integer(),
  }),
  Type.Object({
    type: Type.Literal('sample'),
    ...ofJob,
    epoch: Type.Integer(),
    picture_url: Address,
    reconstruction_url: Type.String({
      description:
        'a path of this server: what the model makes of the picture; of object detectors: what it finds in it',
    }),
  }),
  Type.Object({ type: Type.Literal('log'), ...ofJob, text: Type.String() }),
]);
export type JobEventData = Static<typeof JobEventData>;
