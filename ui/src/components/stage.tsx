// A picture to look at closely: wheel, pinch, drag and keys zoom and move it; drawings over it are in its own pixels.
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { defineWords, useWords } from '../text/language.tsx';
import { IconButton } from './button.tsx';

const words = defineWords({
  en: { in: 'Zoom in', out: 'Zoom out', fit: 'Fit' },
  th: { in: 'ขยาย', out: 'ย่อ', fit: 'พอดีกรอบ' },
});

/** What is seen: the middle in pixels of the picture, and how much larger than fitting it is. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

interface StageProps {
  readonly width: number;
  readonly height: number;
  /** SVG elements in pixels of the picture, the picture itself first: `<image href= width= height= />`. */
  readonly children: ReactNode;
  readonly label: string;
  /** Given: several stages move together. */
  readonly view?: View | null;
  readonly onView?: (view: View | null) => void;
  /** Left out: a drag moves the picture. Given: the drag is handed on, and two fingers or the middle button move. */
  readonly onDraw?: (
    event: PointerEvent<SVGSVGElement>,
    at: { readonly x: number; readonly y: number },
  ) => void;
  readonly onKeyDown?: (event: KeyboardEvent<SVGSVGElement>) => void;
  /** Told how many pixels of the screen one of the picture has, so that lines and words keep their size. */
  readonly onScale?: (scale: number) => void;
  readonly className?: string;
}

const maxZoom = 40;

export function Stage({
  width,
  height,
  children,
  label,
  view,
  onView,
  onDraw,
  onKeyDown,
  onScale,
  className,
}: StageProps) {
  const w = useWords(words);
  const svg = useRef<SVGSVGElement>(null);
  const [own, setOwn] = useState<View | null>(null);
  const seen = (view === undefined ? own : view) ?? { x: width / 2, y: height / 2, zoom: 1 };
  const latest = useRef(seen);
  latest.current = seen;
  const set = (next: View | null) => {
    const bounded = next === null ? null : boundedView(next, width, height);
    setOwn(bounded);
    onView?.(bounded);
  };
  const pointers = useRef(new Map<number, { x: number; y: number }>());

  const zoomAt = (factor: number, at: { x: number; y: number }) => {
    const { x, y, zoom } = latest.current;
    const next = Math.min(maxZoom, Math.max(1, zoom * factor));
    const kept = zoom / next;
    set(next === 1 ? null : { zoom: next, x: at.x + (x - at.x) * kept, y: at.y + (y - at.y) * kept });
  };
  const zoomRef = useRef(zoomAt);
  zoomRef.current = zoomAt;

  // React listens to wheels without the right to stop the page from scrolling.
  useEffect(() => {
    const element = svg.current!;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      zoomRef.current(
        Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)),
        pixelOf(element, event),
      );
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  const onScaleRef = useRef(onScale);
  onScaleRef.current = onScale;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it changes with what is seen, and with the size of the stage
  useEffect(() => {
    const element = svg.current!;
    const tell = () => onScaleRef.current?.(element.getScreenCTM()?.a ?? 1);
    tell();
    const observer = new ResizeObserver(tell);
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen.zoom, width, height]);

  const isMove = (event: PointerEvent) =>
    onDraw === undefined || event.button === 1 || pointers.current.size > 1 || event.buttons === 4;
  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    const known = pointers.current.get(event.pointerId);
    if (event.type === 'pointerdown') {
      event.currentTarget.setPointerCapture(event.pointerId);
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (event.button === 1) event.preventDefault();
    } else if (event.type === 'pointermove' && known !== undefined && isMove(event)) {
      const scale = event.currentTarget.getScreenCTM()?.a ?? 1;
      const others = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      if (others.length > 0) {
        const other = others[0]!;
        const before = Math.hypot(known.x - other.x, known.y - other.y);
        const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
        if (before > 0)
          zoomAt(after / before, pixelOf(event.currentTarget, { clientX: other.x, clientY: other.y }));
      } else {
        const { x, y, zoom } = latest.current;
        set({ zoom, x: x - (event.clientX - known.x) / scale, y: y - (event.clientY - known.y) / scale });
      }
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    } else if (event.type === 'pointerup' || event.type === 'pointercancel') {
      pointers.current.delete(event.pointerId);
    }
    if (onDraw !== undefined && pointers.current.size <= 1 && event.button !== 1 && event.buttons !== 4)
      onDraw(event, pixelOf(event.currentTarget, event));
  };

  const onKey = (event: KeyboardEvent<SVGSVGElement>) => {
    onKeyDown?.(event);
    if (event.defaultPrevented) return;
    const middle = latest.current;
    const step = width / 10 / middle.zoom;
    const moves: Readonly<Record<string, () => void>> = {
      '+': () => zoomAt(1.4, middle),
      '=': () => zoomAt(1.4, middle),
      '-': () => zoomAt(1 / 1.4, middle),
      '0': () => set(null),
      ArrowLeft: () => set({ ...middle, x: middle.x - step }),
      ArrowRight: () => set({ ...middle, x: middle.x + step }),
      ArrowUp: () => set({ ...middle, y: middle.y - step }),
      ArrowDown: () => set({ ...middle, y: middle.y + step }),
    };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move();
  };

  const shownWidth = width / seen.zoom;
  const shownHeight = height / seen.zoom;
  return (
    <div className={`stage ${className ?? ''}`}>
      <svg
        ref={svg}
        className="stage-layer"
        viewBox={`${seen.x - shownWidth / 2} ${seen.y - shownHeight / 2} ${shownWidth} ${shownHeight}`}
        role="application"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys zoom and move the picture
        tabIndex={0}
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        onPointerUp={onPointer}
        onPointerCancel={onPointer}
        onKeyDown={onKey}
      >
        {children}
      </svg>
      <div className="stage-tools">
        <IconButton icon="zoomOut" label={w.out} small onClick={() => zoomAt(1 / 1.5, latest.current)} />
        <IconButton icon="zoomIn" label={w.in} small onClick={() => zoomAt(1.5, latest.current)} />
        <IconButton icon="fit" label={w.fit} small onClick={() => set(null)} />
      </div>
    </div>
  );
}

/** Pixel of the picture under a point of the screen. */
export function pixelOf(
  svg: SVGSVGElement,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): { readonly x: number; readonly y: number } {
  const matrix = svg.getScreenCTM();
  if (matrix === null) return { x: 0, y: 0 };
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
  return { x, y };
}

/** Some of the picture always stays in sight. */
function boundedView({ x, y, zoom }: View, width: number, height: number): View {
  return { zoom, x: Math.min(width, Math.max(0, x)), y: Math.min(height, Math.max(0, y)) };
}
