// A film for the camera of a browser: a file for Chromium's --use-file-for-fake-video-capture.
import type { Picture } from '../../src/vision/image/picture.ts';

const framesEach = 10;

/** YUV4MPEG2, 4:2:0, matrix of ITU-R BT.601; each picture for a second, over and over. The pictures have one size, in even numbers. */
export function filmOf(pictures: readonly Picture[]): Buffer {
  const { width, height } = pictures[0]!;
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F${framesEach}:1 Ip A1:1 C420jpeg\n`);
  const frames = pictures.flatMap((picture) => Array<Buffer>(framesEach).fill(frameOf(picture)));
  return Buffer.concat([head, ...frames]);
}

function frameOf({ width, height, data }: Picture): Buffer {
  const planes = [0, 1, 2].map((plane) => {
    const step = plane === 0 ? 1 : 2;
    const bytes = Buffer.alloc((width / step) * (height / step));
    for (let y = 0, o = 0; y < height; y += step)
      for (let x = 0; x < width; x += step) {
        const [r, g, b] = data.subarray(3 * (y * width + x)) as unknown as [number, number, number];
        const luma = 0.299 * r + 0.587 * g + 0.114 * b;
        bytes[o++] = plane === 0 ? luma : plane === 1 ? 128 + 0.564 * (b - luma) : 128 + 0.713 * (r - luma);
      }
    return bytes;
  });
  return Buffer.concat([Buffer.from('FRAME\n'), ...planes]);
}
