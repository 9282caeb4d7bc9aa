import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { labelComponents } from './components.ts';
import { distanceToSegment, type Point, simplify, traceOutline } from './outline.ts';

const trace = (rows: string[]) => {
  const [width, height] = [rows[0]!.length, rows.length];
  const mask = Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0));
  const { labels } = labelComponents(mask, width, height);
  return traceOutline(labels, width, height, mask.indexOf(1));
};

describe('traceOutline', () => {
  it('goes around one pixel', () => {
    expect(trace(['...', '.#.', '...'])).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
      [1, 2],
    ]);
  });

  it('follows pixels that touch only at a corner', () => {
    expect(trace(['#.', '.#'])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 1],
      [2, 2],
      [1, 2],
      [1, 1],
      [0, 1],
    ]);
  });

  it('encloses the area of the pixels, holes filled', () => {
    const random = new Random(9);
    for (let round = 0; round < 40; round++) {
      const [width, height] = [2 + random.int(14), 2 + random.int(14)];
      const mask = Uint8Array.from({ length: width * height }, () => (random.chance(0.45) ? 1 : 0));
      const { labels, count } = labelComponents(mask, width, height);
      for (let label = 1; label <= count; label++) {
        const outline = traceOutline(labels, width, height, labels.indexOf(label));
        expect(shoelace(outline)).toBe(filledArea(labels, label, width, height));
      }
    }
  });
});

describe('simplify', () => {
  it('makes a line of a staircase', () => {
    const stairs = trace(['#....', '##...', '###..', '####.', '#####']);
    expect(stairs.length).toBe(12);
    const simple = simplify(stairs, 0.75);
    expect(simple.length).toBeLessThanOrEqual(5);
    expect(simple[0]).toEqual([0, 0]);
  });

  it('drops no point that is further away than the tolerance', () => {
    const random = new Random(3);
    const polygon: Point[] = Array.from({ length: 60 }, (_, i) => {
      const [angle, r] = [(i / 60) * 2 * Math.PI, 20 + random.uniform(-3, 3)];
      return [r * Math.cos(angle), r * Math.sin(angle)];
    });
    for (const tolerance of [0.5, 1, 3]) {
      const simple = simplify(polygon, tolerance);
      expect(simple.length).toBeLessThan(polygon.length);
      const sides = simple.map((p, i) => [p, simple[(i + 1) % simple.length]!] as const);
      for (const p of polygon)
        expect(Math.min(...sides.map(([a, b]) => distanceToSegment(p, a, b)))).toBeLessThanOrEqual(tolerance);
    }
  });

  it('keeps a square and a sliver as polygons', () => {
    expect(simplify(trace(['##', '##']), 5)).toHaveLength(4);
    expect(simplify(trace(['#####', '.####']), 5).length).toBeGreaterThanOrEqual(3);
  });
});

function shoelace(polygon: Point[]): number {
  let sum = 0;
  polygon.forEach(([x, y], i) => {
    const [u, v] = polygon[(i + 1) % polygon.length]!;
    sum += x * v - u * y;
  });
  return sum / 2;
}

/** Pixels of the component plus those that a walk by sides from beyond the border cannot reach. */
function filledArea(labels: Int32Array, label: number, width: number, height: number): number {
  const reached = new Set<string>();
  const open: Point[] = [[-1, -1]];
  while (open.length > 0) {
    const [x, y] = open.pop()!;
    const key = `${x},${y}`;
    if (x < -1 || y < -1 || x > width || y > height || reached.has(key)) continue;
    if (x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] === label) continue;
    reached.add(key);
    open.push([x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]);
  }
  return (width + 2) * (height + 2) - reached.size;
}
