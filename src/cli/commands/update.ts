// `okapi update`: adds pictures of good parts to a model, in seconds; the model itself stays as it is.
import { resolve } from 'node:path';
import { manifestName, openModelFolder } from '../../vision/checkpoint/model-folder.ts';
import { detectorIn } from '../../vision/detectors/model-config.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { modelTarget } from '../model-target.ts';
import { pictureArguments } from '../picture-arguments.ts';
import { resultLines, runTraining } from './train.ts';

export interface UpdateOptions {
  readonly good: readonly string[];
  readonly out?: string;
  readonly device?: string;
  readonly threads?: number;
  readonly falseAlarmRate?: number;
}

/** Throws option.invalid for what is no model of ours, or for a new model in the place of the old one. */
export async function update(
  model: string,
  options: UpdateOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, environment, now } = context;
  const { good, out = `${resolve(model)}-updated`, device = 'auto', threads, falseAlarmRate } = options;
  if (resolve(out) === resolve(model))
    throw new OkapiError('option.invalid', 'expected another folder than that of the model, which stays');
  const kind = await kindIn(model);
  const pictures = (await pictureArguments(good)).map(({ file }) => file);
  const { folder, stateFolder } = await modelTarget(out, good[0]!);
  const startedMs = now();
  const made = await runTraining(
    {
      kind,
      update: true,
      base: model,
      pictures,
      folder,
      stateFolder,
      resume: false,
      device,
      ...(threads !== undefined && { threads }),
      ...(falseAlarmRate !== undefined && { settings: { falseAlarmRate } }),
    },
    context,
  );
  for (const line of resultLines(made, (now() - startedMs) / 1000)) terminal.out(line);
  terminal.note(`\n${model} is as it was. What next:`);
  terminal.note(`  ${environment.command} test ${folder} new-pictures`);
  return exitCodes.ok;
}

async function kindIn(model: string): Promise<string> {
  const folder = await openModelFolder(model, ['config.yaml']);
  const kind = detectorIn(new TextDecoder().decode(folder.file('config.yaml')));
  if (kind !== null) return kind;
  throw new OkapiError(
    'option.invalid',
    `expected a model folder with a ${manifestName} of ours, got ${model}`,
  );
}
