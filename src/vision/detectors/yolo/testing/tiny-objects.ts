// Labelled pictures small enough for tests: light squares and discs on dark ground.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../../../autodiff/random.ts';
import type { LabelledBox, LabelledDataset, LabelledPicture } from '../../../dataset/labelled.ts';
import { encodePicture } from '../../../image/encode.ts';
import type { Picture } from '../../../image/picture.ts';
import type { TrainRequest } from '../../detector.ts';

export const tinyClasses = ['square', 'disc'] as const;

/** A picture of width x height with two objects that do not touch, boxes in shares of it. */
export function objectsPicture(
  seed: number,
  { width = 96, height = 80 } = {},
): { picture: Picture; boxes: LabelledBox[] } {
  const random = new Random(seed).fork('objects');
  const data = Uint8Array.from({ length: 3 * width * height }, () => 30 + random.int(20));
  const boxes: LabelledBox[] = [];
  for (const [i, left] of [0, width / 2].entries()) {
    const side = 20 + random.int(16);
    const [x, y] = [left + 2 + random.int(width / 2 - side - 4), 2 + random.int(height - side - 4)];
    const classId = (seed + i) % 2;
    for (let v = 0; v < side; v++)
      for (let u = 0; u < side; u++) {
        const isOutside = Math.hypot(u + 0.5 - side / 2, v + 0.5 - side / 2) > side / 2;
        if (classId === 1 && isOutside) continue;
        data.set(classId === 0 ? [220, 200, 90] : [90, 190, 230], 3 * ((y + v) * width + x + u));
      }
    const box = [x / width, y / height, (x + side) / width, (y + side) / height] as const;
    boxes.push({ classId, box });
  }
  return { picture: { width, height, data }, boxes };
}

export async function writeObjects(dir: string, seeds: readonly number[]): Promise<LabelledPicture[]> {
  await mkdir(dir, { recursive: true });
  return Promise.all(
    seeds.map(async (seed) => {
      const { picture, boxes } = objectsPicture(seed);
      const file = join(dir, `${seed}.png`);
      await writeFile(file, await encodePicture(picture, 'png'));
      return { file, boxes };
    }),
  );
}

/** A request whose model folder and state lie in `dir` under `name`. */
export function objectsRequest(
  dir: string,
  name: string,
  objects: LabelledDataset,
  settings: Record<string, unknown> = {},
): TrainRequest {
  return {
    kind: 'yolo',
    pictures: [],
    objects,
    folder: join(dir, name),
    stateFolder: join(dir, `${name}.training`),
    resume: true,
    device: 'cpu',
    threads: 1,
    settings: { imageSize: 64, epochs: 2, batch: 4, closeMosaic: 1, ...settings },
  };
}

/** All that a training decides, and nothing that the clock decides. */
export async function learntBy({ folder }: TrainRequest): Promise<Record<string, string>> {
  const names = [
    'model.safetensors',
    'last.safetensors',
    'model.pt',
    'golden.json',
    'golden.png',
    'metrics.json',
  ];
  const read = async (name: string) =>
    [name, (await readFile(join(folder, name))).toString('base64')] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

export const namesIn = (dir: string) => readdir(dir).catch(() => []);
