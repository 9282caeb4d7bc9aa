// A request that was answered before its body had come: what is small is swallowed, the rest stays unread until the client gives up.
import type { IncomingMessage } from 'node:http';

const swallowBytes = 32 * 2 ** 10;
const patienceMs = 1000;

/**
 * Closing at once would reset the connection under a client that still sends, and the answer with it. So nothing more is
 * read, the client is given a moment to read the answer, and then the connection ends.
 */
export function abandonBody(request: IncomingMessage): void {
  if (request.complete !== false) return;
  let leftBytes = swallowBytes;
  request.on('data', (chunk: Buffer) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) request.pause();
  });
  request.on('error', () => {});
  request.resume();
  const { socket } = request;
  const timer = setTimeout(() => {
    if (!request.complete) socket.destroy();
  }, patienceMs);
  timer.unref();
}
