// Lines to a file descriptor without waiting for whoever reads it: what cannot be written is dropped, and nothing ends or
// hangs the process. (pino's own destination waits for ever at the exit when the disk is full.)
import { write, writeSync } from 'node:fs';

const maxWaitingBytes = 8 * 1024 * 1024;
const busy = ['EAGAIN', 'EBUSY'];
const retryMs = 100;

export interface LineOutput {
  write(line: string): void;
}

/** Lines are written in order. What still waits at the exit of the process is written then, if it can be at once. */
export function openLineOutput(fd: number): LineOutput {
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
