// Seeded random numbers (xoshiro128**, Blackman and Vigna 2018) whose whole state can be stored and restored.

export type RandomState = readonly [number, number, number, number];

/** A stream of random numbers. The same seed gives the same stream on every machine. */
export class Random {
  #s: [number, number, number, number];

  constructor(seed: number | RandomState) {
    this.#s = typeof seed === 'number' ? expandSeed(seed) : [...seed];
  }

  /** The next 32 random bits as an unsigned integer. */
  bits(): number {
    const s = this.#s;
    const result = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 4294967296);
  }

  /** Uniform integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal distribution (Box-Muller, one of the pair, so that the state stays four words). */
  normal(mean = 0, deviation = 1): number {
    const u = 1 - this.uniform();
    return mean + deviation * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('internal: pick from an empty list');
    return items[this.int(items.length)] as T;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** An independent stream for a named purpose; it does not advance this one. */
  fork(label: string | number): Random {
    let hash = 2166136261;
    for (const c of `${this.#s.join(',')}/${label}`) hash = Math.imul(hash ^ c.charCodeAt(0), 16777619);
    return new Random(hash >>> 0);
  }

  state(): RandomState {
    return [...this.#s];
  }
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** SplitMix32: four well-mixed words from one seed. */
function expandSeed(seed: number): [number, number, number, number] {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x9e3779b9) | 0;
    let t = a ^ (a >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return t ^ (t >>> 15);
  };
  return [next(), next(), next(), next()];
}
