// Requests that start a training.
import Type, { type Static } from 'typebox';
import { LARGEST_TILE, LEAST_TILE } from '../../vision/scoring/tile-plan.ts';
import { Slug, StoredName } from './values.ts';

export const trainingLimits = {
  minImgSize: 64,
  maxImgSize: 1024,
  maxEpochs: 10_000,
  maxDefectSize: 4096,
  maxBankBytes: 2 ** 31,
  maxPlaceWeight: 10,
  maxReweightNeighbours: 50,
} as const;

/** The ways to learn what good parts look like. */
export const trainingMethods = ['autoencoder', 'auto', 'memory-bank', 'subspace'] as const;
export type TrainingMethod = (typeof trainingMethods)[number];

const Tiles = Type.Union([
  Type.Enum(['off', 'auto']),
  Type.Object(
    {
      size: Type.Integer({ minimum: LEAST_TILE, maximum: LARGEST_TILE, description: 'side of the squares' }),
      overlap: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: LARGEST_TILE / 2,
          description: 'of neighbours, at most half of the size; left out: a quarter',
        }),
      ),
    },
    { additionalProperties: false },
  ),
]);
export type TilesInRequest = Static<typeof Tiles>;

const settings = {
  method: Type.Optional(
    Type.Enum([...trainingMethods], {
      default: 'autoencoder',
      description:
        'autoencoder learns to draw good parts, by epochs; the others compare patches with those of good parts, in seconds and from few images, and take neither epochs nor lr',
    }),
  ),
  img_size: Type.Optional(
    Type.Integer({
      minimum: trainingLimits.minImgSize,
      maximum: trainingLimits.maxImgSize,
      multipleOf: 32,
      default: 256,
      description: 'pictures are resized to a square of this side',
    }),
  ),
  epochs: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: trainingLimits.maxEpochs,
      description: 'of the autoencoder; left out: 30',
    }),
  ),
  lr: Type.Optional(
    Type.Number({
      minimum: 1e-7,
      maximum: 1,
      description: 'left out: what the trainer learns best with, 1e-3',
    }),
  ),
};

const tiling = {
  tiles: Type.Optional({
    ...Tiles,
    default: 'auto',
    description:
      'how large pictures are cut, in their pixels; auto leaves pictures whole whose longer side is at most 4 times img_size',
  }),
  defect_size: Type.Optional(
    Type.Number({
      minimum: 1,
      maximum: trainingLimits.maxDefectSize,
      description: 'the smallest defect to be found, in pixels of the picture; tiles: auto chooses by it',
    }),
  ),
};

const ofBanks = 'of the methods auto and memory-bank';

const bank = {
  bank_bytes: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: trainingLimits.maxBankBytes,
      description: `what remembered patches may take, ${ofBanks}; left out: 3,480,000, some 3,000 patches`,
    }),
  ),
  place_weight: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: trainingLimits.maxPlaceWeight,
      description: `how much the place of a patch counts, for cameras and parts that stand still, ${ofBanks}; left out: 0, not at all`,
    }),
  ),
  reweight_neighbours: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: trainingLimits.maxReweightNeighbours,
      description: `remembered patches by which the distance to the nearest is weighed (PatchCore, equation 7), ${ofBanks}; left out: 0, none`,
    }),
  ),
};

export const SceneTraining = Type.Object(
  { scene_id: Slug, ...settings, ...tiling, ...bank },
  { additionalProperties: false },
);
export type SceneTraining = Static<typeof SceneTraining>;

export const ProjectTraining = Type.Object(
  {
    ...settings,
    ...tiling,
    ...bank,
    base_model_id: Type.Optional(
      Type.Union([Slug, Type.Null()], { description: 'the model to start from; finetune projects need one' }),
    ),
  },
  { additionalProperties: false },
);
export type ProjectTraining = Static<typeof ProjectTraining>;

/** Good pictures to add to a model. */
export const ModelUpdate = Type.Object(
  {
    images: Type.Optional(
      Type.Array(StoredName, {
        maxItems: 200,
        description: 'stored names of good images of the same project or scene that it has not learnt from',
      }),
    ),
    results: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), {
        maxItems: 200,
        description: 'ids of results marked as false alarms; their pictures are added to the good ones',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'at least one image or result' },
);
export type ModelUpdate = Static<typeof ModelUpdate>;

export const StartedJob = Type.Object({ job_id: Type.String() });
export type StartedJob = Static<typeof StartedJob>;
