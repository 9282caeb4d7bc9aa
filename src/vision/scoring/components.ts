// Connected components of a mask: pixels that touch at a side or a corner belong together.

export interface Components {
  /** One label a pixel: 0 outside the mask, 1..count inside, numbered in the order of their first pixels. */
  readonly labels: Int32Array;
  readonly count: number;
}

/** Label the 8-connected components of `mask` (non-zero is inside; width * height values). Two passes with union-find. */
export function labelComponents(mask: ArrayLike<number>, width: number, height: number): Components {
  if (mask.length !== width * height)
    throw new Error(`internal: a mask of ${width}x${height} has ${mask.length} values`);
  const labels = new Int32Array(width * height);
  const parents: number[] = [0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!mask[i]) continue;
      let label = x > 0 ? labels[i - 1]! : 0;
      if (y > 0) {
        const from = x > 0 ? i - width - 1 : i - width;
        const to = x < width - 1 ? i - width + 1 : i - width;
        for (let j = from; j <= to; j++) {
          if (labels[j] !== 0) label = label === 0 ? labels[j]! : join(parents, label, labels[j]!);
        }
      }
      labels[i] = label === 0 ? parents.push(parents.length) - 1 : label;
    }
  }
  return { labels, count: renumber(labels, parents) };
}

/** Unite two trees and return the root; the smaller label wins, so that a root always comes first in scan order. */
function join(parents: number[], a: number, b: number): number {
  if (a === b) return a;
  const [ra, rb] = [root(parents, a), root(parents, b)];
  const first = Math.min(ra, rb);
  parents[ra] = first;
  parents[rb] = first;
  return first;
}

function root(parents: number[], label: number): number {
  let r = label;
  while (parents[r] !== r) {
    parents[r] = parents[parents[r]!]!;
    r = parents[r]!;
  }
  return r;
}

function renumber(labels: Int32Array, parents: number[]): number {
  const numbers = new Int32Array(parents.length);
  let count = 0;
  for (let label = 1; label < parents.length; label++) {
    const r = root(parents, label);
    numbers[label] = r === label ? ++count : numbers[r]!;
  }
  for (let i = 0; i < labels.length; i++) labels[i] = numbers[labels[i]!]!;
  return count;
}
