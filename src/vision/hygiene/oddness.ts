// How unlike all the others each picture is: leave-one-out nearest neighbours of its patches in frozen features.
import {
  averagePool2d,
  concat,
  constant,
  graph,
  input,
  matmul,
  Parameters,
  Random,
  type Runtime,
  type RuntimeSession,
  reshape,
  toOnnx,
  trace,
  transpose,
} from '../../autodiff/index.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { Picture } from '../image/picture.ts';
import { toPlanes } from '../image/planes.ts';
import { resize } from '../image/resize.ts';

/** Pictures are seen at this side, which all encoders' strides divide. */
const SIDE = 256;
const GRID = 16;
export const PATCHES = GRID * GRID;
/** Deeper maps say what is seen, shallower ones how it looks; these two are enough to find an odd picture. */
const STRIDES = [8, 16];
/** Channels are brought to one scale by the statistics of so many pictures, and kept as so many random directions. */
const SCALED_BY = 32;
const DIRECTIONS = 64;
/** Patches that others are held against, of all pictures together. */
const BANK = 4096;
/** The mean over the oddest patches: a single one may be chance. */
const ODDEST = 3;

/**
 * Takes pictures one at a time and keeps 64 kB of each. `scores` are mean distances of the three oddest patches of each picture
 * to the nearest patch of any other picture; their scale is that of these pictures alone.
 */
export class Oddness {
  readonly #runtime: Runtime;
  readonly #encoder: Encoder;
  readonly #session: RuntimeSession;
  readonly #random: Random;
  /** Features [PATCHES, channels] that wait for the scale. */
  #waiting: Float32Array[] = [];
  #scale: Scale | null = null;
  /** [PATCHES, DIRECTIONS] each. */
  readonly #kept: Float32Array[] = [];

  private constructor(runtime: Runtime, encoder: Encoder, session: RuntimeSession, seed: number) {
    this.#runtime = runtime;
    this.#encoder = encoder;
    this.#session = session;
    this.#random = new Random(seed);
  }

  static async open(runtime: Runtime, encoder: Encoder, seed: number): Promise<Oddness> {
    return new Oddness(runtime, encoder, await runtime.load(toOnnx(patchGraph(encoder))), seed);
  }

