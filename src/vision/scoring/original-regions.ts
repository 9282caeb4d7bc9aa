// The heat levels and boxes of the original's preview, kept for imported models only: relative to each picture's maximum.
import type { AnomalyMap } from './anomaly-map.ts';
import { peakOf, resizeMap } from './anomaly-map.ts';
import { labelComponents } from './components.ts';

/** [x, y, width, height] in pixels, whole numbers. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** One byte a pixel, rows from the top. */
export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const MIN_SIDE = 6;
const MIN_AREA_SHARE = 0.001;
const MAX_BOXES = 5;

/** The map scaled by its own maximum, cubic to the picture's size, 0..255 (fractions cut off); all zero for a zero map. */
export function originalLevels(map: AnomalyMap, width: number, height: number): Levels {
  const peak = peakOf(map);
  const scaled = peak > 0 ? map.data.map((v) => v / peak) : map.data;
  const large = resizeMap({ ...map, data: scaled }, width, height, 'bicubic').data;
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(1, Math.max(0, large[i]!)) * 255;
  return { width, height, data };
}

/**
 * The original's boxes: 5x5 Gaussian (OpenCV's for sigma 0), Otsu, opening and dilation by 3x3, outer contours; boxes of
 * at least 6 px a side and 0.1 % of the picture, the 5 largest first. The verdict is not looked at: the original draws
 * boxes only when the score is over the threshold, and so must the caller.
 */
export function originalBoxes(levels: Levels): Box[] {
  const { width, height } = levels;
  const blurred = gaussian5(levels);
  const cut = otsu(blurred);
  const mask = blurred.map((v) => (v > cut ? 1 : 0));
  const opened = spread(spread(mask, width, height, 0), width, height, 1);
  return outerBoxes(spread(opened, width, height, 1), width, height)
    .filter(([, , w, h]) => Math.min(w, h) >= MIN_SIDE && w * h >= MIN_AREA_SHARE * width * height)
    .sort((a, b) => b[2] * b[3] - a[2] * a[3] || a[1] - b[1] || a[0] - b[0])
    .slice(0, MAX_BOXES);
}

/** Blur by [1 4 6 4 1] / 16 both ways, rounded once; beyond the border the picture is mirrored without its edge pixel. */
function gaussian5({ width, height, data }: Levels): Uint8Array {
  const columns = mirrored(width);
  const rows = mirrored(height);
  const sums = new Uint16Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const outer = data[row + columns[x]!]! + data[row + columns[x + 4]!]!;
      const inner = data[row + columns[x + 1]!]! + data[row + columns[x + 3]!]!;
      sums[row + x] = outer + 4 * inner + 6 * data[row + x]!;
    }
  }
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const [above2, above1, row, below1, below2] = [0, 1, 2, 3, 4].map((k) => rows[y + k]! * width);
    for (let x = 0; x < width; x++) {
      const outer = sums[above2! + x]! + sums[below2! + x]!;
      const inner = sums[above1! + x]! + sums[below1! + x]!;
      out[row! + x] = (outer + 4 * inner + 6 * sums[row! + x]! + 128) >> 8;
    }
  }
  return out;
}

/** The positions -2..n+1, those outside folded back. */
function mirrored(n: number): Int32Array {
  return Int32Array.from({ length: n + 4 }, (_, k) => mirror(k - 2, n));
}

function mirror(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const j = ((i % period) + period) % period;
  return j < n ? j : period - j;
}

/** The level that best parts the histogram in two (Otsu 1979); 0 for a picture of one level. */
function otsu(data: Uint8Array): number {
  const counts = new Float64Array(256);
  for (let i = 0; i < data.length; i++) counts[data[i]!]!++;
  const total = counts.reduce((sum, n, level) => sum + n * level, 0);
  let [best, bestLevel, below, belowSum] = [0, 0, 0, 0];
  for (let level = 0; level < 256; level++) {
    below += counts[level]!;
    belowSum += counts[level]! * level;
    const above = data.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (belowSum / below - (total - belowSum) / above) ** 2;
    if (between > best) [best, bestLevel] = [between, level];
  }
  return bestLevel;
}

/** Spread `value` (0 erodes, 1 dilates) to the 3x3 neighbours; beyond the border there is nothing to spread. */
function spread(mask: Uint8Array, width: number, height: number, value: 0 | 1): Uint8Array {
  const rows = mask.slice();
  for (let y = 0; y < height; y++) {
    for (let i = y * width, end = i + width - 1; i <= end; i++) {
      const left = i > y * width && mask[i - 1] === value;
      const right = i < end && mask[i + 1] === value;
      if (left || right) rows[i] = value;
    }
  }
  const out = rows.slice();
  for (let i = 0; i < rows.length; i++) {
    const up = i >= width && rows[i - width] === value;
    const down = i + width < rows.length && rows[i + width] === value;
    if (up || down) out[i] = value;
  }
  return out;
}

/** Boxes of the components that the outside reaches: what lies in a hole of another is no outer contour. */
function outerBoxes(mask: Uint8Array, width: number, height: number): Box[] {
  const { labels, count } = labelComponents(mask, width, height);
  const outside = reachableFromBorder(mask, width, height);
  const bounds = Array.from({ length: count + 1 }, () => ({
    left: width,
    top: height,
    right: -1,
    bottom: -1,
    outer: false,
  }));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const b = bounds[labels[i]!]!;
      if (x < b.left) b.left = x;
      if (x > b.right) b.right = x;
      if (y < b.top) b.top = y;
      if (y > b.bottom) b.bottom = y;
      b.outer ||= outside[i] === 1;
    }
  }
  return bounds
    .slice(1)
    .filter((b) => b.outer)
    .map((b) => [b.left, b.top, b.right - b.left + 1, b.bottom - b.top + 1]);
}

/** 1 where a walk over the background (by sides) from beyond the border arrives, counting the mask pixels it bumps into. */
function reachableFromBorder(mask: Uint8Array, width: number, height: number): Uint8Array {
  const reached = new Uint8Array(mask.length);
  const open: number[] = [];
  const visit = (i: number) => {
    if (reached[i]) return;
    reached[i] = 1;
    if (!mask[i]) open.push(i);
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  while (open.length > 0) {
    const i = open.pop()!;
    const x = i % width;
    if (x > 0) visit(i - 1);
    if (x < width - 1) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i + width < mask.length) visit(i + width);
  }
  return reached;
}
