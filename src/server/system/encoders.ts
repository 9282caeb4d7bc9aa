// The pretrained encoders: which are there, and how the server is given the weights that do not come along.
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { defaultEncoder, dinov3File, encoderTable, weightsFolders } from '../../vision/encoders/table.ts';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import type { EncoderList } from '../contract/system.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import type { Actor } from '../platform/audit.ts';
import type { Config } from '../platform/config.ts';
import type { Context } from '../platform/context.ts';
import type { EncoderChecks } from './encoder-checks.ts';

const dinov3 = 'dinov3-convnext-tiny';
const dinov3Names = [dinov3File, dinov3File.replace(/pth$/, 'safetensors')];

/** Those that come along, and the one whose weights a person brings. */
export async function listEncoders({ config }: Context): Promise<EncoderList> {
  const standard = await defaultEncoder(encoderFolders(config));
  return {
    items: ([dinov3, 'mobilenetv3-coco'] as const).map((name) => ({
      name,
      about: encoderTable[name].about,
      // The default is DINOv3 wherever its file is found.
      available: name !== dinov3 || standard === dinov3,
      is_default: name === standard,
      files: name === dinov3 ? dinov3Names : [],
    })),
  };
}

/** Where weights are looked for, in this order. */
export function encoderFolders(config: Config): string[] {
  return [config.training.weights_dir, ...weightsFolders(config.root_dir, config.data_dir)];
}

/**
 * Puts an uploaded file of DINOv3 weights where trainings look for it, once a child has read all of it. Throws the checkpoint.*
 * errors; what was there before stays then.
 */
export async function putEncoder(
  { context, encoderChecks }: { readonly context: Context; readonly encoderChecks: EncoderChecks },
  file: StagedFile,
  actor: Actor,
): Promise<EncoderList> {
  if ('refused' in file) throw new ServerError(file.refused.code as ErrorCode, file.refused.detail);
  await encoderChecks.check({ path: file.path, displayName: file.displayName });
  const isSafetensors = extname(file.displayName).toLowerCase() === '.safetensors';
  const name = dinov3Names[isSafetensors ? 1 : 0]!;
  const folder = context.config.training.weights_dir;
  await mkdir(folder, { recursive: true });
  // It may lie on another disk than the staging folder: a copy beside, then one step.
  const fresh = join(folder, `.${name}.${context.ids.random()}`);
  try {
    await copyFile(file.path, fresh);
    await rename(fresh, join(folder, name));
  } finally {
    await rm(fresh, { force: true });
  }
  await context.audit.record(actor, 'encoder.put', `encoders/${dinov3}`, { displayName: file.displayName });
  return listEncoders(context);
}
