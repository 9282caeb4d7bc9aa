// Files as answers: types, one range at most, entity tags; always marked as what they are and never as a page.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServerError } from '../contract/errors.ts';
import type { ByteRange } from '../platform/docs/store-disk.ts';
import { userContentPolicy } from './security.ts';

export interface FileAnswer {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** Changes whenever the bytes do. */
  readonly etag: string;
  readonly open: (range: ByteRange | null) => Promise<Readable | Uint8Array>;
  /** Offered for saving under this name; null: shown. */
  readonly downloadName: string | null;
  /** Files that never change under their address may be kept by the browser of who may see them. */
  readonly immutable: boolean;
}

/** Answers 200, 206, 304, or throws request.range. */
export async function answerFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileAnswer,
): Promise<FastifyReply> {
  const etag = `"${file.etag}"`;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': file.immutable ? 'private, max-age=31536000, immutable' : 'private, no-cache',
    'content-security-policy': userContentPolicy,
    ...(file.downloadName === null ? {} : { 'content-disposition': attachment(file.downloadName) }),
  });
  if (listsTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type(file.contentType);
  const range = isStale(request.headers['if-range'], etag)
    ? null
    : readRange(request.headers.range, file.sizeBytes);
  if (range === 'outside') {
    reply.header('content-range', `bytes */${file.sizeBytes}`);
    throw new ServerError('request.range', `the file has ${file.sizeBytes} bytes`);
  }
  const { start, end } = range ?? { start: 0, end: file.sizeBytes };
  reply.header('content-length', end - start);
  if (range !== null) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${file.sizeBytes}`);
  return reply.send(request.method === 'HEAD' ? Readable.from([]) : await file.open(range));
}

/** A small file that was read already. */
export async function answerBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { readonly bytes: Uint8Array; readonly contentType: string },
  how: Pick<FileAnswer, 'etag' | 'immutable' | 'downloadName'>,
): Promise<FastifyReply> {
  const { bytes, contentType } = file;
  const open = async (range: ByteRange | null) =>
    range === null ? bytes : bytes.subarray(range.start, range.end);
  return answerFile(request, reply, { ...how, contentType, sizeBytes: bytes.length, open });
}

/** A file whose stream is open already. The stream is closed when it is not what is answered. */
export async function answerOpenFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { readonly stream: Readable; readonly contentType: string; readonly sizeBytes: number },
  how: Pick<FileAnswer, 'etag' | 'immutable' | 'downloadName'>,
): Promise<FastifyReply> {
  let isTaken = false;
  try {
    return await answerFile(request, reply, {
      ...how,
      sizeBytes: file.sizeBytes,
      contentType: file.contentType,
      open: async (range) => {
        isTaken = true;
        return range === null ? file.stream : Readable.from(part(file.stream, range), { objectMode: false });
      },
    });
  } finally {
    if (!isTaken) file.stream.destroy();
  }
}

async function* part(stream: Readable, { start, end }: ByteRange) {
  let at = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    const wanted = bytes.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (wanted.length > 0) yield wanted;
    at += bytes.length;
    if (at >= end) return;
  }
}

function listsTag(header: string | undefined, etag: string): boolean {
  const tags = header?.slice(0, 2000).split(',') ?? [];
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*');
}

const isStale = (ifRange: string | string[] | undefined, etag: string) =>
  ifRange !== undefined && ifRange !== etag;

/** One range; several, or what is none, mean the whole file. */
function readRange(header: string | undefined, size: number): ByteRange | 'outside' | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.slice(0, 100) ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'outside' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return null;
  return start >= size ? 'outside' : { start, end };
}

/** RFC 6266: plain ASCII for old clients, and the whole name as UTF-8. */
export function attachment(name: string): string {
  const ascii = name.replace(/[^A-Za-z0-9._ -]/g, '_').slice(0, 200);
  const encoded = encodeURIComponent(name.replace(/\p{Surrogate}/gu, '_')).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
