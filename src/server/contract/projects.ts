// Requests and answers about projects.
import Type, { type Static } from 'typebox';
import { Count, Moment, Remark, Slug, Title } from './values.ts';

export const TrainingModeName = Type.Enum(['anomaly', 'finetune', 'yolo']);

export const ProjectInfo = Type.Object({
  project_id: Slug,
  name: Type.String(),
  description: Type.Union([Type.String(), Type.Null()]),
  created_at: Moment,
  num_images: Count,
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

export const ProjectDeletion = Type.Object(
  {
    confirm: Type.String({ maxLength: 200, description: 'the name of the project' }),
    force: Type.Optional(Type.Boolean({ description: 'cancels a running job first' })),
  },
  { additionalProperties: false },
);
export type ProjectDeletion = Static<typeof ProjectDeletion>;
