// Uploads: each file of a multipart body goes to the staging folder as it comes, within its limits. Nothing is held in memory.
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import type { Workspace } from '../platform/workspace.ts';
import { invalidAt } from './validation.ts';

export interface UploadLimits {
  /** The only name that parts may have. */
  readonly field: 'files' | 'file';
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Of all files together. */
  readonly maxTotalBytes: number;
  /** Refuses one file that is too large. */
  readonly tooLarge: ErrorCode;
}

/** Boundaries and part headers. */
const framingBytes = 2 ** 20;
const textBytes = 64 * 2 ** 10;
const headerPairs = 32;
const headerSize = 16 * 2 ** 10;
/** Of each part, what is not the file. */
const partFramingBytes = 20 * 2 ** 10;

/** Throws when the announced length alone is too much: before anything of the body is read. */
export function checkAnnouncedLength(length: string | undefined, { maxTotalBytes }: UploadLimits): void {
  if (length !== undefined && Number(length) > maxTotalBytes + framingBytes) throw tooMuch(maxTotalBytes);
}

/**
 * Gives `use` the files one by one, in the order in which they come. A file over its limit comes as refused, and the others
 * go on; everything else that is wrong is thrown out of the iteration: multipart.malformed, multipart.unexpected_field,
 * multipart.too_many_parts, upload.too_many_files, upload.total_too_large, request.timeout. When this returns or throws,
 * nothing of the upload is left in the staging folder.
 */
export async function withUpload<T>(
  request: FastifyRequest,
  workspace: Workspace,
  limits: UploadLimits,
  use: (files: AsyncIterable<StagedFile>) => Promise<T>,
): Promise<T> {
  const releases: (() => Promise<void>)[] = [];
  const upload = new Upload(request, limits);
  try {
    return await use(upload.files(workspace, releases));
  } finally {
    upload.close();
    await Promise.all(releases.map((release) => release()));
  }
}

class Upload {
  readonly #request: FastifyRequest;
  readonly #limits: UploadLimits;
  #failure: Error | null = null;
  /** Ends what is being waited for. */
  #giveUp: (error: Error) => void = () => {};
  #receivedBytes = 0;
  #fileBytes = 0;
  #hasRefused = false;
  #closed = false;

  constructor(request: FastifyRequest, limits: UploadLimits) {
    this.#request = request;
    this.#limits = limits;
  }

