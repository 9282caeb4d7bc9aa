import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageStream } from './message-stream.ts';

/** What a stream makes of bytes that arrive in these pieces. */
async function read(pieces: readonly Uint8Array[], maxMessageBytes = 1000) {
  const pipe = new PassThrough();
  const heard: unknown[] = [];
  messageStream(pipe, {
    maxMessageBytes,
    onFrame: (kind, message) => heard.push(kind === 'message' ? message : kind),
    onNonsense: (what) => heard.push({ nonsense: what }),
  });
  for (const piece of pieces) pipe.write(piece);
  await turn();
  return heard;
}

async function written(messages: readonly unknown[]): Promise<Buffer> {
  const pipe = new PassThrough();
  const stream = messageStream(
    new PassThrough().on('data', (piece) => pipe.write(piece)),
    {
      maxMessageBytes: 0,
      onFrame: () => {},
      onNonsense: () => {},
    },
  );
  for (const message of messages) stream.write('message', message);
  stream.write('ping');
  await turn();
  return pipe.read() as Buffer;
}

describe('a stream of messages', () => {
  it('hands on what was written, however the pipe cuts it', async () => {
    const messages = [{ a: 1 }, 'text', Float32Array.of(1, 2), null, new Uint8Array(0)];
    const bytes = await written(messages);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
        expect(await read(pieces)).toEqual([...messages, 'ping']);
      }),
      { numRuns: 50 },
    );
  });

  it('never throws for bytes that are none, and reads nothing after them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), async (pieces) => {
        const heard = await read(pieces);
        const nonsense = heard.findIndex(
          (row) => typeof row === 'object' && row !== null && 'nonsense' in row,
        );
        expect([-1, heard.length - 1]).toContain(nonsense);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a message over the limit by its announced length', async () => {
    const bytes = await written(['x'.repeat(500)]);
    expect(await read([bytes.subarray(0, 5)], 100)).toEqual([
      { nonsense: expect.stringMatching(/^a message of 50\d bytes$/) },
    ]);
  });
});
