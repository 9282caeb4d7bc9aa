// From anything that was thrown to the answer: problem+json by the error table. What is unknown is our fault, and says no more.
import { OkapiError } from '../../vision/errors.ts';
import { type ErrorCode, errorTable, type FieldError, ServerError } from '../contract/errors.ts';
import { problemTypeOf } from '../contract/open-api.ts';
import type { Problem } from '../contract/problem.ts';
import type { Config } from '../platform/config.ts';

export const problemContentType = 'application/problem+json; charset=utf-8';

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Problem;
}

const codesOfFramework: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_NOT_FOUND: 'request.not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'request.not_found',
  FST_ERR_BAD_URL: 'request.malformed',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_EMPTY_TYPE: 'request.unsupported_type',
  FST_PROTO_VIOLATION: 'multipart.malformed',
  ECONNRESET: 'request.malformed',
  ERR_STREAM_PREMATURE_CLOSE: 'request.malformed',
};

const codesOfDisk: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk.full',
  EDQUOT: 'disk.full',
  EFBIG: 'disk.full',
  EIO: 'disk.io_error',
  EROFS: 'disk.io_error',
  EACCES: 'disk.io_error',
  EPERM: 'disk.io_error',
  EMFILE: 'disk.io_error',
  ENFILE: 'disk.io_error',
};

/** An error whose answer says more than a problem has room for, as further members. */
export class DetailedError extends ServerError {
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, members: Readonly<Record<string, unknown>>) {
    super(code, message);
    this.members = members;
  }
}

/** The same error as one of the table; null when it is an error of ours. */
export function knownError(error: unknown): ServerError | null {
  if (error instanceof ServerError) return error;
  if (error instanceof OkapiError) return new ServerError(error.code, error.message, { cause: error });
  const code = codeOf(error);
  const ofFramework = codesOfFramework[code];
  if (ofFramework !== undefined) return new ServerError(ofFramework, errorTable[ofFramework].title);
  const ofDisk = codesOfDisk[code];
  if (ofDisk !== undefined) return new ServerError(ofDisk, errorTable[ofDisk].title, { cause: error });
  return null;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : '';
}

/** What a client is told. `hide` takes the server's paths out of the text. */
export function problemAnswer(
  error: unknown,
  requestId: string,
  hide: (text: string) => string,
): ProblemAnswer {
  const known = knownError(error) ?? internal();
  const { status, title } = errorTable[known.code];
  const problem = {
    ...(known instanceof DetailedError ? known.members : {}),
    type: problemTypeOf(known.code),
    title,
    status,
    code: known.code,
    detail: hide(known.message),
    requestId,
    ...(known.errors.length === 0 ? {} : { errors: known.errors.map((each) => hidden(each, hide)) }),
  };
  return { status, headers: headersOf(known), problem };
}

function internal(): ServerError {
  return new ServerError(
    'server.internal',
    'something went wrong in the server; its log names the requestId',
  );
}

function hidden({ path, code, detail }: FieldError, hide: (text: string) => string): FieldError {
  return { path, code, detail: hide(detail) };
}

function headersOf({ code, retryAfterSeconds }: ServerError): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': problemContentType };
  const { status } = errorTable[code];
  if (status === 429 || status === 503) headers['retry-after'] = String(retryAfterSeconds ?? 5);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}

/** Takes the folders of the server out of a text. */
export function pathHider({
  root_dir,
  data_dir,
  models_dir,
  datasets_dir,
  projects_dir,
  tmp_dir,
}: Config): (text: string) => string {
  const folders = [data_dir, models_dir, datasets_dir, projects_dir, tmp_dir, root_dir]
    .filter((folder) => folder.length > 1)
    .sort((a, b) => b.length - a.length);
  return (text) =>
    folders.reduce((left, folder) => left.replaceAll(`${folder}/`, '').replaceAll(folder, '.'), text);
}
