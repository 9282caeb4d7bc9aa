// Where a picture is looked at: what is left out lies in shade.
import { useId } from 'react';
import type { Regions } from './use-regions.ts';

export function RegionShapes({
  regions: { include, ignore },
  width,
  height,
}: {
  readonly regions: Regions;
  readonly width: number;
  readonly height: number;
}) {
  const id = useId();
  if (include.length === 0 && ignore.length === 0) return null;
  const pointsOf = (polygon: readonly (readonly number[])[]) =>
    polygon.map(([x = 0, y = 0]) => `${x * width},${y * height}`).join(' ');
  return (
    <g className="region-shade">
      <mask id={id} maskUnits="userSpaceOnUse" x="0" y="0" width={width} height={height}>
        <rect width={width} height={height} fill={include.length === 0 ? '#000' : '#fff'} />
        {include.map((polygon, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: polygons have no other name
          <polygon key={`include ${i}`} points={pointsOf(polygon)} fill="#000" />
        ))}
        {ignore.map((polygon, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: polygons have no other name
          <polygon key={`ignore ${i}`} points={pointsOf(polygon)} fill="#fff" />
        ))}
      </mask>
      <rect width={width} height={height} mask={`url(#${id})`} />
    </g>
  );
}
