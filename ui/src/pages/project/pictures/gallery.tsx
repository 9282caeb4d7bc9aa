// All shown pictures as a grid of which only the rows in sight are there; one control for the keyboard, as a list to choose from.
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type PointerEvent,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { ImageItem } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { actedOn, choose, chooseAll, move, nothingChosen, type Selection } from './selection.ts';
import { Tile } from './tile.tsx';
import type { Mark } from './upload/uploading-file.ts';
import type { Flag } from './use-hygiene.ts';
import { words } from './words.ts';

interface GalleryProps {
  readonly images: readonly ImageItem[];
  readonly flagsOf: ReadonlyMap<string, readonly Flag[]>;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
  readonly onOpen: (filename: string) => void;
  readonly onMark: (filenames: readonly string[], mark: Mark | null) => void;
  /** null: nothing is held out here. */
  readonly onHold: ((filenames: readonly string[], holdout: boolean) => void) | null;
  readonly onDelete: (filenames: readonly string[]) => void;
}

const gap = 10;
const nameHeight = 22;
const tileWidths = { wide: 168, narrow: 104 } as const;
const narrowBelow = 600;
/** Under the bar at the top and the tools. */
const topEdge = 120;

const marksByKey: Readonly<Record<string, Mark | null>> = { g: 'ok', b: 'ng', '0': null };

export function Gallery(props: GalleryProps) {
  const { images, flagsOf, selection, onSelection, onOpen, onMark, onHold, onDelete } = props;
  const w = useWords(words);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const { width, top } = useBox(list);
  const least = width < narrowBelow ? tileWidths.narrow : tileWidths.wide;
  const columns = Math.max(2, Math.floor((width + gap) / (least + gap)));
  const side = Math.floor((width - gap * (columns - 1)) / columns);
  const rows = useWindowVirtualizer({
    count: width === 0 ? 0 : Math.ceil(images.length / columns),
    estimateSize: () => side + nameHeight + gap,
    overscan: 2,
    scrollMargin: top,
    scrollPaddingStart: topEdge,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other widths, other heights
  useLayoutEffect(() => rows.measure(), [side]);
  const names = useMemo(() => images.map(({ filename }) => filename), [images]);
  const placeOf = (name: string | null) => (name === null ? -1 : names.indexOf(name));
  const optionId = (place: number) => `${id}-${place}`;

  const goTo = (next: Selection) => {
    onSelection(next);
    const place = placeOf(next.active);
    if (place >= 0) rows.scrollToIndex(Math.floor(place / columns), { align: 'auto' });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { key, shiftKey: range } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    const go = (by: number) => goTo(move(selection, names, by, { range }));
    const acted = actedOn(selection);
    const all = names.length;
    const page = columns * Math.max(1, Math.floor(window.innerHeight / (side + nameHeight + gap)) - 1);
    const keys: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowRight: () => go(1),
      ArrowLeft: () => go(-1),
      ArrowDown: () => go(columns),
      ArrowUp: () => go(-columns),
      PageDown: () => go(page),
      PageUp: () => go(-page),
      Home: () => go(-all),
      End: () => go(all),
      ' ': () =>
        selection.active !== null &&
        onSelection(choose(selection, names, selection.active, { toggle: !range, range })),
      Enter: () => selection.active !== null && onOpen(selection.active),
      Escape: () => onSelection({ ...nothingChosen, active: selection.active }),
      Delete: () => acted.length > 0 && onDelete(acted),
      h:
        isCommand || onHold === null
          ? undefined
          : () => acted.length > 0 && onHold(acted, !areHeld(images, acted)),
      a: isCommand ? () => onSelection(chooseAll(selection, names)) : undefined,
    };
    const mark = isCommand ? undefined : marksByKey[key];
    const act = mark !== undefined ? () => onMark(acted, mark) : keys[key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  const onClick = (event: PointerEvent<HTMLDivElement> | React.MouseEvent<HTMLDivElement>) => {
    const target = event.target as Element;
    const name = target.closest<HTMLElement>('[data-name]')?.dataset.name;
    if (name === undefined) return onSelection(nothingChosen);
    const part = target.closest<HTMLElement>('[data-part]')?.dataset.part;
    const byTouch = (event.nativeEvent as unknown as { pointerType?: string }).pointerType === 'touch';
    if (part === 'open' || (byTouch && part !== 'tick' && selection.chosen.size === 0)) return onOpen(name);
    const toggle = part === 'tick' || event.ctrlKey || event.metaKey || byTouch;
    onSelection(choose(selection, names, name, { range: event.shiftKey, toggle }));
  };

  const activePlace = placeOf(selection.active);
  return (
    <div
      ref={list}
      className={`gallery${selection.chosen.size > 0 ? ' choosing' : ''}`}
      role="listbox"
      aria-multiselectable
      aria-label={w.gallery}
      aria-describedby={`${id}-keys`}
      aria-activedescendant={activePlace >= 0 ? optionId(activePlace) : undefined}
      tabIndex={0}
      onFocus={() => selection.active === null && names.length > 0 && onSelection(move(selection, names, 0))}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDoubleClick={(event) => {
        const name = (event.target as Element).closest<HTMLElement>('[data-name]')?.dataset.name;
        if (name !== undefined) onOpen(name);
      }}
    >
      <div role="presentation" className="gallery-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            role="presentation"
            className="gallery-row"
            style={{
              transform: `translateY(${start - top}px)`,
              gridTemplateColumns: `repeat(${columns}, ${side}px)`,
            }}
          >
            {images.slice(index * columns, (index + 1) * columns).map((image, i) => {
              const place = index * columns + i;
              return (
                <Tile
                  key={image.filename}
                  image={image}
                  id={optionId(place)}
                  place={place}
                  count={images.length}
                  isChosen={selection.chosen.has(image.filename)}
                  isActive={place === activePlace}
                  flag={image.mark === 'ng' ? '' : sentences(flagsOf.get(image.filename))}
                />
              );
            })}
          </div>
        ))}
      </div>
      <span id={`${id}-keys`} hidden>
        {w.keys}
      </span>
    </div>
  );
}

/** Whether all of them are held out of trainings. */
export function areHeld(images: readonly ImageItem[], names: readonly string[]): boolean {
  const asked = new Set(names);
  return images.every(({ filename, holdout }) => holdout || !asked.has(filename));
}

const sentences = (flags: readonly Flag[] = []) => flags.map(({ sentence }) => sentence).join(' ');

/** Width of the element, and how far below the beginning of the page it is. */
function useBox(element: React.RefObject<HTMLElement | null>): {
  readonly width: number;
  readonly top: number;
} {
  const [box, setBox] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const { width, top } = element.current!.getBoundingClientRect();
      const next = { width: Math.floor(width), top: Math.round(top + window.scrollY) };
      setBox((box) => (box.width === next.width && box.top === next.top ? box : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    // What stands above it comes and goes.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element]);
  return box;
}
