// Writes the generated sets of the quality tables in MVTec AD's layout: eight drawn parts and the three kinds of sample parts.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../src/autodiff/random.ts';
import { type SampleKind, sampleKinds, writeSampleParts } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import type { Picture } from '../../src/vision/image/picture.ts';
import { type DrawnPart, drawnParts, drawPart } from './drawn-parts.ts';
import { drawFlawed, type FlawedPartName, flawedParts } from './flawed-parts.ts';
import { defectKinds, defectSizes, paintDefect } from './painted-defects.ts';

export const generatedSets: readonly string[] = [
  ...sampleKinds,
  ...Object.keys(drawnParts),
  ...Object.keys(flawedParts),
];

const SIZE = 320;

export interface SetSize {
  readonly good: number;
  readonly testGood: number;
  readonly perDefect: number;
}

/** Writes a generated set to `dir`. The same name and seed give the same pictures. */
export async function writeSet(dir: string, name: string, seed: number, sizes: SetSize): Promise<void> {
  if (sampleKinds.includes(name as SampleKind)) {
    await writeSampleParts(dir, { kind: name as SampleKind, seed, size: SIZE, ...sizes });
    return;
  }
  const random = new Random(seed).fork(name);
  if (Object.hasOwn(flawedParts, name)) return writeFlawed(dir, name as FlawedPartName, random, sizes);
  let drawn = 0;
  const part = () => drawPart(name as DrawnPart, random.fork(`shot ${drawn++}`), SIZE);
  for (let n = 0; n < sizes.good; n++) await write(dir, 'train/good', n, part());
  for (let n = 0; n < sizes.testGood; n++) await write(dir, 'test/good', n, part());
  for (const kind of defectKinds)
    for (const share of defectSizes)
      for (let n = 0; n < Math.ceil(sizes.perDefect / 2); n++) {
        const defect = `${kind}-${share * 100}`;
        const { picture, mask } = paintDefect(part(), kind, share, random.fork(`${defect} ${n}`));
        await write(dir, `test/${defect}`, n, picture);
        await write(dir, `ground_truth/${defect}`, n, maskPicture(mask));
      }
}

async function writeFlawed(dir: string, name: FlawedPartName, random: Random, sizes: SetSize): Promise<void> {
  const good = (shot: string) => drawFlawed(name, random.fork(shot), SIZE, null).picture;
  for (let n = 0; n < sizes.good; n++) await write(dir, 'train/good', n, good(`train ${n}`));
  for (let n = 0; n < sizes.testGood; n++) await write(dir, 'test/good', n, good(`test ${n}`));
  for (const flaw of flawedParts[name].flaws)
    for (let n = 0; n < 2 * sizes.perDefect; n++) {
      const { picture, mask } = drawFlawed(name, random.fork(`${flaw} ${n}`), SIZE, flaw);
      await write(dir, `test/${flaw}`, n, picture);
      await write(dir, `ground_truth/${flaw}`, n, maskPicture(mask));
    }
}

async function write(dir: string, folder: string, n: number, picture: Picture): Promise<void> {
  await mkdir(join(dir, folder), { recursive: true });
  const file = join(dir, folder, `${String(n).padStart(3, '0')}.png`);
  await writeFile(file, await encodePicture(picture, 'png'));
}

function maskPicture(mask: Uint8Array): Picture {
  const data = Uint8Array.from({ length: 3 * mask.length }, (_, i) => mask[Math.floor(i / 3)]!);
  return { width: SIZE, height: SIZE, data };
}
