// `okapi export`: one file out of a model folder, after every file of the folder was found whole.
import { basename, extname, resolve } from 'node:path';
import { writeFileAtomic } from '../../vision/checkpoint/atomic-folder.ts';
import { openModelFolder } from '../../vision/checkpoint/model-folder.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

/** The file of each format, and what it is for. */
export const exportFormats = {
  onnx: { file: 'model.onnx', about: 'pixels in, score and map out; runs in any ONNX runtime' },
  safetensors: { file: 'model.safetensors', about: 'the weights' },
  pt: { file: 'model.pt', about: 'the weights, for torch.load(weights_only=True)' },
} as const;

export interface ExportOptions {
  readonly format: keyof typeof exportFormats;
  readonly out?: string;
}

export async function exportModel(
  folder: string,
  { format, out }: ExportOptions,
  { terminal }: CommandContext,
): Promise<number> {
  const { file, about } = exportFormats[format];
  const model = await openModelFolder(folder, [file]);
  const target = out ?? `${basename(resolve(folder))}${extname(file)}`;
  await writeFileAtomic(target, model.file(file));
  terminal.out(`${target}  (${about})`);
  return exitCodes.ok;
}