  async *files(workspace: Workspace, releases: (() => Promise<void>)[]): AsyncGenerator<StagedFile> {
    const parts = this.#parts();
    try {
      let count = 0;
      for (;;) {
        const { done, value: part } = await this.#orFailure(parts.next());
        if (done) break;
        await this.#checkPart(part);
        if (++count > this.#limits.maxFiles) throw tooManyFiles(this.#limits.maxFiles);
        yield await this.#stage(part, workspace, releases);
      }
      this.#checkFraming(count);
      if (count === 0) throw invalidAt(`body.${this.#limits.field}`, 'expected at least one file, got none');
    } catch (error) {
      throw uploadError(error, this.#limits.maxFiles);
    } finally {
      this.close();
    }
  }

  /** Ends the reading of the body where it is. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request.raw.off('data', this.#count);
    this.#request.raw.unpipe();
  }

  #parts(): AsyncIterator<MultipartFile> {
    const { maxFiles, maxFileBytes } = this.#limits;
    const { raw } = this.#request;
    const options = {
      limits: {
        fileSize: maxFileBytes,
        files: maxFiles + 1,
        parts: maxFiles + 50,
        headerPairs,
        headerSize,
      },
      throwFileSizeLimit: false,
      // Text parts too arrive as streams, so that none of them is collected in memory.
      isPartAFile: () => true,
    };
    const parts = this.#request.parts(options) as AsyncIterableIterator<MultipartFile>;
    raw.on('data', this.#count);
    raw.on('error', this.#fail);
    return parts;
  }

  readonly #count = (chunk: Buffer) => {
    this.#receivedBytes += chunk.length;
    const { maxTotalBytes } = this.#limits;
    if (this.#receivedBytes > maxTotalBytes + framingBytes) this.#fail(tooMuch(maxTotalBytes));
  };

  /** The parser silently leaves out headers that are too long; a sender of such is not what it says. */
  #checkFraming(parts: number): void {
    if (this.#hasRefused || this.#receivedBytes - this.#fileBytes <= (parts + 1) * partFramingBytes) return;
    throw new ServerError('request.headers_too_large', 'expected shorter headers of the parts');
  }

  readonly #fail = (error: Error) => {
    this.#failure ??= error;
    this.#giveUp(this.#failure);
  };

  /** Not a race against one promise for all: that promise would hold on to everything that ever came. */
  #orFailure<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      if (this.#failure !== null) reject(this.#failure);
      promise.then(resolve, reject);
    });
  }

  async #checkPart({ fieldname, filename, file, encoding, mimetype }: MultipartFile): Promise<void> {
    const { field } = this.#limits;
    if (fieldname !== field) {
      const name = JSON.stringify(String(fieldname ?? '').slice(0, 80));
      throw new ServerError(
        'multipart.unexpected_field',
        `expected parts named ${field}, got one named ${name}`,
        {
          errors: [
            { path: `body.${field}`, code: 'multipart.unexpected_field', detail: `got a part ${name}` },
          ],
        },
      );
    }
    if (!['7bit', '8bit', 'binary'].includes(encoding))
      throw new ServerError(
        'request.unsupported_type',
        `expected the bytes of the file as they are, got the transfer encoding ${JSON.stringify(encoding.slice(0, 40))}`,
      );
    if (mimetype.startsWith('multipart/'))
      throw new ServerError(
        'request.unsupported_type',
        'expected a file, got a multipart within a multipart',
      );
    if ((filename as string | undefined) === undefined) {
      await this.#readText(file);
      throw invalidAt(`body.${field}`, 'expected a file with a file name, got text');
    }
  }

  async #readText(part: Readable): Promise<void> {
    let bytes = 0;
    for await (const chunk of this.#chunks(part)) {
      bytes += chunk.length;
      if (bytes > textBytes)
        throw new ServerError(
          'request.too_large',
          `a part without a file name is longer than ${textBytes} bytes`,
        );
    }
  }

  async #stage(
    { filename, file }: MultipartFile,
    workspace: Workspace,
    releases: (() => Promise<void>)[],
  ): Promise<StagedFile> {
    const { path, release } = workspace.stage();
    releases.push(release);
    const target = await open(path, 'wx', 0o600);
    let sizeBytes = 0;
    try {
      for await (const chunk of this.#chunks(file)) {
        sizeBytes += chunk.length;
        this.#fileBytes += chunk.length;
        if (this.#fileBytes > this.#limits.maxTotalBytes) throw tooMuch(this.#limits.maxTotalBytes);
        await target.write(chunk);
      }
    } finally {
      await target.close();
    }
    if (!file.truncated) return { displayName: filename, path, sizeBytes, release };
    this.#hasRefused = true;
    await release();
    const detail = `expected at most ${this.#limits.maxFileBytes} bytes, the file has more`;
    return { displayName: filename, refused: { code: this.#limits.tooLarge, detail } };
  }

  async *#chunks(part: Readable): AsyncGenerator<Buffer> {
    const chunks = part[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const { done, value } = await this.#orFailure(chunks.next());
      if (done) return;
      yield value;
    }
  }
}

function tooManyFiles(maxFiles: number): ServerError {
  return new ServerError('upload.too_many_files', `expected at most ${maxFiles} files in one request`);
}

function tooMuch(maxTotalBytes: number): ServerError {
  return new ServerError(
    'upload.total_too_large',
    `expected at most ${maxTotalBytes} bytes of files in one request`,
  );
}

const limitCodes: Readonly<Record<string, (maxFiles: number) => ServerError>> = {
  FST_PARTS_LIMIT: (maxFiles) =>
    new ServerError(
      'multipart.too_many_parts',
      `expected at most ${maxFiles} files, got more parts than that`,
    ),
  FST_FILES_LIMIT: tooManyFiles,
};

/** What the parser of the body says becomes ours; errors of the disk and of consumers stay what they are. */
function uploadError(error: unknown, maxFiles: number): unknown {
  if (error instanceof ServerError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const limit = limitCodes[code];
  if (limit !== undefined) return limit(maxFiles);
  const isOfDisk = 'syscall' in error;
  if (isOfDisk) return error;
  return new ServerError('multipart.malformed', 'the multipart body is cut short or not framed as it says', {
    cause: error,
  });
}
