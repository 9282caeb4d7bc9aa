// What a training may be asked for: each setting with its range, and the work that all of them together mean.
import { type FieldError, ServerError } from '../contract/errors.ts';

/** What a request names; what it leaves out has the default of the trainer. */
export interface TrainingRequest {
  readonly img_size?: number;
  readonly epochs?: number;
  /** Left out: the trainer's own default of 1e-3. (The original's 1e-4 learns little in 30 epochs.) */
  readonly lr?: number;
  readonly base_model_id?: string | null;
}

export interface TrainingSettings {
  readonly img_size: number;
  readonly epochs: number;
  /** null: the trainer's default. */
  readonly lr: number | null;
}

interface Row {
  readonly valid: (value: number) => boolean;
  readonly expected: string;
}

const rows: Readonly<Record<keyof TrainingSettings, Row>> = {
  img_size: {
    valid: (v) => Number.isSafeInteger(v) && v % 32 === 0 && v >= 64 && v <= 1024,
    expected: 'a multiple of 32 from 64 to 1024',
  },
  epochs: {
    valid: (v) => Number.isSafeInteger(v) && v >= 1 && v <= 10_000,
    expected: 'a whole number from 1 to 10000',
  },
  lr: {
    valid: (v) => Number.isFinite(v) && v >= 1e-7 && v <= 1,
    expected: 'a number from 1e-7 to 1',
  },
};

/** Throws request.invalid that names every field at fault. */
export function trainingSettings(request: TrainingRequest): TrainingSettings {
  const settings = {
    img_size: request.img_size ?? 256,
    epochs: request.epochs ?? 30,
    lr: request.lr ?? null,
  };
  const errors = (Object.keys(rows) as (keyof TrainingSettings)[]).flatMap((name): FieldError[] => {
    const value = settings[name];
    if (value === null || rows[name].valid(value)) return [];
    const detail = `expected ${rows[name].expected}, got ${JSON.stringify(value)}`;
    return [{ path: `body.${name}`, code: 'request.invalid', detail }];
  });
  if (errors.length === 0) return settings;
  const message = errors.map(({ path, detail }) => `${path}: ${detail}`).join('; ');
  throw new ServerError('request.invalid', message, { errors });
}

/** For one picture of 256 pixels square in one epoch: what a quick machine needs at the least. */
const LEAST_SECONDS = 0.01;

/** Throws job.too_large when even a quick machine would need longer than a job may take. */
export function checkWork({ img_size, epochs }: TrainingSettings, images: number, maxHours: number): void {
  const hours = (LEAST_SECONDS * images * epochs * (img_size / 256) ** 2) / 3600;
  if (hours <= maxHours) return;
  throw new ServerError(
    'job.too_large',
    `${epochs} epochs of ${images} images at ${img_size} pixels take at least ${Math.ceil(hours)} hours; a job may take ${maxHours}. Ask for fewer epochs or a smaller img_size.`,
  );
}
