// The pictures that the benchmarks work on: generated parts, the same on every machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplePart } from '../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../src/vision/image/encode.ts';

/** Writes one.jpg (512 px) and sixty 256 px JPEGs in parts/. */
export async function writePictures(folder: string): Promise<void> {
  await mkdir(join(folder, 'parts'), { recursive: true });
  const write = async (name: string, seed: number, size: number) =>
    writeFile(
      join(folder, name),
      await encodePicture(samplePart('screws', seed, undefined, size).picture, 'jpeg'),
    );
  await write('one.jpg', 1, 512);
  for (let i = 0; i < 60; i++) await write(`parts/${String(i).padStart(2, '0')}.jpg`, 100 + i, 256);
}
