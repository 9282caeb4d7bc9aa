// The scene before light falls on it: height and material at every pixel, painted with antialiased shapes.

/** Linear-light colour, each part 0..1. */
export type Color = readonly [red: number, green: number, blue: number];

export interface Material {
  readonly color: Color;
  /** 0 paint, plastic or cloth; 1 bare metal. */
  readonly metal: number;
  /** 0 mirror, 1 matte. */
  readonly roughness: number;
}

/** Planes of size x size. Lengths and heights are in units of 1/256 of the picture's side. */
export interface Surface {
  readonly size: number;
  readonly height: Float32Array;
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
  readonly metal: Float32Array;
  readonly roughness: Float32Array;
}

/** Where the part lies: rotated by `angle` and moved by (dx, dy) units about the picture's middle. */
export interface Pose {
  readonly angle: number;
  readonly dx: number;
  readonly dy: number;
}

/** A rectangle in part units. */
export interface Extent {
  readonly u0: number;
  readonly v0: number;
  readonly u1: number;
  readonly v1: number;
}

export const unitsAcross = 256;

export function emptySurface(size: number): Surface {
  const plane = () => new Float32Array(size * size);
  return {
    size,
    height: plane(),
    red: plane(),
    green: plane(),
    blue: plane(),
    metal: plane(),
    roughness: plane(),
  };
}

export function copySurface(s: Surface): Surface {
  return {
    size: s.size,
    height: s.height.slice(),
    red: s.red.slice(),
    green: s.green.slice(),
    blue: s.blue.slice(),
    metal: s.metal.slice(),
    roughness: s.roughness.slice(),
  };
}

/** The whole picture in part units, with room for the corners of a turned part. */
export const everywhere: Extent = { u0: -200, v0: -200, u1: 200, v1: 200 };

/**
 * Calls `visit(pixel index, u, v)` for every pixel whose part coordinates may fall into `extent`.
 * Part coordinates have their origin in the middle of the part, u to the right, v down.
 */
export function visit(
  size: number,
  pose: Pose,
  extent: Extent,
  each: (i: number, u: number, v: number) => void,
): void {
  const scale = size / unitsAcross;
  const cos = Math.cos(pose.angle);
  const sin = Math.sin(pose.angle);
  const middle = unitsAcross / 2;
  const cornersX: number[] = [];
  const cornersY: number[] = [];
  for (const u of [extent.u0, extent.u1])
    for (const v of [extent.v0, extent.v1]) {
      cornersX.push((cos * u - sin * v + middle + pose.dx) * scale);
      cornersY.push((sin * u + cos * v + middle + pose.dy) * scale);
    }
  const x0 = Math.max(0, Math.floor(Math.min(...cornersX)));
  const x1 = Math.min(size - 1, Math.ceil(Math.max(...cornersX)));
  const y0 = Math.max(0, Math.floor(Math.min(...cornersY)));
  const y1 = Math.min(size - 1, Math.ceil(Math.max(...cornersY)));
  for (let y = y0; y <= y1; y++) {
    const py = (y + 0.5) / scale - middle - pose.dy;
    for (let x = x0; x <= x1; x++) {
      const px = (x + 0.5) / scale - middle - pose.dx;
      each(y * size + x, cos * px + sin * py, cos * py - sin * px);
    }
  }
}

/** How much of a pixel a shape covers, from its signed distance (units, negative inside). */
export function coverage(distance: number, size: number): number {
  const t = 0.5 - (distance * size) / unitsAcross;
  return t <= 0 ? 0 : t >= 1 ? 1 : t;
}

export function mixMaterial(s: Surface, i: number, m: Material, alpha: number): void {
  s.red[i] = mix(s.red[i]!, m.color[0], alpha);
  s.green[i] = mix(s.green[i]!, m.color[1], alpha);
  s.blue[i] = mix(s.blue[i]!, m.color[2], alpha);
  s.metal[i] = mix(s.metal[i]!, m.metal, alpha);
  s.roughness[i] = mix(s.roughness[i]!, m.roughness, alpha);
}

/** Scales the colour of a pixel. */
export function tint(s: Surface, i: number, red: number, green = red, blue = red): void {
  s.red[i] = s.red[i]! * red;
  s.green[i] = s.green[i]! * green;
  s.blue[i] = s.blue[i]! * blue;
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function ramp(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Signed distance to a rectangle of half sizes (a, b) with corners of radius r, centred on the origin. */
export function boxDistance(x: number, y: number, a: number, b: number, r = 0): number {
  const dx = Math.abs(x) - a + r;
  const dy = Math.abs(y) - b + r;
  const ox = dx > 0 ? dx : 0;
  const oy = dy > 0 ? dy : 0;
  return Math.sqrt(ox * ox + oy * oy) + Math.min(Math.max(dx, dy), 0) - r;
}

/** Distance to the segment a-b. */
export function segmentDistance(
  x: number,
  y: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): number {
  const dx = bx - ax;
  const dy = by - ay;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
