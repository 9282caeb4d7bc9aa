// What a training says about itself while it runs. Events also cross from a child process, so each type has its check.
import type { Picture } from '../image/picture.ts';
import { type WorkStage, workStages } from './work-stages.ts';

/** A file that is left out, and why. */
export interface RefusedFile {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

export type TrainingEvent =
  /** The device that computes, and why it was chosen. */
  | { readonly type: 'device'; readonly device: string; readonly reason: string }
  /** The pictures were read. `copies` files show a picture that another file shows too; they are left out. */
  | {
      readonly type: 'pictures';
      readonly used: number;
      readonly copies: number;
      readonly refused: readonly RefusedFile[];
    }
  | { readonly type: 'stage'; readonly stage: Stage }
  /** The training goes on where an earlier process stopped: epochs and steps of the phase that are done. */
  | { readonly type: 'resumed'; readonly phase: string; readonly epoch: number; readonly step: number }
  | {
      readonly type: 'step';
      readonly phase: string;
      /** Counted from 1. */
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learningRate: number;
      /** Of the whole training, 0..1; never falls. */
      readonly progress: number;
      readonly secondsLeft: number | null;
    }
  | {
      readonly type: 'epoch';
      readonly phase: string;
      readonly epoch: number;
      readonly epochs: number;
      /** Mean over the steps of the epoch. */
      readonly loss: number;
      readonly validationLoss: number;
      readonly learningRate: number;
      /** Whether this is the lowest validation loss so far. */
      readonly best: boolean;
      /** Further figures of the epoch by their names, such as parts of the loss. */
      readonly metrics?: Readonly<Record<string, number>>;
    }
  /** Work without epochs: the steps of its stage that are done, and the share of all of it. */
  | {
      readonly type: 'work';
      readonly stage: WorkStage;
      readonly done: number;
      readonly total: number;
      /** 0..1; never falls. */
      readonly progress: number;
      readonly secondsLeft: number | null;
    }
  /** A held-out picture and what the model makes of it by now. */
  | {
      readonly type: 'sample';
      readonly epoch: number;
      readonly picture: Picture;
      readonly reconstruction: Picture;
    }
  /** Something the user should know, in a sentence. */
  | { readonly type: 'note'; readonly text: string };

export const stages = ['reading', 'training', 'calibrating', 'saving'] as const;
export type Stage = (typeof stages)[number];

type Check = (value: unknown) => boolean;
type Fields<T extends TrainingEvent['type']> = Omit<Extract<TrainingEvent, { type: T }>, 'type'>;

const text: Check = (v) => typeof v === 'string' && v.length <= 10_000;
const count: Check = (v) => Number.isSafeInteger(v) && (v as number) >= 0;
const finite: Check = (v) => Number.isFinite(v);
const share: Check = (v) => finite(v) && (v as number) >= 0 && (v as number) <= 1;
const secondsOrNull: Check = (v) => v === null || (finite(v) && (v as number) >= 0);
const yesNo: Check = (v) => typeof v === 'boolean';
/** A few names, since a message of another process may hold anything. */
const figuresOrNone: Check = (v) => {
  if (v === undefined) return true;
  if (typeof v !== 'object' || v === null) return false;
  const rows = Object.entries(v);
  return rows.length <= 100 && rows.every(([name, value]) => name.length <= 100 && finite(value));
};
const picture: Check = (v) => {
  const { width, height, data } = (v ?? {}) as Partial<Picture>;
  return data instanceof Uint8Array && data.length === 3 * (width ?? 0) * (height ?? 0);
};
const refusedFile = (v: unknown): boolean => {
  const { file, code, message } = (v ?? {}) as Partial<RefusedFile>;
  return text(file) && text(code) && text(message);
};
const refusedFiles: Check = (v) => Array.isArray(v) && v.every(refusedFile);

const checks: { [T in TrainingEvent['type']]: Record<keyof Fields<T>, Check> } = {
  device: { device: text, reason: text },
  pictures: { used: count, copies: count, refused: refusedFiles },
  stage: { stage: (v) => stages.includes(v as Stage) },
  resumed: { phase: text, epoch: count, step: count },
  step: {
    phase: text,
    epoch: count,
    epochs: count,
    step: count,
    steps: count,
    loss: finite,
    learningRate: finite,
    progress: share,
    secondsLeft: secondsOrNull,
  },
  epoch: {
    phase: text,
    epoch: count,
    epochs: count,
    loss: finite,
    validationLoss: finite,
    learningRate: finite,
    best: yesNo,
    metrics: figuresOrNone,
  },
  work: {
    stage: (v) => workStages.includes(v as WorkStage),
    done: count,
    total: count,
    progress: share,
    secondsLeft: secondsOrNull,
  },
  sample: { epoch: count, picture, reconstruction: picture },
  note: { text },
};

/** A message of another process as an event; null when it is none. */
export function parseTrainingEvent(message: unknown): TrainingEvent | null {
  if (typeof message !== 'object' || message === null) return null;
  const fields = message as Record<string, unknown>;
  const type = fields.type;
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) return null;
  const rows = Object.entries(checks[type as TrainingEvent['type']]) as [string, Check][];
  return rows.every(([name, check]) => check(fields[name])) ? (message as TrainingEvent) : null;
}
