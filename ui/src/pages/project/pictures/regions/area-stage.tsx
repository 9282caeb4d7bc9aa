// The picture with the areas over it, their corners to take, and the one that is being drawn.
import { useRef } from 'react';
import { Stage } from '../../../../components/stage.tsx';
import { useWords } from '../../../../text/language.tsx';
import type { ShownPicture } from '../viewer/picture-of.ts';
import { type Point, regionsOf } from './areas.ts';
import { RegionShapes } from './region-shapes.tsx';
import type { Drawing } from './use-drawing.ts';
import { words } from './words.ts';

/** How near a corner is taken, in pixels of the screen. */
const reach = 14;

export function AreaStage({
  picture,
  drawing,
}: {
  readonly picture: ShownPicture;
  readonly drawing: Drawing;
}) {
  const w = useWords(words);
  const { width, height, href } = picture;
  const { areas, draft, cursor, chosen } = drawing;
  const box = useRef<HTMLDivElement>(null);
  const pointsOf = (points: readonly Point[]) =>
    points.map(([x, y]) => `${x * width},${y * height}`).join(' ');
  const corner = ([x, y]: Point, i: number, className = '') => (
    <circle
      key={i}
      className={`area-corner ${className}`}
      cx={x * width}
      cy={y * height}
      r={Math.max(width, height) / 140}
    />
  );
  const own = areas.find(({ id }) => id === chosen);
  const draftPoints = draft === null || cursor === null ? (draft?.points ?? []) : [...draft.points, cursor];
  return (
    <div className="area-stage" ref={box}>
      <Stage
        width={width}
        height={height}
        label={w.stage}
        onKeyDown={drawing.onKey}
        onDraw={(event, { x, y }) => {
          const scale = event.currentTarget.getScreenCTM()?.a ?? 1;
          const near: Point = [reach / scale / width, reach / scale / height];
          drawing.onPointer(event, [x / width, y / height], near);
        }}
        className={draft === null ? '' : 'drawing'}
      >
        <image href={href} width={width} height={height} />
        <RegionShapes regions={regionsOf(areas)} width={width} height={height} />
        {areas.map(({ id, kind, points }) => (
          <polygon
            key={id}
            className={`area ${kind}${id === chosen ? ' chosen' : ''}`}
            points={pointsOf(points)}
          />
        ))}
        {own?.points.map((point, i) => corner(point, i))}
        {draft !== null && (
          <>
            <polyline className={`area draft ${draft.kind}`} points={pointsOf(draftPoints)} />
            {draft.points.map((point, i) =>
              corner(point, i, i === 0 && draft.points.length > 2 ? 'first' : ''),
            )}
            {cursor !== null && (
              <path
                className="area-cross"
                d={`M${cursor[0] * width} ${cursor[1] * height - height / 30}v${height / 15}m${-width / 30} ${-height / 30}h${width / 15}`}
              />
            )}
          </>
        )}
      </Stage>
    </div>
  );
}
