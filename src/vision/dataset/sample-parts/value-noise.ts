// Smooth seeded noise for grain, wear and irregular outlines.

import type { Random } from '../../../autodiff/random.ts';

const side = 64;

/** Value noise on a lattice of random numbers that repeats every 64 steps. All results lie in [-1, 1]. */
export class ValueNoise {
  readonly #lattice = new Float32Array(side * side);

  constructor(random: Random) {
    for (let i = 0; i < this.#lattice.length; i++) this.#lattice[i] = random.uniform(-1, 1);
  }

  at(x: number, y: number): number {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const sx = fx * fx * (3 - 2 * fx);
    const sy = fy * fy * (3 - 2 * fy);
    const left = x0 & (side - 1);
    const right = (x0 + 1) & (side - 1);
    const top = (y0 & (side - 1)) * side;
    const bottom = ((y0 + 1) & (side - 1)) * side;
    const t = this.#lattice;
    const above = t[top + left]! + (t[top + right]! - t[top + left]!) * sx;
    const below = t[bottom + left]! + (t[bottom + right]! - t[bottom + left]!) * sx;
    return above + (below - above) * sy;
  }

  /** Octaves of halving amplitude and doubling frequency, scaled back into [-1, 1]. */
  fractal(x: number, y: number, octaves: number): number {
    let sum = 0;
    let amplitude = 1;
    let total = 0;
    for (let o = 0; o < octaves; o++) {
      // An offset per octave keeps the lattices from lining up at the origin.
      sum += amplitude * this.at(x + o * 17.3, y + o * 9.1);
      total += amplitude;
      amplitude *= 0.5;
      x *= 2;
      y *= 2;
    }
    return sum / total;
  }
}
