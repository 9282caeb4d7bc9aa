// The picture itself, with its mask over it and a brush where one paints.
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { Stage, type View } from '../../../../components/stage.tsx';
import { useWords } from '../../../../text/language.tsx';
import { MaskLayer } from './mask-layer.tsx';
import type { Brush } from './mask-panel.tsx';
import type { ShownPicture } from './picture-of.ts';
import type { Stroke } from './strokes.ts';
import type { MaskPainting } from './use-mask.ts';
import { words } from './words.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

export function PictureStage({
  picture,
  name,
  mask,
  brush,
  onBrush,
  onKeyDown,
  children,
}: {
  readonly picture: ShownPicture;
  readonly name: string;
  readonly mask: MaskPainting;
  readonly brush: Brush;
  readonly onBrush: (brush: Brush) => void;
  /** Is told whether the picture is zoomed, so that arrow keys move it. */
  readonly onKeyDown: (event: KeyboardEvent, isZoomed: boolean) => void;
  readonly children?: ReactNode;
}) {
  const w = useWords(words);
  const [view, setView] = useState<View | null>(null);
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);
  const underway = useRef<Stroke | null>(null);
  const { width, height, href } = picture;

  const draw = (next: Stroke | null) => {
    underway.current = next;
    setStroke(next);
  };
  const onDraw = (event: PointerEvent, { x, y }: Point) => {
    setCursor({ x, y });
    const now = underway.current;
    if (event.type === 'pointerdown') draw({ erases: brush.erases, width: brush.width, points: [[x, y]] });
    else if (event.type === 'pointermove' && now !== null) draw({ ...now, points: [...now.points, [x, y]] });
    else if (event.type === 'pointerup' && now !== null) {
      mask.add(now);
      draw(null);
    } else if (event.type === 'pointercancel') draw(null);
  };

  /** The brush by keys: arrows move it, space leaves a dot. */
  const onBrushKey = (event: KeyboardEvent): boolean => {
    const at = cursor ?? { x: width / 2, y: height / 2 };
    const step = event.shiftKey ? 1 : Math.max(1, brush.width / 2);
    const moves: Readonly<Record<string, Point>> = {
      ArrowLeft: { x: at.x - step, y: at.y },
      ArrowRight: { x: at.x + step, y: at.y },
      ArrowUp: { x: at.x, y: at.y - step },
      ArrowDown: { x: at.x, y: at.y + step },
    };
    const to = moves[event.key];
    if (to !== undefined)
      setCursor({ x: Math.min(width, Math.max(0, to.x)), y: Math.min(height, Math.max(0, to.y)) });
    else if (event.key === ' ')
      mask.add({ erases: brush.erases, width: brush.width, points: [[at.x, at.y]] });
    else if (event.key === '[') onBrush({ ...brush, width: Math.max(1, Math.round(brush.width * 0.8)) });
    else if (event.key === ']') onBrush({ ...brush, width: Math.ceil(brush.width * 1.25) });
    else if (event.key === 'e') onBrush({ ...brush, erases: !brush.erases });
    else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) mask.undo();
    else return false;
    event.preventDefault();
    return true;
  };

  return (
    <Stage
      width={width}
      height={height}
      label={brush.isOn ? w.painting : w.stage(name)}
      className={`viewer-stage${brush.isOn ? ' painting' : ''}`}
      view={view}
      onView={setView}
      {...(brush.isOn && { onDraw })}
      onKeyDown={(event) => {
        if (brush.isOn && onBrushKey(event)) return;
        onKeyDown(event, view !== null);
      }}
    >
      <image href={href} width={width} height={height} />
      {children}
      <MaskLayer
        width={width}
        height={height}
        href={mask.href}
        strokes={stroke === null ? mask.strokes : [...mask.strokes, stroke]}
      />
      {brush.isOn && cursor !== null && (
        <circle className="viewer-brush" cx={cursor.x} cy={cursor.y} r={brush.width / 2} />
      )}
    </Stage>
  );
}
