// What the keys of the label page do to the boxes.
import type { Drawing, DrawnBox, Size, Step } from './boxes.ts';
import { within } from './boxes.ts';

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

export interface KeyScene {
  readonly drawing: Drawing;
  readonly size: Size;
  readonly classes: readonly string[];
  readonly activeClass: string | null;
  readonly newId: () => string;
}

/** The step that a key means, a class to choose, or null when it means nothing here. */
export function stepOfKey(
  press: KeyPress,
  { drawing, size, classes, activeClass, newId }: KeyScene,
): Step | { readonly type: 'class'; readonly label: string } | null {
  const { key, ctrlKey, metaKey, shiftKey } = press;
  if (ctrlKey || metaKey) {
    const letter = key.toLowerCase();
    if (letter === 'z') return { type: shiftKey ? 'redo' : 'undo' };
    return letter === 'y' ? { type: 'redo' } : null;
  }
  const selected = drawing.boxes.find(({ id }) => id === drawing.selected) ?? null;
  const label = /^[1-9]$/.test(key) ? classes[Number(key) - 1] : undefined;
  if (label !== undefined)
    return selected === null
      ? { type: 'class', label }
      : { type: 'change', box: { ...selected, label }, first: true };
  if (key === 'Enter' && activeClass !== null)
    return { type: 'add', boxes: [middleBox(newId(), activeClass, size)] };
  if (key === '.' || key === ',') return { type: 'select', id: neighbour(drawing, key === '.' ? 1 : -1) };
  if (selected === null) return null;
  if (key === 'Delete' || key === 'Backspace') return { type: 'remove', id: selected.id };
  if (key === 'Escape') return { type: 'select', id: null };
  const moved = arrowed(selected, press);
  return moved === null ? null : { type: 'change', box: within(moved, size), first: true };
}

function arrowed(box: DrawnBox, { key, shiftKey, altKey }: KeyPress): DrawnBox | null {
  const by = shiftKey ? 10 : 1;
  const [dx, dy] =
    { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[key] ?? [];
  if (dx === undefined || dy === undefined) return null;
  return altKey
    ? { ...box, width: box.width + dx, height: box.height + dy }
    : { ...box, x: box.x + dx, y: box.y + dy };
}

function middleBox(id: string, label: string, { width, height }: Size): DrawnBox {
  return { id, label, x: width * 0.4, y: height * 0.4, width: width * 0.2, height: height * 0.2 };
}

/** The box before or after the selected one, around. */
function neighbour({ boxes, selected }: Drawing, by: 1 | -1): string | null {
  if (boxes.length === 0) return null;
  const at = boxes.findIndex(({ id }) => id === selected);
  const next = at === -1 ? (by === 1 ? 0 : boxes.length - 1) : at + by;
  return boxes[(next + boxes.length) % boxes.length]!.id;
}
