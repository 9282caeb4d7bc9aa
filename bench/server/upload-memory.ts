// 200 pictures, 524 MB, in one upload: how much memory the API process takes above idle.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Random } from '../../src/autodiff/random.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import { megabytes, pause, ServerProcess } from './server-process.ts';

const files = 200;
const [width, height] = [1000, 873]; // noise: a PNG of 2.62 MB

const folder = await mkdtemp(join(tmpdir(), 'okapi-bench-'));
const server = await ServerProcess.start({ APP_UPLOADS__MAX_TOTAL_SIZE_MB: '600' });
try {
  const random = new Random(1);
  const noise = new Uint32Array(1 + (width * height * 3) / 4);
  let total = 0;
  for (let i = 0; i < files; i++) {
    for (let k = 0; k < noise.length; k++) noise[k] = random.bits();
    const data = new Uint8Array(noise.buffer, 0, width * height * 3);
    const png = await encodePicture({ width, height, data }, 'png');
    total += png.length;
    await writeFile(join(folder, `noise-${i}.png`), png);
  }
  await pause(1000);
  const idle = server.memory().bytes;
  const fields = Array.from({ length: files }, (_, i) => ['-F', `files=@${join(folder, `noise-${i}.png`)}`]);
  const started = performance.now();
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    ...fields.flat(),
    `${server.url}/datasets/noise/upload`,
  ]);
  const seconds = (performance.now() - started) / 1000;
  const { saved } = JSON.parse(stdout) as { saved: number };
  const { peakBytes } = server.memory();
  console.log(
    `${saved} of ${files} files, ${(total / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s: idle ${megabytes(idle)}, peak ${megabytes(peakBytes)}, above idle ${megabytes(peakBytes - idle)} (goal <= 200 MB)`,
  );
} finally {
  await server.close();
  await rm(folder, { recursive: true });
}
