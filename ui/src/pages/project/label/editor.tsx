// One picture being labelled: the stage, what can be done to it, its classes and boxes.
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { api, type ImageItem, type ProjectInfo } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { BoxStage } from './box-stage.tsx';
import { type DrawnBox, toShares } from './boxes.ts';
import { ClassPanel, useClasses } from './class-panel.tsx';
import { EditorBar } from './editor-bar.tsx';
import { KeyList } from './key-list.tsx';
import { stepOfKey } from './keys.ts';
import { sizeOfPicture, usePictureSize } from './picture-size.ts';
import { useSavedLabel } from './saved-label.ts';
import { Suggestions } from './suggestions.tsx';
import { words } from './words.ts';

interface EditorProps {
  readonly project: ProjectInfo;
  readonly image: ImageItem;
  readonly next: ImageItem | null;
  readonly hasPrevious: boolean;
  /** As the list of labels gave them. */
  readonly listedClasses: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly onGo: (by: 1 | -1) => void;
  readonly onSaved: (filename: string, boxes: number) => void;
}

export function Editor({
  project,
  image,
  next,
  hasPrevious,
  listedClasses,
  counts,
  onGo,
  onSaved,
}: EditorProps) {
  const w = useWords(words);
  const tell = useTell();
  const tellError = useTellError();
  const { filename, display_name, url } = image;
  const size = usePictureSize(image);
  const label = useSavedLabel(project.project_id, filename, size.size, (boxes) => onSaved(filename, boxes));
  const { drawing, step, state } = label;
  const classes = useClasses(project.project_id, listedClasses, drawing.boxes);
  const [proposed, setProposed] = useState<readonly DrawnBox[]>([]);
  const newClass = useRef<HTMLInputElement>(null);

  const accept = (boxes: readonly DrawnBox[]) => {
    step({ type: 'add', boxes });
    setProposed((before) => before.filter((box) => !boxes.includes(box)));
  };
  const copyToNext = async () => {
    if (next === null || size.size === null || drawing.boxes.length === 0) return;
    if (counts.has(next.filename)) return onGo(1);
    // Shares of the picture: they fit whatever size the next one has.
    const side = await sizeOfPicture(next);
    const boxes = toShares(drawing.boxes, size.size).map(({ id: _, ...box }) => box);
    try {
      await label.save();
      await api.putLabel({
        project_id: project.project_id,
        filename: next.filename,
        body: { image_width: side.width, image_height: side.height, boxes },
        headers: { 'if-none-match': '*' },
      });
      onSaved(next.filename, boxes.length);
      onGo(1);
    } catch (error) {
      tellError(error);
    }
  };

  const onKeyDown = (event: KeyboardEvent<SVGSVGElement>) => {
    if (size.size === null) return;
    if (event.key === 'Enter' && proposed.length > 0) {
      event.preventDefault();
      return accept(proposed);
    }
    const found = stepOfKey(event, {
      drawing,
      size: size.size,
      classes: classes.names,
      activeClass: classes.active,
      newId: () => crypto.randomUUID(),
    });
    if (found === null) return;
    event.preventDefault();
    if (found.type === 'class') classes.choose(found.label);
    else step(found);
  };

  // Keys that mean the same wherever one is on the page, but for fields one writes in.
  const pageKeys = useRef<(event: globalThis.KeyboardEvent) => void>(() => {});
  pageKeys.current = (event) => {
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest('input, textarea, select, dialog') !== null) return;
    const act = { d: () => onGo(1), a: () => onGo(-1), c: () => void copyToNext() }[event.key.toLowerCase()];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => pageKeys.current(event);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);

  return (
    <>
      <div className="label-work stack tight">
        <EditorBar
          label={label}
          hasPrevious={hasPrevious}
          hasNext={next !== null}
          onGo={onGo}
          onCopy={() => void copyToNext()}
        />
        {state === 'conflict' && (
          <Notice
            tone="warn"
            action={
              <span className="row">
                <Button small onClick={label.takeTheirs}>
                  {w.takeTheirs}
                </Button>
                <Button small onClick={label.keepMine}>
                  {w.keepMine}
                </Button>
              </span>
            }
          >
            {w.conflict}
          </Notice>
        )}
        {label.error !== null && state === 'failed' && (
          <Failure error={label.error} onRetry={() => void label.save()} />
        )}
        {size.error !== null && <Failure error={size.error} />}
        {size.size === null ? (
          size.error === null && <Loading />
        ) : (
          <BoxStage
            name={display_name}
            url={url}
            size={size.size}
            drawing={drawing}
            step={step}
            activeClass={classes.active}
            classes={classes.names}
            proposed={proposed}
            onAccept={(box) => accept([box])}
            onNoClass={() => {
              tell(w.noClasses, { tone: 'warn' });
              newClass.current?.focus();
            }}
            onKeyDown={onKeyDown}
          />
        )}
        <p className="cut quiet">{display_name}</p>
      </div>
      <div className="label-side stack">
        <ClassPanel classes={classes} drawing={drawing} step={step} newClass={newClass} />
        <Suggestions
          project={project}
          image={image}
          proposed={proposed}
          names={classes.names}
          onProposed={setProposed}
          onAccept={accept}
        />
        <KeyList />
      </div>
    </>
  );
}
