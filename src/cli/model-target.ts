// Where a training may write its model: nothing of the user's is ever replaced but an older model.
import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { manifestName } from '../vision/checkpoint/model-folder.ts';
import { OkapiError } from '../vision/errors.ts';

export interface ModelTarget {
  readonly folder: string;
  /** Where the unfinished training is kept: hidden, beside the model. */
  readonly stateFolder: string;
  /** Whether a model is there now, which the new one will replace. */
  readonly replaces: boolean;
  /** Whether an unfinished training is there. */
  readonly unfinished: boolean;
}

/** The folder that a model of `dataset` gets when the user names none: beside where the command is run. */
export function defaultModelFolder(dataset: string): string {
  const isYaml = /\.ya?ml$/i.test(dataset);
  const named = isYaml ? dirname(resolve(dataset)) : resolve(dataset).replace(/\.zip$/i, '');
  return `${basename(named) || 'okapi'}-model`;
}

/**
 * Checks the folder and makes those above it. Throws option.invalid when it holds anything but a model, or when it would
 * lie over the pictures.
 */
export async function modelTarget(folder: string, dataset: string): Promise<ModelTarget> {
  const inside = relative(resolve(folder), resolve(dataset));
  if (inside === '' || !(inside.startsWith('..') || resolve(inside) === inside))
    throw new OkapiError(
      'option.invalid',
      `expected a folder of its own for the model, got ${folder}, which holds the pictures`,
    );
  const names = await namesIn(folder);
  const isModel = names?.includes(manifestName) ?? false;
  if (names !== null && names.length > 0 && !isModel)
    throw new OkapiError(
      'option.invalid',
      `expected an empty folder or an older model to replace, got ${folder}, which holds other files; name another with -o`,
    );
  const stateFolder = join(dirname(resolve(folder)), `.${basename(resolve(folder))}.training`);
  await mkdir(dirname(resolve(folder)), { recursive: true });
  return {
    folder,
    stateFolder,
    replaces: isModel,
    unfinished: ((await namesIn(stateFolder)) ?? []).length > 0,
  };
}

/** The names in a folder; null when there is nothing at that path. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ENOTDIR')
      throw new OkapiError('option.invalid', `expected a folder for the model, got the file ${folder}`);
    throw new OkapiError('disk.io_error', `cannot read the folder ${folder}: ${message}`, { cause: error });
  }
}
