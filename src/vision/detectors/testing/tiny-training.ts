// Trainings small enough for tests: a few generated parts, 64 pixels, two or three epochs.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplePart } from '../../dataset/sample-parts.ts';
import { encodePicture } from '../../image/encode.ts';
import type { Picture } from '../../image/picture.ts';
import type { TrainRequest } from '../detector.ts';

/** Writes good sample parts, 80 pixels square, and returns their files. */
export async function writeParts(dir: string, count: number): Promise<string[]> {
  const pictures = Array.from(
    { length: count },
    (_, i) => samplePart('boards', 100 + i, undefined, 80).picture,
  );
  return writePictures(dir, pictures);
}

export async function writePictures(dir: string, pictures: readonly Picture[]): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const files = pictures.map((_, i) => join(dir, `${String(i).padStart(2, '0')}.png`));
  for (const [i, file] of files.entries()) await writeFile(file, await encodePicture(pictures[i]!, 'png'));
  return files;
}

export function plainPicture(level: number, size = 80): Picture {
  return { width: size, height: size, data: new Uint8Array(3 * size * size).fill(level) };
}

/** A request for the older net, whose model folder and state lie in `dir` under `name`. */
export function tinyRequest(
  dir: string,
  name: string,
  pictures: readonly string[],
  settings: Record<string, unknown> = {},
): TrainRequest {
  return {
    kind: 'autoencoder',
    pictures,
    folder: join(dir, name),
    stateFolder: join(dir, `${name}.training`),
    resume: true,
    device: 'cpu',
    threads: 1,
    settings: { encoder: 'none', imageSize: 64, epochs: 2, batchSize: 4, folds: 0, ...settings },
  };
}

/** All that a training decides, and nothing that the clock decides. */
export async function madeBy({ folder }: TrainRequest): Promise<Record<string, string>> {
  const names = ['model.safetensors', 'model.pt', 'threshold.json', 'golden.json', 'golden.png'];
  const read = async (name: string) =>
    [name, (await readFile(join(folder, name))).toString('base64')] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

export const namesIn = (dir: string) => readdir(dir).catch(() => []);
