// Areas as they are drawn and changed by mouse, touch and keys, with every step to be taken back.
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { type Area, areaOf, inPicture, isWithin, type Kind, moved, type Point, withPoint } from './areas.ts';

interface Draft {
  readonly kind: Kind;
  readonly points: readonly Point[];
}

type Grip = { readonly of: 'point'; readonly at: number } | { readonly of: 'area'; readonly from: Point };

export interface Drawing {
  readonly areas: readonly Area[];
  readonly draft: Draft | null;
  /** Where the pointer, or the cross of the keys, is. */
  readonly cursor: Point | null;
  readonly chosen: number | null;
  readonly canUndo: boolean;
  start(kind: Kind): void;
  stop(): void;
  finish(): void;
  choose(id: number | null): void;
  change(areas: readonly Area[]): void;
  undo(): void;
  /** All anew, as from the server. */
  reset(areas: readonly Area[]): void;
  /** @param near how far two points of the screen may be apart to be one, in shares of the picture */
  onPointer(event: PointerEvent, at: Point, near: Point): void;
  onKey(event: KeyboardEvent): void;
}

const fewestPoints = 3;
const keyStep = 0.02;
const fineStep = 0.004;

export function useDrawing(): Drawing {
  const [areas, setAreas] = useState<readonly Area[]>([]);
  const [before, setBefore] = useState<readonly (readonly Area[])[]>([]);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);
  const [chosen, choose] = useState<number | null>(null);
  const grip = useRef<Grip | null>(null);

  const change = (next: readonly Area[]) => {
    setBefore([...before, areas]);
    setAreas(next);
  };
  const finish = () => {
    if (draft === null || draft.points.length < fewestPoints) return;
    const area = areaOf(draft.kind, draft.points);
    change([...areas, area]);
    setDraft(null);
    choose(area.id);
  };
  const addPoint = (point: Point) => draft && setDraft({ ...draft, points: [...draft.points, point] });
  const undo = () => {
    if (draft !== null && draft.points.length > 0)
      return setDraft({ ...draft, points: draft.points.slice(0, -1) });
    const last = before.at(-1);
    if (last === undefined) return;
    setAreas(last);
    setBefore(before.slice(0, -1));
  };
  const isNear = ([x, y]: Point, [otherX, otherY]: Point, [nearX, nearY]: Point) =>
    Math.abs(x - otherX) < nearX && Math.abs(y - otherY) < nearY;

  const onPointer = (event: PointerEvent, given: Point, near: Point) => {
    const at = inPicture(given);
    setCursor(at);
    const held = grip.current;
    if (event.type === 'pointerup' || event.type === 'pointercancel') {
      grip.current = null;
    } else if (event.type === 'pointermove' && held !== null) {
      setAreas(
        areas.map((area) => {
          if (area.id !== chosen) return area;
          if (held.of === 'point') return withPoint(area, held.at, at);
          return moved(area, [at[0] - held.from[0], at[1] - held.from[1]]);
        }),
      );
      if (held.of === 'area') grip.current = { of: 'area', from: at };
    } else if (event.type === 'pointerdown' && draft !== null) {
      const [first] = draft.points;
      if (first !== undefined && draft.points.length >= fewestPoints && isNear(at, first, near)) finish();
      else addPoint(at);
    } else if (event.type === 'pointerdown') {
      take(at, near);
    }
  };

  /** A corner of the chosen area, or the uppermost area under the pointer. */
  const take = (at: Point, near: Point) => {
    const own = areas.find(({ id }) => id === chosen);
    const corner = own?.points.findIndex((point) => isNear(at, point, near)) ?? -1;
    if (corner >= 0) {
      grip.current = { of: 'point', at: corner };
      setBefore([...before, areas]);
      return;
    }
    const under = [...areas].reverse().find((area) => isWithin(at, area));
    choose(under?.id ?? null);
    if (under === undefined) return;
    grip.current = { of: 'area', from: at };
    setBefore([...before, areas]);
  };

  const onKey = (event: KeyboardEvent) => {
    const step = event.shiftKey ? fineStep : keyStep;
    const steps: Readonly<Record<string, Point>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const by = steps[event.key];
    const own = areas.find(({ id }) => id === chosen);
    const at = cursor ?? [0.5, 0.5];
    const drawn: Readonly<Record<string, () => void>> = {
      ' ': () => addPoint(at),
      Enter: finish,
      Backspace: undo,
      Escape: () => setDraft(null),
    };
    const other: Readonly<Record<string, () => void>> =
      own === undefined
        ? {}
        : {
            Delete: () => change(areas.filter(({ id }) => id !== own.id)),
            Escape: () => choose(null),
          };
    if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
    else if (by !== undefined && draft !== null) setCursor(inPicture([at[0] + by[0], at[1] + by[1]]));
    else if (by !== undefined && own !== undefined)
      change(areas.map((area) => (area === own ? moved(area, by) : area)));
    else {
      const act = (draft !== null ? drawn : other)[event.key];
      if (act === undefined) return;
      act();
    }
    event.preventDefault();
    // Escape here is not for the dialog around it.
    event.stopPropagation();
  };

  return {
    areas,
    draft,
    cursor,
    chosen,
    canUndo: before.length > 0 || (draft?.points.length ?? 0) > 0,
    start: (kind) => {
      choose(null);
      setDraft({ kind, points: [] });
    },
    stop: () => setDraft(null),
    finish,
    choose,
    change,
    undo,
    reset(next) {
      setAreas(next);
      setBefore([]);
      setDraft(null);
      choose(null);
    },
    onPointer,
    onKey,
  };
}
