// Answers to what never became a request: bytes that are not HTTP, headers without end, methods that no server has.
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../contract/errors.ts';
import { ServerError } from '../contract/errors.ts';
import { knownMethods } from './allowed-methods.ts';
import { problemAnswer } from './errors.ts';
import { securityHeaders } from './security.ts';

const codes: Readonly<Record<string, { readonly code: ErrorCode; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'request.headers_too_large', detail: 'expected shorter headers' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'request.too_large', detail: 'expected shorter chunk extensions' },
  HPE_INVALID_METHOD: { code: 'request.method_not_allowed', detail: 'there is no such method' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request.timeout', detail: 'the request took too long to arrive' },
};

/** Longer than any address that is taken. */
const longFirstLine = 8 * 2 ** 10;

/** For the `clientError` event: answers when it still can, and ends the connection. */
export function answerClientError(
  error: Error & { readonly code?: string; readonly rawPacket?: unknown },
  socket: Duplex,
  requestId: string,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answerRaw(socket, clientProblem(error), requestId);
}

function clientProblem(error: Error & { readonly code?: string; readonly rawPacket?: unknown }): ServerError {
  const end = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.indexOf('\n') : 0;
  const isInFirstLine = end < 0 || end > longFirstLine;
  if (error.code === 'HPE_HEADER_OVERFLOW' && isInFirstLine)
    return new ServerError('request.url_too_long', 'expected a shorter address');
  const { code, detail } = codes[error.code ?? ''] ?? {
    code: 'request.malformed',
    detail: 'this is not HTTP as it should be',
  };
  return new ServerError(code, detail);
}

/** Writes a whole answer to a connection and ends it. */
export function answerRaw(socket: Duplex, error: ServerError, requestId: string): void {
  const { status, headers, problem } = problemAnswer(error, requestId, (text) => text);
  const body = JSON.stringify(problem);
  const all = {
    ...securityHeaders,
    ...headers,
    ...(status === 405 ? { allow: knownMethods.join(', ') } : {}),
    'x-request-id': requestId,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${problem.title}\r\n${lines.join('')}\r\n${body}`);
}
