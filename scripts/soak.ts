// A longer check that memory and files stay flat: test requests and aborted uploads, over and over.
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { megabytes, parts, pause, ServerProcess } from '../bench/server/server-process.ts';

const tests = Number(process.argv[2] ?? 2000);
const aborted = Number(process.argv[3] ?? 200);

const IDLE_MS = 15_000;

/** Sends half of an upload and hangs up. */
async function abortUpload(url: string, bytes: Uint8Array): Promise<void> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise((done) => socket.once('connect', done));
  socket.on('error', () => {});
  socket.write(
    `POST /datasets/aborted/upload HTTP/1.1\r\nHost: ${host}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${bytes.length * 2}\r\n\r\n--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n`,
  );
  socket.write(bytes);
  await pause(20);
  socket.destroy();
}

const server = await ServerProcess.start({ APP_RATE_LIMITS__UPLOADS_PER_MINUTE: '1000000' });
try {
  const model = await server.quickModel('soaked', 128);
  const pictures = await parts(16, 50);
  const testOne = (i: number) => server.upload(`/models/${model}/test`, [pictures[i % pictures.length]!]);
  const testFour = (i: number) => Promise.all([0, 1, 2, 3].map((k) => testOne(i + k)));
  // Warmed up as it is used after that; then idle, so that what is no longer needed is collected. Before the base line and
  // before the end alike: otherwise the heap's ups and downs (20 MB) are what is compared.
  for (let i = 0; i < 400; i += 4) await testFour(i);
  await pause(IDLE_MS);
  const base = server.memory().bytes;
  for (let i = 0; i < tests; i += 4) {
    await testFour(i);
    if (i % 200 === 0) console.log(`${i} of ${tests} tests: ${megabytes(server.memory().bytes)}`);
  }
  for (let i = 0; i < aborted; i++) await abortUpload(server.url, pictures[i % pictures.length]![1]);
  await pause(IDLE_MS);
  const { bytes } = server.memory();
  const staged = await readdir(join(server.folder, 'data/.okapi/staging')).catch(() => []);
  console.log(
    `after ${tests} tests and ${aborted} aborted uploads: ${megabytes(base)} -> ${megabytes(bytes)}, ${megabytes(bytes - base)} more (goal <= 32 MB); ${staged.length} staged files left`,
  );
  process.exitCode = bytes - base <= 32 * 2 ** 20 && staged.length === 0 ? 0 : 1;
} finally {
  await server.close();
}
