// The download of a model: one of its files of weights, or all that is needed to use it elsewhere as a ZIP.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { openBundle } from './bundle.ts';
import { getModel } from './get-model.ts';
import type { ModelRecord } from './model-record.ts';
import { type OpenFile, openVerified } from './open-model-file.ts';

export const downloadFormats = ['pt', 'onnx', 'safetensors', 'bundle'] as const;
export type DownloadFormat = (typeof downloadFormats)[number];

type FileFormat = Exclude<DownloadFormat, 'bundle'>;

const filesOf: Record<FileFormat, readonly string[]> = {
  pt: ['model.pt', 'model.pth'],
  onnx: ['model.onnx'],
  safetensors: ['model.safetensors'],
};

/** What the original answers when no format is asked for, and what comes instead where that is missing. */
const preferred: Record<Owner['kind'], readonly FileFormat[]> = {
  project: ['safetensors', 'pt', 'onnx'],
  scene: ['pt', 'safetensors', 'onnx'],
};

/**
 * Nothing is handed out before it was found to be what was stored. Throws model.not_found, model.no_format, model.corrupt.
 */
export async function openDownload(
  context: Context,
  id: string,
  format: DownloadFormat | null = null,
): Promise<OpenFile> {
  const record = await getModel(context, id);
  if (format === 'bundle') return openBundle(context, record);
  const formats = format === null ? preferred[record.owner.kind] : [format];
  const file = formats.flatMap((name) => filesOf[name]).find((name) => Object.hasOwn(record.files, name));
  if (file === undefined) throw noFormat(record, format);
  const open = await openVerified(context, record, file);
  return { ...open, filename: `${id}${file.slice(file.lastIndexOf('.'))}` };
}

function noFormat({ model_id, files }: ModelRecord, format: FileFormat | null): ServerError {
  const there = Object.keys(files).filter((name) => name.startsWith('model.'));
  return new ServerError(
    'model.no_format',
    `the model ${model_id} has no file ${format === null ? 'of weights' : `of the format ${format}`}; there is ${there.join(', ') || 'none'}`,
  );
}
