// The boxes on one picture as they are drawn: pure steps that can be undone.
import type { ImageLabel } from '../../../server/client.ts';

/** In pixels of the picture; x, y: the top left corner. */
export interface DrawnBox {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  readonly boxes: readonly DrawnBox[];
  readonly selected: string | null;
  /** What undo brings back, the latest last. */
  readonly past: readonly (readonly DrawnBox[])[];
  readonly future: readonly (readonly DrawnBox[])[];
  /** Counts the changes that are to be saved. */
  readonly version: number;
}

export type Step =
  | { readonly type: 'add'; readonly boxes: readonly DrawnBox[] }
  /** `first`: of a drag, which is one step to undo however long it takes. */
  | { readonly type: 'change'; readonly box: DrawnBox; readonly first: boolean }
  | { readonly type: 'remove'; readonly id: string }
  | { readonly type: 'select'; readonly id: string | null }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  /** As the server has them; nothing to undo, nothing to save. */
  | { readonly type: 'load'; readonly boxes: readonly DrawnBox[] };

export const noDrawing: Drawing = { boxes: [], selected: null, past: [], future: [], version: 0 };
const keptSteps = 200;

export function drawn(drawing: Drawing, step: Step): Drawing {
  const { boxes, past, future, version } = drawing;
  const changed = (next: readonly DrawnBox[], selected: string | null): Drawing => ({
    boxes: next,
    selected,
    past: [...past.slice(1 - keptSteps), boxes],
    future: [],
    version: version + 1,
  });
  switch (step.type) {
    case 'add':
      return changed([...boxes, ...step.boxes], step.boxes.at(-1)?.id ?? null);
    case 'change': {
      const next = boxes.map((box) => (box.id === step.box.id ? step.box : box));
      if (step.first) return changed(next, step.box.id);
      return { ...drawing, boxes: next, version: version + 1 };
    }
    case 'remove':
      return changed(
        boxes.filter(({ id }) => id !== step.id),
        null,
      );
    case 'select':
      return { ...drawing, selected: step.id };
    case 'undo': {
      const before = past.at(-1);
      if (before === undefined) return drawing;
      return {
        boxes: before,
        selected: null,
        past: past.slice(0, -1),
        future: [...future, boxes],
        version: version + 1,
      };
    }
    case 'redo': {
      const after = future.at(-1);
      if (after === undefined) return drawing;
      return {
        boxes: after,
        selected: null,
        past: [...past, boxes],
        future: future.slice(0, -1),
        version: version + 1,
      };
    }
    case 'load':
      return { ...noDrawing, boxes: step.boxes, version };
  }
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The box within the picture, with sides of at least one pixel. */
export function within(box: DrawnBox, { width, height }: Size): DrawnBox {
  const w = Math.min(width, Math.max(1, box.width));
  const h = Math.min(height, Math.max(1, box.height));
  return {
    ...box,
    width: w,
    height: h,
    x: Math.min(width - w, Math.max(0, box.x)),
    y: Math.min(height - h, Math.max(0, box.y)),
  };
}

/** Between two corners, cut at the borders of the picture. */
export function between(
  id: string,
  label: string,
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
  { width, height }: Size,
): DrawnBox {
  const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
  const [x0, x1] = [clamp(Math.min(a.x, b.x), width), clamp(Math.max(a.x, b.x), width)];
  const [y0, y1] = [clamp(Math.min(a.y, b.y), height), clamp(Math.max(a.y, b.y), height)];
  return { id, label, x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

/** Which sides a grip moves: -1 left or top, 0 none, 1 right or bottom. */
export type Grip = readonly [-1 | 0 | 1, -1 | 0 | 1];
export const grips: readonly Grip[] = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
];

/** The box with the sides of a grip moved by so many pixels; a side that passes the other one turns it over. */
export function pulled(box: DrawnBox, [gx, gy]: Grip, dx: number, dy: number, size: Size): DrawnBox {
  const left = box.x + (gx === -1 ? dx : 0);
  const right = box.x + box.width + (gx === 1 ? dx : 0);
  const top = box.y + (gy === -1 ? dy : 0);
  const bottom = box.y + box.height + (gy === 1 ? dy : 0);
  return within(between(box.id, box.label, { x: left, y: top }, { x: right, y: bottom }, size), size);
}

/** The smallest box under a point: what lies inside a larger one can be reached. */
export function boxAt(
  boxes: readonly DrawnBox[],
  { x, y }: { readonly x: number; readonly y: number },
): DrawnBox | null {
  const under = boxes.filter(
    (box) => x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height,
  );
  const area = ({ width, height }: DrawnBox) => width * height;
  return under.toSorted((a, b) => area(a) - area(b))[0] ?? null;
}

/** As the server keeps them: shares of the picture. */
export function toShares(boxes: readonly DrawnBox[], { width, height }: Size) {
  const share = (pixels: number, side: number) => Math.min(1, Math.max(0, pixels / side));
  return boxes.map(({ id, label, ...box }) => {
    const x = share(box.x, width);
    const y = share(box.y, height);
    return {
      id,
      label,
      x,
      y,
      width: Math.min(1 - x, share(box.width, width)),
      height: Math.min(1 - y, share(box.height, height)),
    };
  });
}

export function fromShares(boxes: ImageLabel['boxes'], { width, height }: Size): DrawnBox[] {
  return boxes.map(({ id, label, ...box }) => ({
    id,
    label,
    x: box.x * width,
    y: box.y * height,
    width: box.width * width,
    height: box.height * height,
  }));
}
