// Arrays that TypeScript and Python (scripts/fixtures/deterministic.py) compute alike, bit for bit, so that fixtures
// need not store their inputs.

/** How a fixture names an array that both sides compute. */
export interface DeterministicTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly offset: number;
}

/**
 * `count` values in [offset - scale/2, offset + scale/2), a function of the name and the position alone:
 * float32(offset + scale * (mix(i * 2654435761 + hash(name)) / 2^32 - 0.5)), integers mod 2^32,
 * with FNV-1a over the name's UTF-8 bytes as hash and the finalizer of MurmurHash3 as mix.
 */
export function deterministicArray(name: string, count: number, scale: number, offset = 0): Float32Array {
  const start = fnv1a(name);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const u = mix((Math.imul(i, 2654435761) + start) | 0) / 4294967296 - 0.5;
    out[i] = offset + scale * u;
  }
  return out;
}

/** The values of a tensor that a fixture describes. */
export function deterministicValues({ name, shape, scale, offset }: DeterministicTensor): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return deterministicArray(name, count, scale, offset);
}

function fnv1a(name: string): number {
  let h = 2166136261;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 16777619);
  return h | 0;
}

function mix(bits: number): number {
  let h = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
