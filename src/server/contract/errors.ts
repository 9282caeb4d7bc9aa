// Every error that the server answers: a stable code, its HTTP status and what it means. The one place that decides statuses.
import { type ErrorCode as VisionCode, errorTable as visionTable } from '../../vision/errors.ts';

interface Row {
  readonly status: number;
  readonly title: string;
}

/** Status of each code of the vision layer. */
const visionStatus: Record<VisionCode, number> = {
  'image.empty': 422,
  'image.unsupported_type': 422,
  'image.animated': 422,
  'image.truncated': 422,
  'image.corrupt': 422,
  'image.too_many_pixels': 422,
  'image.too_large': 413,
  'image.too_small': 422,
  'dataset.not_found': 404,
  'dataset.layout': 422,
  'dataset.too_few_images': 422,
  'dataset.changed': 409,
  'dataset.labels': 422,
  'dataset.names': 422,
  'dataset.class_gap': 422,
  'dataset.pictures': 422,
  'dataset.too_large': 413,
  'zip.not_a_zip': 422,
  'zip.truncated': 422,
  'zip.malformed': 422,
  'zip.inconsistent': 422,
  'zip.unsafe_path': 422,
  'zip.link_not_allowed': 422,
  'zip.duplicate_entry': 422,
  'zip.encrypted': 422,
  'zip.unsupported_compression': 422,
  'zip.overlap': 422,
  'zip.size_mismatch': 422,
  'zip.crc_mismatch': 422,
  'zip.too_large': 413,
  'option.invalid': 422,
  'encoder.unknown': 422,
  'encoder.missing_weights': 409,
  'device.unknown': 422,
  'train.degenerate': 422,
  'train.diverged': 422,
  'train.canceled': 409,
  'train.crashed': 503,
  'checkpoint.not_found': 404,
  'checkpoint.unsupported_format': 415,
  'checkpoint.unsupported_global': 422,
  'checkpoint.malformed': 422,
  'checkpoint.bad_tensor': 422,
  'checkpoint.key_mismatch': 422,
  'checkpoint.not_finite': 422,
  'checkpoint.smoke_failed': 422,
  'checkpoint.too_large': 413,
  'checkpoint.corrupt': 409,
  'checkpoint.incompatible': 409,
  'disk.full': 507,
  'disk.io_error': 503,
};

