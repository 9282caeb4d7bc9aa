// What a training may be asked for: each setting with its range, and the work that all of them together mean.
import { OkapiError } from '../../vision/errors.ts';
import { parseTiles, type TileSetting } from '../../vision/scoring/tile-plan.ts';
import { type FieldError, ServerError } from '../contract/errors.ts';
import { type TilesInRequest, type TrainingMethod, trainingLimits } from '../contract/training.ts';

/** What a request names; what it leaves out has the default of the trainer. */
export interface TrainingRequest {
  readonly method?: TrainingMethod;
  readonly img_size?: number;
  readonly epochs?: number;
  /** Left out: the trainer's own default of 1e-3. (The original's 1e-4 learns little in 30 epochs.) */
  readonly lr?: number;
  readonly base_model_id?: string | null;
  readonly tiles?: TilesInRequest;
  readonly defect_size?: number;
  readonly bank_bytes?: number;
  readonly place_weight?: number;
  readonly reweight_neighbours?: number;
}

export interface TrainingSettings {
  readonly method: TrainingMethod;
  readonly img_size: number;
  /** 0 for methods that do not train by epochs. */
  readonly epochs: number;
  /** null: the trainer's default. */
  readonly lr: number | null;
  readonly tiles: TileSetting;
  /** In pixels of the picture; null: not stated. */
  readonly defect_size: number | null;
  /** Of the remembered patches; null: the trainer's default. */
  readonly bank_bytes: number | null;
  readonly place_weight: number | null;
  readonly reweight_neighbours: number | null;
}

/** Such as a range. Null, where a setting may be null, is not asked about. */
export interface SettingRow {
  readonly valid: (value: number) => boolean;
  readonly expected: string;
}

export const imageSizeRow = (most: number): SettingRow => ({
  valid: (v) => Number.isSafeInteger(v) && v % 32 === 0 && v >= 64 && v <= most,
  expected: `a multiple of 32 from 64 to ${most}`,
});

export const wholeRow = (least: number, most: number): SettingRow => ({
  valid: (v) => Number.isSafeInteger(v) && v >= least && v <= most,
  expected: `a whole number from ${least} to ${most}`,
});

const rows: Readonly<Record<Exclude<keyof TrainingSettings, 'method' | 'tiles'>, SettingRow>> = {
  img_size: imageSizeRow(1024),
  epochs: wholeRow(1, 10_000),
  lr: {
    valid: (v) => Number.isFinite(v) && v >= 1e-7 && v <= 1,
    expected: 'a number from 1e-7 to 1',
  },
  defect_size: {
    valid: (v) => Number.isFinite(v) && v >= 1 && v <= trainingLimits.maxDefectSize,
    expected: `a number from 1 to ${trainingLimits.maxDefectSize}`,
  },
  bank_bytes: wholeRow(1, trainingLimits.maxBankBytes),
  place_weight: {
    valid: (v) => v >= 0 && v <= trainingLimits.maxPlaceWeight,
    expected: `a number from 0 to ${trainingLimits.maxPlaceWeight}`,
  },
  reweight_neighbours: wholeRow(0, trainingLimits.maxReweightNeighbours),
};

/** Throws request.invalid that names every field at fault. */
export function trainingSettings(request: TrainingRequest): TrainingSettings {
  const { method = 'autoencoder' } = request;
  refuseStrange(method, request);
  const settings = {
    img_size: request.img_size ?? 256,
    epochs: request.epochs ?? 30,
    lr: request.lr ?? null,
    defect_size: request.defect_size ?? null,
    bank_bytes: request.bank_bytes ?? null,
    place_weight: request.place_weight ?? null,
    reweight_neighbours: request.reweight_neighbours ?? null,
  };
  checkSettings(rows, settings);
  return { method, ...settings, tiles: tilesOf(request), ...(method !== 'autoencoder' && { epochs: 0 }) };
}

function tilesOf({ tiles = 'auto' }: TrainingRequest): TileSetting {
  try {
    return parseTiles(tiles);
  } catch (error) {
    if (!(error instanceof OkapiError)) throw error;
    return refuse([['tiles', error.message]]);
  }
}

/** Settings that not every method has, the methods that have them, and why the others do not. */
const ownSettings = [
  {
    of: ['autoencoder'],
    names: ['epochs', 'lr', 'base_model_id'],
    why: 'it does not train by steps',
  },
  {
    of: ['auto', 'memory-bank'],
    names: ['bank_bytes', 'place_weight', 'reweight_neighbours'],
    why: 'it remembers no patches',
  },
] as const;

/** Throws request.invalid for settings that the method does not have. */
function refuseStrange(method: TrainingMethod, request: TrainingRequest): void {
  refuseIfAny(
    ownSettings.flatMap(({ of, names, why }) =>
      (of as readonly TrainingMethod[]).includes(method)
        ? []
        : names
            .filter((name) => request[name] != null)
            .map((name) => [name, `the method ${method} takes none: ${why}`] as const),
    ),
  );
}

/** Throws request.invalid that names every field at fault. */
export function checkSettings<Name extends string>(
  rows: Readonly<Record<Name, SettingRow>>,
  settings: Readonly<Record<Name, number | null>>,
): void {
  refuseIfAny(
    (Object.keys(rows) as Name[]).flatMap((name): [string, string][] => {
      const value = settings[name];
      if (value === null || rows[name].valid(value)) return [];
      return [[name, `expected ${rows[name].expected}, got ${JSON.stringify(value)}`]];
    }),
  );
}

/** Throws request.invalid for fields of the body, when there are any. */
function refuseIfAny(fields: readonly (readonly [name: string, detail: string])[]): void {
  if (fields.length > 0) refuse(fields);
}

function refuse(fields: readonly (readonly [name: string, detail: string])[]): never {
  const errors = fields.map(
    ([name, detail]): FieldError => ({ path: `body.${name}`, code: 'request.invalid', detail }),
  );
  const message = errors.map(({ path, detail }) => `${path}: ${detail}`).join('; ');
  throw new ServerError('request.invalid', message, { errors });
}

/** For one picture of 256 pixels square in one epoch: what a quick machine needs at the least. */
const LEAST_SECONDS = 0.01;

/** Throws job.too_large when even a quick machine would need longer than a job may take. */
export function checkWork({ img_size, epochs }: TrainingSettings, images: number, maxHours: number): void {
  const seconds = LEAST_SECONDS * images * epochs * (img_size / 256) ** 2;
  checkHours({ seconds, img_size, epochs, images, maxHours });
}

/** Throws job.too_large when so many seconds are more than a job may take. */
export function checkHours({
  seconds,
  img_size,
  epochs,
  images,
  maxHours,
}: {
  readonly seconds: number;
  readonly img_size: number;
  readonly epochs: number;
  readonly images: number;
  readonly maxHours: number;
}): void {
  const hours = seconds / 3600;
  if (hours <= maxHours) return;
  throw new ServerError(
    'job.too_large',
    `${epochs} epochs of ${images} images at ${img_size} pixels take at least ${Math.ceil(hours)} hours; a job may take ${maxHours}. Ask for fewer epochs or a smaller img_size.`,
  );
}
