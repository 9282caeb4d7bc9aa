// Areas while they are drawn: polygons in shares of the picture, chosen, moved and taken back. Pure.
import type { Regions } from './use-regions.ts';

export type Kind = 'include' | 'ignore';
export type Point = readonly [x: number, y: number];

export interface Area {
  readonly id: number;
  readonly kind: Kind;
  readonly points: readonly Point[];
}

let lastId = 0;

export function areaOf(kind: Kind, points: readonly Point[]): Area {
  return { id: ++lastId, kind, points };
}

export function areasOf({ include, ignore }: Regions): Area[] {
  const all = (kind: Kind, polygons: readonly (readonly (readonly number[])[])[]) =>
    polygons.map((points) =>
      areaOf(
        kind,
        points.map(([x = 0, y = 0]): Point => [x, y]),
      ),
    );
  return [...all('include', include), ...all('ignore', ignore)];
}

/** Rounded to a hundredth of a pixel of a large picture, so that what is saved is what is shown. */
export function regionsOf(areas: readonly Area[]): Regions {
  const of = (wanted: Kind) =>
    areas
      .filter(({ kind }) => kind === wanted)
      .map(({ points }) => points.map(([x, y]) => [round(x), round(y)]));
  return { include: of('include'), ignore: of('ignore') };
}

const round = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * 1e6) / 1e6;

/** Share of the picture, by the shoelace formula. */
export function shareOf({ points }: Area): number {
  let twice = 0;
  for (const [i, [x, y]] of points.entries()) {
    const [nextX, nextY] = points[(i + 1) % points.length]!;
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

/** The even-odd rule, as the server fills polygons. */
export function isWithin([x, y]: Point, { points }: Area): boolean {
  let inside = false;
  for (const [i, [ax, ay]] of points.entries()) {
    const [bx, by] = points[(i + points.length - 1) % points.length]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** No further than the edges of the picture. */
export function moved(area: Area, [dx, dy]: Point): Area {
  const xs = area.points.map(([x]) => x);
  const ys = area.points.map(([, y]) => y);
  const stepX = Math.max(-Math.min(...xs), Math.min(1 - Math.max(...xs), dx));
  const stepY = Math.max(-Math.min(...ys), Math.min(1 - Math.max(...ys), dy));
  return { ...area, points: area.points.map(([x, y]): Point => [x + stepX, y + stepY]) };
}

export function withPoint(area: Area, at: number, point: Point): Area {
  return { ...area, points: area.points.map((old, i) => (i === at ? inPicture(point) : old)) };
}

export const inPicture = ([x, y]: Point): Point => [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
