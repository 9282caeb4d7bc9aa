// Datasets of boxes for tests: small pictures that differ, with their label files.

import { Random } from '../../../../autodiff/random.ts';
import { encodePicture } from '../../../image/encode.ts';
import type { Picture } from '../../../image/picture.ts';
import { gradientPicture } from '../../../image/testing/files.ts';

/** A picture of blocks at random: its fingerprint is far from that of any other seed. */
export function blocksPicture(seed: number, width = 48, height = 40): Picture {
  const { data } = gradientPicture(width, height);
  const random = new Random(seed);
  const levels = Array.from({ length: 64 }, () => random.int(256));
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      const level = levels[8 * Math.floor((8 * y) / height) + Math.floor((8 * x) / width)]!;
      data.fill(level, at, at + 3);
    }
  return { width, height, data };
}

const made = new Map<number, Promise<Uint8Array>>();

/** A PNG of it. */
export function blocksFile(seed: number): Promise<Uint8Array> {
  const known = made.get(seed) ?? encodePicture(blocksPicture(seed), 'png');
  made.set(seed, known);
  return known;
}

export type FileContents = Readonly<Record<string, Uint8Array | string>>;

/** Pictures a1, a2 ... with a box each, and how the folders are called. */
export async function smallDataset(
  images: (index: number) => string,
  labels: (index: number) => string,
  count = 6,
): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {};
  for (let i = 0; i < count; i++) {
    files[`${images(i)}/a${i}.png`] = await blocksFile(i);
    files[`${labels(i)}/a${i}.txt`] = `${i % 2} 0.5 0.5 0.5 0.5\n`;
  }
  return files;
}

const half = (count: number) => (index: number) => (index < count - 2 ? 'train' : 'val');

/** train/images, train/labels, val/images, val/labels and data.yaml: two classes, 4 and 2 pictures. */
export async function plainDataset(): Promise<Record<string, Uint8Array | string>> {
  const split = half(6);
  const files = await smallDataset(
    (i) => `${split(i)}/images`,
    (i) => `${split(i)}/labels`,
  );
  return { ...files, 'data.yaml': 'train: train/images\nval: val/images\nnc: 2\nnames: [cat, dog]\n' };
}
