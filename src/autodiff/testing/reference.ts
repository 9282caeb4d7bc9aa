// The ops with windows, weights and statistics, written out plainly in float64: what the engine's results are compared with.
import type { Pads, Pair } from '../ops/attributes.ts';
import { elementCount, type Shape, stridesOf } from '../tensor.ts';

/** A tensor of plain numbers, row-major. */
export interface Plain {
  readonly shape: Shape;
  readonly data: readonly number[] | Float32Array;
}

/** The tensor whose element at each position is `f(position)`. */
export function fromPositions(shape: Shape, f: (...position: number[]) => number): Plain {
  const strides = stridesOf(shape);
  const data = Array.from({ length: elementCount(shape) }, (_, i) =>
    f(...shape.map((n, axis) => Math.floor(i / strides[axis]!) % n)),
  );
  return { shape, data };
}

/** Reads an element; 0 outside. */
function reader({ shape, data }: Plain): (...position: number[]) => number {
  const strides = stridesOf(shape);
  return (...position) => {
    let offset = 0;
    for (const [axis, p] of position.entries()) {
      if (p < 0 || p >= shape[axis]!) return 0;
      offset += p * strides[axis]!;
    }
    return data[offset]!;
  };
}

function total(count: number, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += f(i);
  return sum;
}

export interface Conv {
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
  readonly groups: number;
}

/** x: [N, C, H, W], w: [O, C / G, kh, kw]. */
export function conv(x: Plain, w: Plain, { stride, pads, dilation, groups }: Conv): Plain {
  const [n, , height, width] = x.shape as [number, number, number, number];
  const [out, each, kh, kw] = w.shape as [number, number, number, number];
  const size = (length: number, k: number, i: 0 | 1) =>
    Math.floor((length + pads[i] + pads[i + 2]! - (k - 1) * dilation[i] - 1) / stride[i]) + 1;
  const [readX, readW] = [reader(x), reader(w)];
  return fromPositions([n, out, size(height, kh, 0), size(width, kw, 1)], (b, o, y, z) => {
    const first = Math.floor(o! / (out / groups)) * each;
    return total(each, (c) =>
      total(kh, (i) =>
        total(kw, (j) => {
          const row = y! * stride[0] - pads[0] + i * dilation[0];
          const column = z! * stride[1] - pads[1] + j * dilation[1];
          return readX(b!, first + c, row, column) * readW(o!, c, i, j);
        }),
      ),
    );
  });
}

/** x: [N, C, H, W], w: [C, O / G, kh, kw]: every pixel stamps the kernel onto the result. */
export function convTranspose(x: Plain, w: Plain, options: Conv & { readonly outputPads: Pair }): Plain {
  const { stride, pads, dilation, groups, outputPads } = options;
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const [, outEach, kh, kw] = w.shape as [number, number, number, number];
  const size = (length: number, k: number, i: 0 | 1) =>
    (length - 1) * stride[i] + (k - 1) * dilation[i] + 1 + outputPads[i] - pads[i] - pads[i + 2]!;
  const inEach = channels / groups;
  const [readX, readW] = [reader(x), reader(w)];
  return fromPositions([n, outEach * groups, size(height, kh, 0), size(width, kw, 1)], (b, o, y, z) => {
    const group = Math.floor(o! / outEach);
    return total(inEach, (c) =>
      total(kh, (i) =>
        total(kw, (j) => {
          const row = (y! + pads[0] - i * dilation[0]) / stride[0];
          const column = (z! + pads[1] - j * dilation[1]) / stride[1];
          if (!Number.isInteger(row) || !Number.isInteger(column)) return 0;
          const channel = group * inEach + c;
          return readX(b!, channel, row, column) * readW(channel, o! % outEach, i, j);
        }),
      ),
    );
  });
}

export interface Pool {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pads: Pads;
}

