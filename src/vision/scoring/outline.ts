// The outline of a labelled component as a polygon, and its simplification.

export type Point = readonly [x: number, y: number];

/** The steps of the walk, each a right turn after the one before: right, down, left, up. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** The pixel ahead on the left of a corner, for each step; the one ahead on the right is that of the next step. */
const AHEAD_LEFT = [
  [0, -1],
  [0, 0],
  [-1, 0],
  [-1, -1],
] as const;

/**
 * The outer outline of the 8-connected component at `first`, its first pixel in scan order: the corners of a clockwise
 * walk along the sides of its pixels, where pixel (x, y) spans x..x+1 and y..y+1.
 */
export function traceOutline(labels: Int32Array, width: number, height: number, first: number): Point[] {
  const label = labels[first]!;
  const inside = (x: number, y: number, [dx, dy]: Point) => {
    const [u, v] = [x + dx, y + dy];
    return u >= 0 && v >= 0 && u < width && v < height && labels[v * width + u] === label;
  };
  const start: Point = [first % width, Math.floor(first / width)];
  const corners = [start];
  let [x, y, step] = [start[0] + 1, start[1], 0];
  while (x !== start[0] || y !== start[1]) {
    const left = inside(x, y, AHEAD_LEFT[step]!);
    const right = inside(x, y, AHEAD_LEFT[(step + 1) % 4]!);
    if (left || !right) {
      corners.push([x, y]);
      step = (step + (left ? 3 : 1)) % 4;
    }
    x += STEPS[step]![0];
    y += STEPS[step]![1];
  }
  return corners;
}

/**
 * The closed polygon with fewer points (Douglas and Peucker 1973): no dropped point lies further than `tolerance` from
 * the outline that is left. Keeps at least three points of those given.
 */
export function simplify(polygon: readonly Point[], tolerance: number): Point[] {
  if (polygon.length <= 4) return [...polygon];
  const closed = [...polygon, polygon[0]!];
  const far = farthest(closed, 0, closed.length - 1).index;
  const kept = new Set([0, far]);
  const open: [number, number][] = [
    [0, far],
    [far, closed.length - 1],
  ];
  while (open.length > 0) {
    const [from, to] = open.pop()!;
    const { index, distance } = farthest(closed, from, to);
    if (distance <= tolerance) continue;
    kept.add(index);
    open.push([from, index], [index, to]);
  }
  if (kept.size < 3) kept.add(farthest(closed, 0, far).index);
  return polygon.filter((_, i) => kept.has(i));
}

/** The point between two others that is farthest from the segment that joins them. */
function farthest(points: readonly Point[], from: number, to: number): { index: number; distance: number } {
  let [index, distance] = [from, -1];
  for (let i = from + 1; i < to; i++) {
    const d = distanceToSegment(points[i]!, points[from]!, points[to]!);
    if (d > distance) [index, distance] = [i, d];
  }
  return { index, distance };
}

export function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