  async add(picture: Picture): Promise<void> {
    const planes = toPlanes(resize(picture, SIDE, SIDE, 'area'), this.#encoder.normalization);
    const out = await this.#session.run({ x: { type: 'float32', dims: [1, 3, SIDE, SIDE], data: planes } });
    this.#waiting.push(Float32Array.from(out.patches!.data as Float32Array));
    if (this.#scale !== null || this.#waiting.length === SCALED_BY) this.#settle();
  }

  /** In the order added. Fewer than two pictures have nothing to be compared with: null. */
  async scores(): Promise<number[] | null> {
    if (this.#kept.length + this.#waiting.length < 2) return null;
    this.#settle();
    const bank = this.#bank();
    const session = await this.#runtime.load(toOnnx(distanceGraph(bank.data, bank.owners.length)));
    try {
      const scores: number[] = [];
      for (const [owner, patches] of this.#kept.entries()) {
        const out = await session.run({
          patches: { type: 'float32', dims: [PATCHES, DIRECTIONS], data: patches },
        });
        scores.push(oddestOf(patches, out.products!.data as Float32Array, bank, owner));
      }
      return scores;
    } finally {
      await session.close();
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    this.#scale ??= scaleOf(this.#waiting, this.#random);
    for (const features of this.#waiting) this.#kept.push(projected(features, this.#scale));
    this.#waiting = [];
  }

  /** An equal share of random patches of each picture; all of them when there is room. */
  #bank(): Bank {
    const share = Math.max(1, Math.min(PATCHES, Math.floor(BANK / this.#kept.length)));
    const data = new Float32Array(this.#kept.length * share * DIRECTIONS);
    const owners = new Int32Array(this.#kept.length * share);
    const order = Array.from({ length: PATCHES }, (_, i) => i);
    this.#kept.forEach((patches, owner) => {
      const chosen = share === PATCHES ? order : this.#random.shuffled(order).slice(0, share);
      chosen.forEach((patch, i) => {
        const at = owner * share + i;
        owners[at] = owner;
        data.set(patches.subarray(patch * DIRECTIONS, (patch + 1) * DIRECTIONS), at * DIRECTIONS);
      });
    });
    return { data, owners, squares: squaresOf(data) };
  }
}

interface Scale {
  readonly channels: number;
  /** [channels, DIRECTIONS], and what it makes of the means. */
  readonly matrix: Float32Array;
  readonly offset: Float32Array;
}

interface Bank {
  readonly data: Float32Array;
  readonly owners: Int32Array;
  readonly squares: Float32Array;
}

/** x [1, 3, SIDE, SIDE] -> patches [PATCHES, channels]: maps of two strides on one grid, each averaged over 3x3 places. */
function patchGraph(encoder: Encoder) {
  const wanted = encoder.levels.flatMap(({ stride }, i) => (STRIDES.includes(stride) ? [{ stride, i }] : []));
  return trace(new Parameters(0), {
    inputs: { x: { shape: [1, 3, SIDE, SIDE] } },
    build: (_, { x }) => {
      const maps = encoder.features(x!);
      const parts = wanted.map(({ stride, i }) => {
        const shrink = SIDE / stride / GRID;
        const map = shrink === 1 ? maps[i]! : averagePool2d(maps[i]!, { kernel: shrink, stride: shrink });
        return averagePool2d(map, { kernel: 3, stride: 1, pad: 1, countIncludePad: false });
      });
      const all = concat(parts, 1);
      const channels = all.type.shape[1]!;
      return { patches: transpose(reshape(all, [channels, PATCHES]), [1, 0]) };
    },
  });
}

/** patches [PATCHES, DIRECTIONS] -> their products with every patch of the bank. */
function distanceGraph(bank: Float32Array, rows: number) {
  const patches = input('patches', [PATCHES, DIRECTIONS]);
  const products = matmul(patches, constant(bank, [rows, DIRECTIONS]), { transB: true });
  return graph({ inputs: [patches], outputs: { products } });
}

function scaleOf(pictures: readonly Float32Array[], random: Random): Scale {
  const channels = pictures[0]!.length / PATCHES;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  for (const features of pictures)
    for (let i = 0; i < features.length; i++) {
      const c = i % channels;
      sums[c]! += features[i]!;
      squares[c]! += features[i]! ** 2;
    }
  const count = pictures.length * PATCHES;
  const matrix = new Float32Array(channels * DIRECTIONS);
  const offset = new Float32Array(DIRECTIONS);
  for (let c = 0; c < channels; c++) {
    const mean = sums[c]! / count;
    const deviation = Math.sqrt(Math.max(0, squares[c]! / count - mean * mean));
    // A channel that never moves says nothing.
    const scale = deviation > 1e-6 ? 1 / (deviation * Math.sqrt(DIRECTIONS)) : 0;
    for (let d = 0; d < DIRECTIONS; d++) {
      const weight = random.normal() * scale;
      matrix[c * DIRECTIONS + d] = weight;
      offset[d]! -= mean * weight;
    }
  }
  return { channels, matrix, offset };
}

function projected(features: Float32Array, { channels, matrix, offset }: Scale): Float32Array {
  const out = new Float32Array(PATCHES * DIRECTIONS);
  for (let p = 0; p < PATCHES; p++) {
    const row = out.subarray(p * DIRECTIONS, (p + 1) * DIRECTIONS);
    row.set(offset);
    for (let c = 0; c < channels; c++) {
      const value = features[p * channels + c]!;
      const from = c * DIRECTIONS;
      for (let d = 0; d < DIRECTIONS; d++) row[d]! += value * matrix[from + d]!;
    }
  }
  return out;
}

function squaresOf(rows: Float32Array): Float32Array {
  const squares = new Float32Array(rows.length / DIRECTIONS);
  for (let i = 0; i < rows.length; i++) squares[Math.floor(i / DIRECTIONS)]! += rows[i]! ** 2;
  return squares;
}

/** products: [PATCHES, bank], of which those with the picture's own patches do not count. */
function oddestOf(
  patches: Float32Array,
  products: Float32Array,
  { owners, squares }: Bank,
  owner: number,
): number {
  const own = squaresOf(patches);
  const nearest = new Float64Array(PATCHES);
  for (let p = 0; p < PATCHES; p++) {
    let least = Number.POSITIVE_INFINITY;
    for (let b = 0, at = p * owners.length; b < owners.length; b++, at++) {
      if (owners[b] === owner) continue;
      const distance = squares[b]! - 2 * products[at]!;
      if (distance < least) least = distance;
    }
    nearest[p] = Math.sqrt(Math.max(0, own[p]! + least));
  }
  const oddest = nearest.sort().subarray(PATCHES - ODDEST);
  return oddest.reduce((a, b) => a + b) / ODDEST;
}
