// How every training begins and ends, whatever it trains: its folders, its device, and what an error leaves behind.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OkapiError } from '../errors.ts';
import { clearResumeFiles } from '../training/resume-files.ts';
import type { TrainRequest } from './detector.ts';

/** Makes the folders of the request; an unfinished training that is not to be resumed is thrown away. */
export async function prepareState({ stateFolder, folder, resume }: TrainRequest): Promise<void> {
  if (!resume) await clearResumeFiles(stateFolder);
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(stateFolder, { recursive: true });
}

export function runtimeOptions({ device, threads }: TrainRequest) {
  return { ...(device !== undefined && { device }), ...(threads !== undefined && { threads }) };
}

/** After these errors the same training would fail again from where it stood. */
const hopeless = new Set<string>(['train.diverged', 'train.degenerate']);

/**
 * What to throw for an error that ended a training: train.canceled when it broke off because of the signal. The state of a
 * training that can only fail again is removed.
 */
export async function trainingError(
  error: unknown,
  { stateFolder }: TrainRequest,
  signal: AbortSignal,
): Promise<unknown> {
  if (error instanceof OkapiError) {
    if (hopeless.has(error.code)) await clearResumeFiles(stateFolder);
    return error;
  }
  if (!signal.aborted) return error;
  return new OkapiError('train.canceled', 'the training was canceled', { cause: error });
}

/** Things that are closed in the end, the latest opened first. */
export class Opened {
  readonly #things: { close(): Promise<void> }[] = [];

  add<T extends { close(): Promise<void> }>(thing: T): T {
    this.#things.unshift(thing);
    return thing;
  }

  async close(): Promise<void> {
    for (const thing of this.#things) await thing.close();
  }
}
