// Messages over a pipe between two processes: framed, bounded in size, and not trusted to be well-formed.
//
// A frame is its kind (1 byte), the length of its body (4 bytes, little-endian) and the body. Node's own channel will not
// do: bytes on it that are no message end the process that reads them.
import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/**
 * A message, or one of the signals that cross the same pipe: a sign of life asked for and given (with the memory that the child
 * holds, in bytes), and the wishes to stop and to run at low priority.
 */
export const frameKinds = ['message', 'ping', 'pong', 'stop', 'lower'] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface MessageStreamOptions {
  readonly onFrame: (kind: FrameKind, message: unknown) => void;
  /** Bytes that are no frame, or a frame over the limit: nothing is read after them. */
  readonly onNonsense: (what: string) => void;
  readonly maxMessageBytes: number;
}

export interface MessageStream {
  /** Calls back once the frame has left this process. */
  write(kind: FrameKind, message?: unknown, done?: (error?: Error | null) => void): void;
}

const withBody: ReadonlySet<FrameKind> = new Set(['message', 'pong']);
const HEADER_BYTES = 5;
const nothing = Buffer.alloc(0);

/** Reads frames from the pipe for as long as it is open. Messages are structured clones: typed arrays arrive as such. */
export function messageStream(pipe: Duplex, options: MessageStreamOptions): MessageStream {
  const { onFrame, onNonsense, maxMessageBytes } = options;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = HEADER_BYTES;
  let kind: FrameKind | null = null;
  let broken = false;

  const take = (): Buffer => {
    const all = held.length === 1 ? held[0]! : Buffer.concat(held, heldBytes);
    const rest = all.subarray(wanted);
    [held, heldBytes] = rest.length > 0 ? [[rest], rest.length] : [[], 0];
    return all.subarray(0, wanted);
  };
  const refuse = (what: string) => {
    [broken, held] = [true, []];
    onNonsense(what);
  };
  const readHeader = (header: Buffer) => {
    const found = frameKinds[header[0]!];
    const length = header.readUInt32LE(1);
    if (found === undefined) return refuse('bytes that are no message');
    if (length > maxMessageBytes) return refuse(`a message of ${length} bytes`);
    [kind, wanted] = [found, length];
  };
  const readBody = (body: Buffer) => {
    const complete = kind!;
    [kind, wanted] = [null, HEADER_BYTES];
    let message: unknown;
    try {
      if (withBody.has(complete)) message = deserialize(body);
    } catch {
      return refuse('bytes that are no message');
    }
    onFrame(complete, message);
  };
  pipe.on('data', (chunk: Buffer) => {
    if (broken) return;
    held.push(chunk);
    heldBytes += chunk.length;
    while (!broken && heldBytes >= wanted) (kind === null ? readHeader : readBody)(take());
  });

  return {
    write(kind, message, done) {
      const body = withBody.has(kind) ? serialize(message) : nothing;
      const header = Buffer.alloc(HEADER_BYTES);
      header[0] = frameKinds.indexOf(kind);
      header.writeUInt32LE(body.length, 1);
      pipe.cork();
      pipe.write(header);
      pipe.write(body, done);
      process.nextTick(() => pipe.uncork());
    },
  };
}
