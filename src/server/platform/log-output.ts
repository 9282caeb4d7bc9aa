// Lines to stdout without waiting for whoever reads it: what cannot be written is dropped, and nothing ends or hangs the
// process. (pino's own destination waits for ever at the exit when the disk is full or the reader of a pipe stands still.)
import { fstatSync, write, writeSync } from 'node:fs';

const maxWaitingBytes = 8 * 1024 * 1024;
const busy = ['EAGAIN', 'EBUSY'];
const retryMs = 100;

export interface LineOutput {
  write(line: string): void;
}

export function standardOutput(): LineOutput {
  const kind = fstatSync(1);
  return kind.isFIFO() || kind.isSocket() ? pipeOutput(process.stdout) : fileOutput(1);
}

/** Node writes pipes without blocking; a file it would write in the way of all else. */
function pipeOutput(stream: NodeJS.WriteStream): LineOutput {
  stream.on('error', () => {});
  return {
    write(line) {
      if (stream.writableLength < maxWaitingBytes) stream.write(line);
    },
  };
}

/** Lines are written in order. What still waits when the process is made to exit is written then, if that can be. */
function fileOutput(fd: number): LineOutput {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;

  const take = () => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    return bytes;
  };
  const next = () => {
    writing = waiting.length > 0;
    if (writing) send(take());
  };
  const send = (bytes: Buffer) =>
    write(fd, bytes, (error, written) => {
      if (error && busy.includes(error.code ?? '')) setTimeout(send, retryMs, bytes).unref();
      else if (!error && written < bytes.length) send(bytes.subarray(written));
      else next();
    });
  process.on('exit', () => {
    try {
      for (let rest = take(); rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
    } catch {
      // There is nowhere left to tell it.
    }
  });

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > maxWaitingBytes) return;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (!writing) next();
    },
  };
}