const serverTable = {
  'request.malformed': { status: 400, title: 'the request cannot be read' },
  'request.invalid': { status: 422, title: 'a value of the request is not as expected' },
  'request.not_found': { status: 404, title: 'there is no such address' },
  'request.method_not_allowed': { status: 405, title: 'the address does not take this method' },
  'request.timeout': { status: 408, title: 'the request took too long to arrive' },
  'request.too_large': { status: 413, title: 'the request is larger than the limit' },
  'request.unsupported_type': { status: 415, title: 'the content type is not accepted here' },
  'request.url_too_long': { status: 414, title: 'the address is longer than the limit' },
  'request.range': { status: 416, title: 'the range lies outside the file' },
  'request.wrong_host': { status: 421, title: 'the Host header names another server' },
  'request.too_many': { status: 429, title: 'too many requests; try again later' },
  'request.headers_too_large': { status: 431, title: 'the headers are larger than the limit' },
  'request.key_reused': { status: 409, title: 'the Idempotency-Key belongs to another request' },
  'request.outcome_unknown': { status: 409, title: 'whether the request was done is not known' },
  'request.cross_site': { status: 403, title: 'requests of other web sites are refused' },
  'multipart.malformed': { status: 400, title: 'the multipart body cannot be read' },
  'multipart.too_many_parts': { status: 413, title: 'the multipart body has too many parts' },
  'multipart.unexpected_field': { status: 422, title: 'a part has a name that is not expected' },
  'upload.nothing_stored': { status: 422, title: 'no file of the upload was accepted' },
  'upload.too_many_files': { status: 413, title: 'there are more files than the limit' },
  'upload.total_too_large': { status: 413, title: 'the files together are larger than the limit' },
  'auth.missing': { status: 401, title: 'an API key is needed' },
  'auth.invalid': { status: 401, title: 'an API key is needed' },
  'auth.forbidden': { status: 403, title: 'the API key may not do this' },
  'project.not_found': { status: 404, title: 'there is no such project' },
  'project.name_mismatch': { status: 400, title: 'the confirmation is not the name of the project' },
  'project.busy': { status: 409, title: 'a job of the project is running' },
  'project.wrong_mode': { status: 400, title: 'the project has another training mode' },
  'scene.not_found': { status: 404, title: 'there is no such scene' },
  'image.not_found': { status: 404, title: 'there is no such image' },
  'mask.not_found': { status: 404, title: 'the image has no mask' },
  'mask.wrong_size': { status: 422, title: 'the mask has another size than its picture' },
  'image.decode_timeout': { status: 422, title: 'the picture took too long to decode' },
  'label.class_in_use': { status: 409, title: 'boxes of this class exist' },
  'revision.conflict': { status: 412, title: 'somebody else changed it meanwhile' },
  'doc.corrupt': { status: 409, title: 'a stored record is damaged' },
  'blob.not_found': { status: 404, title: 'there is no such file' },
  'model.not_found': { status: 404, title: 'there is no such model' },
  'model.in_use': { status: 409, title: 'the model is in use' },
  'model.no_format': { status: 404, title: 'the model has no file of this format' },
  'model.wrong_task': { status: 400, title: 'the model looks for something else: anomalies or objects' },
  'model.base_only': { status: 409, title: 'the model is only a base to train from' },
  'model.not_updatable': { status: 409, title: 'the model cannot be updated' },
  'model.corrupt': { status: 409, title: 'the stored model is damaged' },
  'evaluation.not_found': { status: 404, title: 'there is no such evaluation' },
  'evaluation.different_sets': { status: 409, title: 'the models were evaluated on different pictures' },
  'result.not_false_alarm': { status: 409, title: 'the result is not marked as a false alarm' },
  'result.picture_expired': { status: 410, title: 'the picture of the result is no longer stored' },
  'result.not_found': { status: 404, title: 'there is no such result' },
  'job.not_found': { status: 404, title: 'there is no such job' },
  'job.already_running': { status: 409, title: 'a job of this kind is already running' },
  'job.already_done': { status: 409, title: 'the job has ended' },
  'job.not_waiting': { status: 409, title: 'the job does not wait for approval' },
  'job.queue_full': { status: 429, title: 'too many jobs are waiting' },
  'job.too_large': { status: 422, title: 'the job would need more than the limits allow' },
  'job.fenced': { status: 409, title: 'a newer attempt has taken the job over' },
  'job.crash_loop': { status: 500, title: 'the job crashed three times' },
  'job.out_of_memory': { status: 500, title: 'the job needed more memory than its limit' },
  'job.timeout': { status: 500, title: 'the job took longer than its limit' },
  'yolo.no_dataset': { status: 404, title: 'the project has no dataset' },
  'server.busy': { status: 503, title: 'the server has too much to do; try again later' },
  'server.stopping': { status: 503, title: 'the server is stopping' },
  'server.internal': { status: 500, title: 'an error of the server itself' },
  'config.invalid': { status: 500, title: 'the configuration is not as expected' },
  'data.locked': { status: 500, title: 'another server uses this data folder' },
  'data.unmarked': { status: 500, title: 'the data folder is not the one that was used before' },
  'data.newer_format': { status: 500, title: 'the data folder was written by a newer version' },
  'key.exists': { status: 409, title: 'there is an API key of this name' },
  'key.not_found': { status: 404, title: 'there is no API key of this name' },
} as const satisfies Record<string, Row>;

export type ServerCode = keyof typeof serverTable;
export type ErrorCode = ServerCode | VisionCode;

const visionRows = Object.fromEntries(
  Object.entries(visionTable).map(([code, title]) => [
    code,
    { status: visionStatus[code as VisionCode], title },
  ]),
) as Record<VisionCode, Row>;

export const errorTable: Readonly<Record<ErrorCode, Row>> = { ...visionRows, ...serverTable };

/** One mistake in a request: where, and what was expected. */
export interface FieldError {
  /** Such as "body.epochs" or "query.limit". */
  readonly path: string;
  readonly code: string;
  readonly detail: string;
}

/** An error to answer. `message` is for the person who asked: no paths of the server, no stacks. */
export class ServerError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  /** For 429 and 503. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { errors?: readonly FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.name = 'ServerError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
