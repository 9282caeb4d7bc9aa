// Random changes that a good part may show anyway: mirrored, lit a little differently, partly hidden.
import type { Random } from '../../autodiff/random.ts';
import type { Picture } from './picture.ts';

export interface Augmentation {
  /** Probability that left and right are swapped. */
  readonly flip: number;
  /** How far each property may move, as torchvision's ColorJitter takes it; null leaves colours alone. */
  readonly jitter: Jitter | null;
  /** One random rectangle painted black, with this probability. */
  readonly erase: number;
}

/** Factors are drawn from 1 - x to 1 + x (not below 0); hue is turned by -x to x of the whole circle, x <= 0.5. */
export interface Jitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** What the autoencoder is trained with. */
export const defaultAugmentation: Augmentation = {
  flip: 0.5,
  jitter: { brightness: 0.1, contrast: 0.1, saturation: 0.05, hue: 0.02 },
  erase: 0.05,
};

/** A changed copy of the picture, of the same size. All chance comes from `random`. */
export function augment(picture: Picture, random: Random, options: Augmentation): Picture {
  const copy: Picture = { ...picture, data: picture.data.slice() };
  if (random.chance(options.flip)) flipInPlace(copy);
  const changed = options.jitter === null ? copy : jitter(copy, drawJitter(random, options.jitter));
  if (random.chance(options.erase)) eraseInPlace(changed, random);
  return changed;
}

function flipInPlace({ width, height, data }: Picture): void {
  for (let y = 0; y < height; y++) {
    for (let left = y * width * 3, right = left + (width - 1) * 3; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const level = data[left + c]!;
        data[left + c] = data[right + c]!;
        data[right + c] = level;
      }
    }
  }
}

/** One step of colour jitter: what it changes, and by which factor (hue: by which share of the circle). */
export interface JitterStep {
  readonly change: keyof Jitter;
  readonly amount: number;
}

function drawJitter(random: Random, limits: Jitter): JitterStep[] {
  const changes = random.shuffled(['brightness', 'contrast', 'saturation', 'hue'] as const);
  return changes.map((change) => {
    const reach = limits[change];
    const amount =
      change === 'hue' ? random.uniform(-reach, reach) : random.uniform(Math.max(0, 1 - reach), 1 + reach);
    return { change, amount };
  });
}

/**
 * The steps one after the other, as torchvision computes them for float images: each clips to 0..1, and the result is
 * rounded to 8 bits once, at the end.
 */
export function jitter(picture: Picture, steps: readonly JitterStep[]): Picture {
  const rgb = new Float32Array(picture.data.length);
  for (let i = 0; i < rgb.length; i++) rgb[i] = picture.data[i]! / 255;
  for (const { change, amount } of steps) changes[change](rgb, amount);
  const levels = new Uint8ClampedArray(rgb.length); // rounds half to even on store
  for (let i = 0; i < rgb.length; i++) levels[i] = rgb[i]! * 255;
  return { ...picture, data: new Uint8Array(levels.buffer) };
}

/** Each changes interleaved RGB of 0..1 in place. */
const changes: Record<keyof Jitter, (rgb: Float32Array, amount: number) => void> = {
  brightness: (rgb, factor) => {
    for (let i = 0; i < rgb.length; i++) rgb[i] = clip(rgb[i]! * factor);
  },
  contrast: (rgb, factor) => {
    let sum = 0;
    for (let i = 0; i < rgb.length; i += 3) sum += greyAt(rgb, i);
    const mean = sum / (rgb.length / 3);
    for (let i = 0; i < rgb.length; i++) rgb[i] = clip(rgb[i]! * factor + mean * (1 - factor));
  },
  saturation: (rgb, factor) => {
    for (let i = 0; i < rgb.length; i += 3) {
      const grey = greyAt(rgb, i) * (1 - factor);
      for (let c = i; c < i + 3; c++) rgb[c] = clip(rgb[c]! * factor + grey);
    }
  },
  hue: (rgb, turn) => {
    for (let i = 0; i < rgb.length; i += 3) turnHue(rgb, i, turn);
  },
};

function clip(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Luma of ITU-R BT.601. */
function greyAt(rgb: Float32Array, at: number): number {
  return 0.2989 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;
}

/** To HSV, a turn of the hue, and back (A. R. Smith, "Color gamut transform pairs", 1978). */
function turnHue(rgb: Float32Array, at: number, turn: number): void {
  const r = rgb[at]!;
  const g = rgb[at + 1]!;
  const b = rgb[at + 2]!;
  const value = Math.max(r, g, b);
  const chroma = value - Math.min(r, g, b);
  if (chroma === 0) return;
  const sextant = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  const hue = sextant / 6 + turn;
  // Each channel is a trapezoid over the circle, a third of it apart (Foley and others; "HSV to RGB alternative").
  for (let c = 0; c < 3; c++) {
    const k = positiveRemainder(5 - 2 * c + hue * 6, 6);
    rgb[at + c] = value - chroma * Math.max(0, Math.min(k, 4 - k, 1));
  }
}

function positiveRemainder(x: number, n: number): number {
  return x - n * Math.floor(x / n);
}

/** Random Erasing (Zhong and others, 2017) with torchvision's ranges: 2 % to 33 % of the area, sides 0.3 to 3.3. */
function eraseInPlace({ width, height, data }: Picture, random: Random): void {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.uniform(0.02, 0.33);
    const ratio = Math.exp(random.uniform(Math.log(0.3), Math.log(3.3)));
    const h = Math.round(Math.sqrt(area * ratio));
    const w = Math.round(Math.sqrt(area / ratio));
    if (h >= height || w >= width) continue;
    const top = random.int(height - h + 1);
    const left = random.int(width - w + 1);
    for (let y = top; y < top + h; y++) {
      const row = (y * width + left) * 3;
      data.fill(0, row, row + w * 3);
    }
    return;
  }
}
