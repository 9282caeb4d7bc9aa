// The picture with its boxes: mouse, pen, touch and keys draw, choose, move, resize and remove them.
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { Stage } from '../../../components/stage.tsx';
import { useWords } from '../../../text/language.tsx';
import {
  between,
  boxAt,
  type Drawing,
  type DrawnBox,
  type Grip,
  grips,
  pulled,
  type Size,
  type Step,
  within,
} from './boxes.ts';
import { words } from './words.ts';

interface BoxStageProps {
  readonly name: string;
  readonly url: string;
  readonly size: Size;
  readonly drawing: Drawing;
  readonly step: (step: Step) => void;
  /** What new boxes are of; null: there is none yet. */
  readonly activeClass: string | null;
  readonly classes: readonly string[];
  /** Boxes that a model proposes. */
  readonly proposed: readonly DrawnBox[];
  readonly onAccept: (box: DrawnBox) => void;
  /** For a drawing without a class. */
  readonly onNoClass: () => void;
  readonly onKeyDown: (event: KeyboardEvent<SVGSVGElement>) => void;
}

type Drag =
  | { readonly kind: 'new'; readonly from: Point; readonly to: Point }
  | { readonly kind: 'move'; readonly from: Point; readonly box: DrawnBox; readonly begun: boolean }
  | {
      readonly kind: 'pull';
      readonly from: Point;
      readonly box: DrawnBox;
      readonly grip: Grip;
      readonly begun: boolean;
    };

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Pixels of the screen. */
const gripReach = 9;
const leastDrawn = 4;

export function BoxStage(props: BoxStageProps) {
  const { name, url, size, drawing, step, activeClass, classes, proposed, onAccept, onNoClass, onKeyDown } =
    props;
  const w = useWords(words);
  const [drag, setDrag] = useState<Drag | null>(null);
  const dragRef = useRef<Drag | null>(null);
  const [scale, setScale] = useState(1);
  const hold = (next: Drag | null) => {
    dragRef.current = next;
    setDrag(next);
  };
  const selected = drawing.boxes.find(({ id }) => id === drawing.selected) ?? null;

  const onDraw = (event: PointerEvent<SVGSVGElement>, at: Point) => {
    const screen = event.currentTarget.getScreenCTM()?.a ?? 1;
    const now = dragRef.current;
    if (event.type === 'pointerdown' && event.button === 0) {
      const grip = selected === null ? null : gripAt(selected, at, gripReach / screen);
      if (selected !== null && grip !== null)
        return hold({ kind: 'pull', from: at, box: selected, grip, begun: false });
      const hit = event.shiftKey ? null : boxAt(drawing.boxes, at);
      if (hit !== null) {
        step({ type: 'select', id: hit.id });
        return hold({ kind: 'move', from: at, box: hit, begun: false });
      }
      const offered = event.shiftKey ? null : boxAt(proposed, at);
      if (offered !== null) return onAccept(offered);
      step({ type: 'select', id: null });
      if (activeClass === null) return onNoClass();
      return hold({ kind: 'new', from: at, to: at });
    }
    if (now === null) return;
    if (event.type === 'pointermove') {
      if (now.kind === 'new') return hold({ ...now, to: at });
      const [dx, dy] = [at.x - now.from.x, at.y - now.from.y];
      if (!now.begun && Math.hypot(dx, dy) * screen < 3) return;
      const box =
        now.kind === 'move'
          ? within({ ...now.box, x: now.box.x + dx, y: now.box.y + dy }, size)
          : pulled(now.box, now.grip, dx, dy, size);
      step({ type: 'change', box, first: !now.begun });
      return hold({ ...now, begun: true });
    }
    if (event.type === 'pointerup' || event.type === 'pointercancel') {
      hold(null);
      if (now.kind !== 'new' || event.type === 'pointercancel' || activeClass === null) return;
      const box = between(crypto.randomUUID(), activeClass, now.from, at, size);
      // A click is no box.
      if (Math.min(box.width, box.height) * screen >= leastDrawn) step({ type: 'add', boxes: [box] });
    }
  };

  const drawnNow =
    drag?.kind === 'new' && activeClass !== null ? between('', activeClass, drag.from, drag.to, size) : null;
  const line = 2 / scale;
  const colour = (label: string) => `var(--class-${Math.max(0, classes.indexOf(label)) % 8})`;
  return (
    <Stage
      className="label-stage"
      width={size.width}
      height={size.height}
      label={w.stage(name)}
      onDraw={onDraw}
      onScale={setScale}
      onKeyDown={onKeyDown}
    >
      <image href={url} width={size.width} height={size.height} preserveAspectRatio="none" />
      {proposed.map((box) => (
        <rect
          key={box.id}
          {...placeOf(box)}
          className="label-proposed"
          stroke={colour(box.label)}
          strokeWidth={line}
          strokeDasharray={`${6 / scale} ${4 / scale}`}
        />
      ))}
      {[...drawing.boxes, ...(drawnNow === null ? [] : [drawnNow])].map((box) => (
        <g key={box.id} className="label-box" data-label={box.label}>
          <rect {...placeOf(box)} className="label-halo" strokeWidth={line * 2} />
          <rect
            {...placeOf(box)}
            stroke={colour(box.label)}
            fill={colour(box.label)}
            fillOpacity={box.id === drawing.selected ? 0.22 : 0.08}
            strokeWidth={box.id === drawing.selected ? line * 1.5 : line}
          />
          <text
            x={box.x + 4 / scale}
            y={box.y > 18 / scale ? box.y - 5 / scale : box.y + 14 / scale}
            fontSize={12 / scale}
            strokeWidth={3 / scale}
          >
            {box.label}
          </text>
        </g>
      ))}
      {selected !== null &&
        grips.map((grip) => {
          const at = gripPoint(selected, grip);
          const side = 9 / scale;
          return (
            <rect
              key={grip.join()}
              className="label-grip"
              x={at.x - side / 2}
              y={at.y - side / 2}
              width={side}
              height={side}
              strokeWidth={1.5 / scale}
              stroke={colour(selected.label)}
            />
          );
        })}
    </Stage>
  );
}

const placeOf = ({ x, y, width, height }: DrawnBox) => ({ x, y, width, height });

function gripPoint({ x, y, width, height }: DrawnBox, [gx, gy]: Grip): Point {
  return { x: x + ((gx + 1) / 2) * width, y: y + ((gy + 1) / 2) * height };
}

function gripAt(box: DrawnBox, at: Point, reach: number): Grip | null {
  const near = grips
    .map((grip) => ({ grip, distance: Math.hypot(...offset(gripPoint(box, grip), at)) }))
    .toSorted((a, b) => a.distance - b.distance)[0]!;
  return near.distance <= reach ? near.grip : null;
}

const offset = (a: Point, b: Point): [number, number] => [a.x - b.x, a.y - b.y];
