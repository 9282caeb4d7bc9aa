// The mask over its picture: what was painted shows through as one flat colour, however strokes cross.
import { useId } from 'react';
import { pathOf, type Stroke } from './strokes.ts';

export function MaskLayer({
  width,
  height,
  href,
  strokes,
}: {
  readonly width: number;
  readonly height: number;
  readonly href: string | null;
  readonly strokes: readonly Stroke[];
}) {
  const id = useId();
  if (href === null && strokes.length === 0) return null;
  return (
    <g className="viewer-mask">
      <mask id={id} maskUnits="userSpaceOnUse" x="0" y="0" width={width} height={height}>
        {href !== null && <image href={href} width={width} height={height} />}
        {strokes.map((stroke, i) => (
          <path
            // biome-ignore lint/suspicious/noArrayIndexKey: strokes come and go at the end alone
            key={i}
            d={pathOf(stroke)}
            fill="none"
            stroke={stroke.erases ? '#000' : '#fff'}
            strokeWidth={stroke.width}
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        ))}
      </mask>
      <rect width={width} height={height} mask={`url(#${id})`} />
    </g>
  );
}
