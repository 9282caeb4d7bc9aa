// Requests and answers about projects.
import Type, { type Static } from 'typebox';
import { Address, Count, Moment, Remark, Slug, Title } from './values.ts';

export const TrainingModeName = Type.Enum(['anomaly', 'finetune', 'yolo']);

export const ProjectInfo = Type.Object({
  project_id: Slug,
  name: Type.String(),
  description: Type.Union([Type.String(), Type.Null()]),
  created_at: Moment,
  num_images: Count,
  num_ng: Type.Integer({ minimum: 0, description: 'how many of them are marked as ng' }),
  num_holdout: Type.Integer({
    minimum: 0,
    description: 'how many trainings leave out because they are held out; those marked ng are not counted',
  }),
  thumbnail_urls: Type.Array(Address, { description: 'previews of its first pictures, at most four' }),
  last_model_id: Type.Union([Type.String(), Type.Null()]),
  training_mode: TrainingModeName,
});
export type ProjectInfo = Static<typeof ProjectInfo>;

export const NewProject = Type.Object(
  {
    name: Title,
    description: Type.Optional(Type.Union([Remark, Type.Null()])),
    training_mode: Type.Optional(TrainingModeName),
  },
  { additionalProperties: false },
);
export type NewProject = Static<typeof NewProject>;

export const NewSampleProject = Type.Object(
  { name: Type.Optional(Title) },
  { additionalProperties: false, description: 'left out: it is called Sample parts' },
);
export type NewSampleProject = Static<typeof NewSampleProject>;

export const ProjectDeletion = Type.Object(
  {
    confirm: Type.String({ maxLength: 200, description: 'the name of the project' }),
    force: Type.Optional(Type.Boolean({ description: 'cancels a running job first' })),
  },
  { additionalProperties: false },
);
export type ProjectDeletion = Static<typeof ProjectDeletion>;
