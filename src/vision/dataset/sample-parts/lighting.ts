// Light on a surface: normals from the height, a soft shadow, ambient occlusion, cloth and metal shading.

import { ramp, type Surface, unitsAcross } from './surface.ts';

export interface Lamp {
  /** Direction towards the lamp, in the picture's plane; radians, 0 is right, positive turns down. */
  readonly azimuth: number;
  /** Height of the lamp over the plane, radians. */
  readonly elevation: number;
  readonly strength: number;
  readonly ambient: number;
}

/** Linear-light colour planes, interleaved RGB. */
export type Radiance = Float32Array;

export function light(s: Surface, lamp: Lamp): Radiance {
  const { size, height } = s;
  const pixelsPerUnit = size / unitsAcross;
  const open = openness(height, size, pixelsPerUnit);
  const lx = Math.cos(lamp.azimuth) * Math.cos(lamp.elevation);
  const ly = Math.sin(lamp.azimuth) * Math.cos(lamp.elevation);
  const lz = Math.sin(lamp.elevation);
  // Halfway between the lamp and the camera above, for the highlight of plastics.
  const halfLength = Math.hypot(lx, ly, lz + 1);
  const [hx, hy, hz] = [lx / halfLength, ly / halfLength, (lz + 1) / halfLength];
  const rays = raysTowards(lx, ly, lz, pixelsPerUnit);
  const out = new Float32Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const up = Math.max(0, y - 1) * size;
    const down = Math.min(size - 1, y + 1) * size;
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const left = x > 0 ? i - 1 : i;
      const right = x < size - 1 ? i + 1 : i;
      const gx = (height[right]! - height[left]!) * 0.5 * pixelsPerUnit;
      const gy = (height[down + x]! - height[up + x]!) * 0.5 * pixelsPerUnit;
      const inverse = 1 / Math.sqrt(gx * gx + gy * gy + 1);
      const nx = -gx * inverse;
      const ny = -gy * inverse;
      const nz = inverse;
      const direct = lamp.strength * lit(height, size, x, y, rays);
      const facing = Math.max(0, nx * lx + ny * ly + nz * lz);
      const roughness = s.roughness[i]!;
      const shine = 4 + 140 * (1 - roughness) ** 3;
      const halfway = Math.max(0, nx * hx + ny * hy + nz * hz);
      const gloss = roughness > 0.7 ? 0 : (0.7 - roughness) * 0.6 * direct * halfway ** shine;
      const matte = lamp.ambient * open[i]! + direct * facing;
      // The camera looks straight down: the mirror direction of (0, 0, 1) about the normal.
      const metal = s.metal[i]!;
      const metallic =
        metal > 0
          ? (0.35 + 0.65 * open[i]!) *
            (0.3 * lamp.ambient + 0.35 * direct + 0.3) *
            environment(2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1, lx, ly, lz, roughness)
          : 0;
      const body = (1 - metal) * matte + metal * metallic;
      out[3 * i] = s.red[i]! * body + (1 - metal) * gloss;
      out[3 * i + 1] = s.green[i]! * body + (1 - metal) * gloss;
      out[3 * i + 2] = s.blue[i]! * body + (1 - metal) * gloss;
    }
  }
  return out;
}

/** What polished metal reflects: a bright soft box at the lamp, a pale ceiling, dark walls. */
function environment(
  rx: number,
  ry: number,
  rz: number,
  lx: number,
  ly: number,
  lz: number,
  roughness: number,
): number {
  const towards = rx * lx + ry * ly + rz * lz;
  const soft = 0.12 + 0.6 * roughness;
  const box = 1.9 * ramp(0.86 - soft, 0.9 + soft * 0.3, towards);
  const ceiling = 0.55 * ramp(-0.2 - soft, 0.9, rz);
  const rim = 0.4 * ramp(0.3, 0.95, -(rx * lx + ry * ly)) * (1 - roughness);
  return 0.08 + box + ceiling + rim;
}

/** The pixels to look at from any pixel towards the lamp, and how high a wall there must be to shade it. */
interface Ray {
  readonly dx: number;
  readonly dy: number;
  readonly clearance: number;
  /** Shadows of far walls have soft edges. */
  readonly hardness: number;
}

function raysTowards(lx: number, ly: number, lz: number, pixelsPerUnit: number): readonly Ray[] {
  const flat = Math.hypot(lx, ly);
  return [1.1, 2.6, 4.4, 6.8, 10, 14, 19].map((units) => ({
    dx: Math.round((lx / flat) * units * pixelsPerUnit),
    dy: Math.round((ly / flat) * units * pixelsPerUnit),
    clearance: (units * lz) / flat,
    hardness: 1 / (1 + 0.25 * units),
  }));
}

/** 1 in full light, towards 0 in the shadow of something higher. */
function lit(height: Float32Array, size: number, x: number, y: number, rays: readonly Ray[]): number {
  const base = height[y * size + x]!;
  let deepest = 0;
  for (let n = 0; n < rays.length; n++) {
    const ray = rays[n]!;
    const sx = x + ray.dx;
    const sy = y + ray.dy;
    if (sx < 0 || sy < 0 || sx >= size || sy >= size) break;
    const over = (height[sy * size + sx]! - base - ray.clearance) * ray.hardness;
    if (over > deepest) deepest = over;
  }
  return 1 - 0.85 * Math.min(1, deepest);
}

/** 1 in the open, less in grooves and beside high walls: the height against its blurred self. */
function openness(height: Float32Array, size: number, pixelsPerUnit: number): Float32Array {
  const near = boxBlur(height, size, Math.max(1, Math.round(2 * pixelsPerUnit)));
  const far = boxBlur(near, size, Math.max(1, Math.round(7 * pixelsPerUnit)));
  const out = new Float32Array(height.length);
  for (let i = 0; i < out.length; i++) {
    const buried = Math.max(0, near[i]! - height[i]!) * 0.16 + Math.max(0, far[i]! - height[i]!) * 0.07;
    out[i] = 1 / (1 + buried * 1.4);
  }
  return out;
}

/** Mean over a square of 2 * radius + 1 pixels, edges repeated. */
export function boxBlur(plane: Float32Array, size: number, radius: number): Float32Array {
  const rows = blurRows(plane, size, radius);
  return blurRows(rows, size, radius);
}

/** Blurs along x and transposes, so that two passes blur both ways and restore the layout. */
function blurRows(plane: Float32Array, size: number, radius: number): Float32Array {
  const out = new Float32Array(plane.length);
  const width = 2 * radius + 1;
  for (let y = 0; y < size; y++) {
    const row = y * size;
    const first = plane[row]!;
    const last = plane[row + size - 1]!;
    let sum = first * radius;
    for (let k = 0; k < radius; k++) sum += plane[row + Math.min(size - 1, k)]!;
    for (let x = 0; x < size; x++) {
      sum += x + radius < size ? plane[row + x + radius]! : last;
      out[x * size + y] = sum / width;
      sum -= x - radius >= 0 ? plane[row + x - radius]! : first;
    }
  }
  return out;
}
