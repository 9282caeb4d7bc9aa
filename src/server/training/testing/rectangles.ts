// A dataset of boxes that is quick to learn: red and blue rectangles on grey, as an archive of the usual layout.
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { Random } from '../../../autodiff/random.ts';
import { encodePicture } from '../../../vision/image/encode.ts';
import type { Picture } from '../../../vision/image/picture.ts';

export const rectangleClasses = ['red', 'blue'] as const;
const levels = [
  [210, 40, 40],
  [40, 60, 210],
] as const;

export interface Rectangle {
  readonly classId: number;
  /** [x, y, width, height] in pixels. */
  readonly place: readonly [number, number, number, number];
}

/** Square, with a red and a blue rectangle; others for other seeds. */
export function rectanglePicture(
  seed: number,
  size = 96,
): { readonly picture: Picture; readonly rectangles: readonly Rectangle[] } {
  const random = new Random(seed);
  const data = new Uint8Array(3 * size * size).map(() => 118 + random.int(20));
  const rectangles = rectangleClasses.map((_, classId): Rectangle => {
    const [width, height] = [side(random, size), side(random, size)];
    // One in each half, so that they do not hide each other.
    const x = (classId * size) / 2 + random.int(size / 2 - width);
    return { classId, place: [x, random.int(size - height), width, height] };
  });
  for (const { classId, place } of rectangles) fill(data, size, place, levels[classId]!);
  return { picture: { width: size, height: size, data }, rectangles };
}

const side = (random: Random, size: number) => Math.floor(size * random.uniform(0.25, 0.45));

function fill(
  data: Uint8Array,
  size: number,
  [x, y, width, height]: Rectangle['place'],
  level: readonly number[],
): void {
  for (let row = y; row < y + height; row++)
    for (let column = x; column < x + width; column++) data.set(level, 3 * (row * size + column));
}

/** A line for each box: class, centre and size as shares. */
export function labelText(rectangles: readonly Rectangle[], size = 96): string {
  return rectangles
    .map(({ classId, place: [x, y, w, h] }) =>
      [classId, ...[x + w / 2, y + h / 2, w, h].map((pixels) => (pixels / size).toFixed(6))].join(' '),
    )
    .join('\n');
}

export interface RectanglesOptions {
  /** Pictures of each split. */
  readonly train?: number;
  readonly val?: number;
  readonly seed?: number;
  /** The pictures of val have no boxes. */
  readonly emptyVal?: boolean;
}

/** The bytes of an archive with data.yaml, images and labels. */
export async function rectanglesZip({
  train = 12,
  val = 4,
  seed = 1,
  emptyVal = false,
}: RectanglesOptions = {}): Promise<Buffer> {
  const zip = new ZipFile();
  const options = { mtime: new Date(2026, 0, 2) };
  zip.addBuffer(Buffer.from(`names: [${rectangleClasses.join(', ')}]\n`), 'data.yaml', options);
  for (let i = 0; i < train + val; i++) {
    const { picture, rectangles } = rectanglePicture(1000 * seed + i);
    const split = i < train ? 'train' : 'val';
    const png = Buffer.from(await encodePicture(picture, 'png'));
    zip.addBuffer(png, `${split}/images/${i}.png`, options);
    zip.addBuffer(
      Buffer.from(emptyVal && split === 'val' ? '' : labelText(rectangles)),
      `${split}/labels/${i}.txt`,
      options,
    );
  }
  zip.end();
  return buffer(zip.outputStream);
}
