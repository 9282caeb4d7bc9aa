// A decoder for tests that goes wrong as the content of the file says.
import { readFileSync } from 'node:fs';
import { serveRequests } from '../../platform/child-pool.ts';
import { type ProbeAnswer, type ProbeRequest, probeFile } from '../probe-picture.ts';

const kept: Buffer[] = [];

serveRequests<ProbeRequest, ProbeAnswer>(async (request) => {
  const word = readFileSync(request.path).toString('latin1', 0, 5);
  if (word === 'crash') process.abort();
  if (word === 'hang!') for (;;);
  if (word === 'grow!') for (;;) await grow();
  return probeFile(request);
});

function grow(): Promise<void> {
  kept.push(Buffer.alloc(64 * 2 ** 20, 1));
  return new Promise((done) => setTimeout(done, 2));
}
