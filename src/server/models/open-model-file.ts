// The stored files of a model, each verified against the record before its first byte is handed out.
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { getModel } from './get-model.ts';
import { folderOf } from './model-documents.ts';
import type { ModelRecord } from './model-record.ts';

export interface OpenFile {
  readonly stream: Readable;
  /** For the download header. */
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

/** One file of a model by a name that its record lists. Throws model.not_found, blob.not_found, model.corrupt. */
export async function openModelFile(context: Context, id: string, file: string): Promise<OpenFile> {
  return openVerified(context, await getModel(context, id), file);
}

export async function openVerified(context: Context, record: ModelRecord, file: string): Promise<OpenFile> {
  await verifyFile(context, record, file);
  return {
    stream: await context.blobs.open(`${folderOf(record)}/${file}`),
    filename: `${record.model_id}-${file}`,
    contentType: contentTypes[extname(file)] ?? 'application/octet-stream',
    sizeBytes: record.files[file]!.bytes,
  };
}

/** The text of a file of a model, verified. */
export async function readModelText(context: Context, record: ModelRecord, file: string): Promise<string> {
  await verifyFile(context, record, file);
  const pieces: Buffer[] = [];
  for await (const piece of await context.blobs.open(`${folderOf(record)}/${file}`)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Reads the whole file. Throws model.corrupt when it is not there or not what was stored. */
export async function verifyFile({ blobs }: Context, record: ModelRecord, file: string): Promise<void> {
  if (!Object.hasOwn(record.files, file))
    throw new ServerError('blob.not_found', `the model ${record.model_id} has no file of this name`);
  const { bytes, sha256 } = record.files[file]!;
  const key = `${folderOf(record)}/${file}`;
  const stat = await blobs.stat(key);
  if (stat === null) throw corrupt(record, file, 'is missing');
  if (stat.sizeBytes !== bytes)
    throw corrupt(record, file, `has ${stat.sizeBytes} bytes, ${bytes} were stored`);
  const hash = createHash('sha256');
  for await (const piece of await blobs.open(key)) hash.update(piece as Buffer);
  if (hash.digest('hex') !== sha256) throw corrupt(record, file, 'is not what was stored');
}

function corrupt({ model_id }: ModelRecord, file: string, what: string): ServerError {
  return new ServerError('model.corrupt', `the model ${model_id} is damaged: ${file} ${what}`);
}

const contentTypes: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.yaml': 'application/yaml',
};
