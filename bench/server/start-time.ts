// From the command to /readyz with 20,000 pictures in 50 projects.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../src/autodiff/random.ts';
import { parts, ServerProcess } from './server-process.ts';

const [projects, each] = [50, 400];

async function fill(folder: string): Promise<void> {
  const [[, bytes]] = (await parts(1)) as [[string, Uint8Array]];
  const random = new Random(1);
  const hex = () => Array.from({ length: 32 }, () => random.int(16).toString(16)).join('');
  for (let p = 0; p < projects; p++) {
    const id = `line-${p}-20260101-000000`;
    const raw = join(folder, 'data/projects', id, 'raw');
    await mkdir(raw, { recursive: true });
    const files: Record<string, unknown> = {};
    for (let i = 0; i < each; i++) {
      const image = hex();
      const stored = `${image}.jpg`;
      await writeFile(join(raw, stored), bytes);
      files[stored] = {
        id: image,
        filename: stored,
        display_name: `part-${i}.jpg`,
        original_name: `part-${i}.jpg`,
        uploaded_at: '2026-01-01T00:00:00Z',
        hash: image,
        size: bytes.length,
      };
    }
    await writeFile(join(raw, '_index.json'), JSON.stringify({ files }));
    const meta = {
      project_id: id,
      name: `line ${p}`,
      created_at: '2026-01-01T00:00:00Z',
      training_mode: 'anomaly',
    };
    await writeFile(join(folder, 'data/projects', id, 'meta.json'), JSON.stringify(meta));
  }
}

const first = await ServerProcess.start({}, fill);
const listed = await first.json<{ num_images: number }[]>('/projects');
const images = listed.reduce((sum, { num_images }) => sum + num_images, 0);
console.log(
  `first start (takes the folder over): ready after ${first.readyMs.toFixed(0)} ms, ${listed.length} projects, ${images} images`,
);
const { folder } = first;
process.kill(first.pid, 'SIGTERM');
await new Promise((done) => setTimeout(done, 2000));
for (let turn = 0; turn < 3; turn++) {
  const again = await ServerProcess.startIn(folder);
  console.log(`start ${turn + 2}: ready after ${again.readyMs.toFixed(0)} ms (goal <= 1500 ms)`);
  process.kill(again.pid, 'SIGTERM');
  await new Promise((done) => setTimeout(done, 2000));
}
await rm(folder, { recursive: true, force: true });
