// One picture at full size, over the page: looked at closely, marked, its defect painted, and on to the next.
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { Button, IconButton } from '../../../../components/button.tsx';
import { Loading } from '../../../../components/loading.tsx';
import { useModal } from '../../../../components/modal.ts';
import type { ImageItem, ProjectInfo } from '../../../../server/client.ts';
import { useFormat } from '../../../../text/format.ts';
import { useWords } from '../../../../text/language.tsx';
import type { Mark } from '../upload/uploading-file.ts';
import type { Flag } from '../use-hygiene.ts';
import { PictureDetails } from './picture-details.tsx';
import { usePicture, usePreload } from './picture-of.ts';
import './viewer.css';
import { words } from './words.ts';

interface ViewerProps {
  readonly project: ProjectInfo;
  /** In the order of the gallery. */
  readonly images: readonly ImageItem[];
  readonly filename: string;
  readonly flagsOf: ReadonlyMap<string, readonly Flag[]>;
  readonly onMark: (filenames: readonly string[], mark: Mark | null) => void;
  /** null: nothing is held out here. */
  readonly onHold: ((filenames: readonly string[], holdout: boolean) => void) | null;
  readonly onDelete: (filename: string) => void;
  readonly onGo: (filename: string) => void;
  readonly onClose: () => void;
}

const marks: Readonly<Record<string, Mark | null>> = { g: 'ok', b: 'ng', '0': null };

export default function Viewer(props: ViewerProps) {
  const { images, filename, onMark, onGo, onClose } = props;
  const w = useWords(words);
  const format = useFormat();
  const dialog = useModal();
  // A picture that the filter takes away, as by a mark, stays until one goes on.
  const kept = useRef<ImageItem | undefined>(undefined);
  const found = images.findIndex((image) => image.filename === filename);
  if (found >= 0) kept.current = images[found];
  const image = kept.current;
  const place = Math.max(0, found);
  const previous = images[place - 1];
  const next = images[found < 0 ? place : place + 1];
  usePreload([next?.url, previous?.url]);

  useEffect(() => dialog.current?.querySelector<SVGElement>('.viewer-stage svg')?.focus(), [dialog]);

  if (image === undefined) return null;
  const go = (to: ImageItem | undefined) => to !== undefined && onGo(to.filename);

  const onKeyDown = (event: KeyboardEvent, isZoomed = false) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || isControl(event.target)) return;
    const mark = marks[event.key];
    const keys: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowLeft: isZoomed ? undefined : () => go(previous),
      ArrowRight: isZoomed ? undefined : () => go(next),
      h: props.onHold === null ? undefined : () => props.onHold!([image.filename], !image.holdout),
      Delete: () => props.onDelete(image.filename),
    };
    const act = mark !== undefined ? () => onMark([image.filename], mark) : keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  return (
    <dialog
      ref={dialog}
      className="viewer"
      aria-label={image.display_name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={onKeyDown}
    >
      <header>
        <div className="row grow">
          <strong className="cut" title={image.display_name}>
            {image.display_name}
          </strong>
          <span className="quiet">{w.place(format.count(place + 1), format.count(images.length))}</span>
        </div>
        <IconButton
          icon="left"
          label={w.previous}
          disabled={previous === undefined}
          onClick={() => go(previous)}
        />
        <IconButton icon="right" label={w.next} disabled={next === undefined} onClick={() => go(next)} />
        <Button icon="close" onClick={onClose}>
          {w.close}
        </Button>
      </header>
      <OnePicture key={image.filename} {...props} image={image} onKeyDown={onKeyDown} />
    </dialog>
  );
}

function OnePicture({
  image,
  ...rest
}: ViewerProps & {
  readonly image: ImageItem;
  readonly onKeyDown: (event: KeyboardEvent, isZoomed: boolean) => void;
}) {
  const picture = usePicture(image);
  if (picture === undefined) return <Loading />;
  return <PictureDetails {...rest} image={image} picture={picture} />;
}

/** Where arrow keys and letters mean something else. */
function isControl(target: EventTarget): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}