/** The pixels of every window that lie inside x, put through `f`. */
function pool(x: Plain, { kernel, stride, pads }: Pool, f: (inside: number[]) => number): Plain {
  const [n, channels, ...size] = x.shape as [number, number, number, number];
  const [height, width] = size;
  const count = (i: 0 | 1) => Math.floor((size[i]! + pads[i] + pads[i + 2]! - kernel[i]) / stride[i]) + 1;
  const read = reader(x);
  return fromPositions([n, channels, count(0), count(1)], (b, c, y, z) => {
    const inside: number[] = [];
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const row = y! * stride[0] - pads[0] + i;
        const column = z! * stride[1] - pads[1] + j;
        if (row >= 0 && row < height! && column >= 0 && column < width!)
          inside.push(read(b!, c!, row, column));
      }
    }
    return f(inside);
  });
}

export const maxPool = (x: Plain, window: Pool): Plain => pool(x, window, (inside) => Math.max(...inside));

export function averagePool(x: Plain, window: Pool, countIncludePad: boolean): Plain {
  const all = window.kernel[0] * window.kernel[1];
  return pool(
    x,
    window,
    (inside) => inside.reduce((a, b) => a + b, 0) / (countIncludePad ? all : inside.length),
  );
}

/** Bilinear between pixel centres, clamped at the edge; or the nearest pixel by floor of the scaled index. */
export function resize(x: Plain, height: number, width: number, mode: 'bilinear' | 'nearest'): Plain {
  const [n, channels, inHeight, inWidth] = x.shape as [number, number, number, number];
  const read = reader(x);
  /** [pixel, weight] of the pixels that make output o. */
  const sources = (o: number, from: number, to: number): readonly (readonly [number, number])[] => {
    if (mode === 'nearest') return [[Math.floor((o * from) / to), 1]];
    const centre = Math.min(from - 1, Math.max(0, ((o + 0.5) * from) / to - 0.5));
    const low = Math.floor(centre);
    return [
      [low, 1 - (centre - low)],
      [Math.min(low + 1, from - 1), centre - low],
    ];
  };
  return fromPositions([n, channels, height, width], (b, c, y, z) =>
    sources(y!, inHeight, height)
      .flatMap(([row, a]) =>
        sources(z!, inWidth, width).map(([column, d]) => a * d * read(b!, c!, row, column)),
      )
      .reduce((p, q) => p + q, 0),
  );
}

/** Mean and biased variance of the elements that share a key, and x normalised by them. */
export function normalise(x: Plain, eps: number, keyOf: (...position: number[]) => string) {
  const strides = stridesOf(x.shape);
  const keys = Array.from(x.data, (_, i) =>
    keyOf(...x.shape.map((n, axis) => Math.floor(i / strides[axis]!) % n)),
  );
  const groups = new Map<string, number[]>();
  for (const [i, key] of keys.entries()) groups.set(key, [...(groups.get(key) ?? []), x.data[i]!]);
  const statistics = new Map(
    [...groups].map(([key, list]) => {
      const mean = list.reduce((a, b) => a + b) / list.length;
      return [key, { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length }] as const;
    }),
  );
  const data = keys.map((key, i) => {
    const { mean, variance } = statistics.get(key)!;
    return (x.data[i]! - mean) / Math.sqrt(variance + eps);
  });
  return { y: { shape: x.shape, data } as Plain, statistics };
}

/** Matrix product over the last two axes, with transposes and broadcasting of the others. */
export function matmul(a: Plain, b: Plain, transA: boolean, transB: boolean): Plain {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = Math.max(batchA.length, batchB.length);
  const padded = (batch: Shape) => [...new Array<number>(rank - batch.length).fill(1), ...batch];
  const batch = padded(batchA).map((n, i) => Math.max(n, padded(batchB)[i]!));
  const [m, k] = transA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const n = transB ? b.shape.at(-2)! : b.shape.at(-1)!;
  const [readA, readB] = [reader(a), reader(b)];
  return fromPositions([...batch, m, n], (...position) => {
    const [i, j] = position.slice(-2) as [number, number];
    const own = (shape: Shape) =>
      shape.map((size, axis) => (size === 1 ? 0 : position[rank - shape.length + axis]!));
    return total(k, (l) => {
      const left = transA ? [l, i] : [i, l];
      const right = transB ? [j, l] : [l, j];
      return readA(...own(batchA), ...left) * readB(...own(batchB), ...right);
    });
  });
}
