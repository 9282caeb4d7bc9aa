import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { labelComponents } from './components.ts';

const draw = (rows: string[]) => ({
  mask: Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0)),
  width: rows[0]!.length,
  height: rows.length,
});
const label = (rows: string[]) => {
  const { mask, width, height } = draw(rows);
  return labelComponents(mask, width, height);
};

describe('labelComponents', () => {
  it('joins pixels that touch at a corner', () => {
    expect(label(['#..', '.#.', '..#']).count).toBe(1);
  });

  it('joins two arms that meet only at the bottom', () => {
    const { labels, count } = label(['#...#', '#...#', '.###.', '.....', '#....']);
    expect(count).toBe(2);
    expect(labels[0]).toBe(labels[4]);
    expect([...labels.slice(20)]).toEqual([2, 0, 0, 0, 0]);
  });

  it('does not wrap around the edge of the picture', () => {
    expect(label(['..#', '#..']).count).toBe(2);
  });

  it('labels nothing in an empty mask and everything in a full one', () => {
    expect(label(['...', '...']).count).toBe(0);
    expect([...label(['##', '##']).labels]).toEqual([1, 1, 1, 1]);
  });

  it('agrees with a flood fill on random masks', () => {
    const random = new Random(7);
    for (let round = 0; round < 60; round++) {
      const [width, height] = [1 + random.int(17), 1 + random.int(17)];
      const density = random.uniform(0.1, 0.7);
      const mask = Uint8Array.from({ length: width * height }, () => (random.chance(density) ? 1 : 0));
      expect(labelComponents(mask, width, height)).toEqual(floodFill(mask, width, height));
    }
  });

  it('refuses a mask of the wrong size', () => {
    expect(() => labelComponents(new Uint8Array(5), 2, 2)).toThrow('internal: a mask of 2x2 has 5 values');
  });
});

function floodFill(mask: Uint8Array, width: number, height: number) {
  const labels = new Int32Array(mask.length);
  let count = 0;
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    count++;
    const open = [start];
    while (open.length > 0) {
      const i = open.pop()!;
      if (labels[i] || !mask[i]) continue;
      labels[i] = count;
      const [x, y] = [i % width, Math.floor(i / width)];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) open.push(v * width + u);
    }
  }
  return { labels, count };
}
