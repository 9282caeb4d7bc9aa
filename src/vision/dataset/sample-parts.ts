// Believable pictures of made-up parts, good and defective, for demos, tests and benchmarks.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../autodiff/random.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { type Defect, defectsOf, type SampleKind, samplePart } from './sample-parts/sample-part.ts';

export {
  type Defect,
  defectsOf,
  type SampleKind,
  type SamplePart,
  sampleKinds,
  samplePart,
} from './sample-parts/sample-part.ts';

export interface SampleFolder {
  readonly kind: SampleKind;
  readonly seed: number;
  readonly size?: number;
  /** Good pictures to train on. Default 40. */
  readonly good?: number;
  /** Good pictures to test with. Default 12. */
  readonly testGood?: number;
  /** Defective pictures of each defect. Default 6. */
  readonly perDefect?: number;
}

/**
 * Writes a data set as MVTec AD lays it out: train/good, test/good, test/DEFECT, ground_truth/DEFECT with
 * one mask a picture. Returns the number of pictures written, masks not counted.
 */
export async function writeSampleParts(dir: string, options: SampleFolder): Promise<number> {
  const { kind, size = 256, good = 40, testGood = 12, perDefect = 6 } = options;
  const seeds = new Random(options.seed).fork('sample parts');
  let written = 0;
  const write = async (folder: string, count: number, defect?: Defect) => {
    await mkdir(join(dir, folder), { recursive: true });
    if (defect) await mkdir(join(dir, 'ground_truth', defect), { recursive: true });
    for (let n = 0; n < count; n++) {
      const { picture, mask } = samplePart(kind, seeds.bits(), defect, size);
      const name = String(n).padStart(3, '0');
      await writeFile(join(dir, folder, `${name}.png`), await encodePicture(picture, 'png'));
      if (mask)
        await writeFile(
          join(dir, 'ground_truth', `${defect}`, `${name}_mask.png`),
          await encodePicture(maskPicture(mask, size), 'png'),
        );
      written++;
    }
  };
  await write('train/good', good);
  await write('test/good', testGood);
  for (const defect of defectsOf(kind)) await write(`test/${defect}`, perDefect, defect);
  return written;
}

function maskPicture(mask: Uint8Array, size: number): Picture {
  const data = new Uint8Array(3 * mask.length);
  for (let i = 0; i < mask.length; i++) data.fill(mask[i]!, 3 * i, 3 * i + 3);
  return { width: size, height: size, data };
}
