// Requests that start a training.
import Type, { type Static } from 'typebox';
import { Slug } from './values.ts';

const settings = {
  img_size: Type.Optional(
    Type.Integer({
      minimum: 64,
      maximum: 1024,
      multipleOf: 32,
      default: 256,
      description: 'pictures are resized to a square of this side',
    }),
  ),
  epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 30 })),
  lr: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 1e-4 })),
};

export const SceneTraining = Type.Object({ scene_id: Slug, ...settings }, { additionalProperties: false });
export type SceneTraining = Static<typeof SceneTraining>;

export const ProjectTraining = Type.Object(
  {
    ...settings,
    base_model_id: Type.Optional(
      Type.Union([Slug, Type.Null()], { description: 'the model to start from; finetune projects need one' }),
    ),
  },
  { additionalProperties: false },
);
export type ProjectTraining = Static<typeof ProjectTraining>;

export const StartedJob = Type.Object({ job_id: Type.String() });
export type StartedJob = Static<typeof StartedJob>;
