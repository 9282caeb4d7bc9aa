// What can be done to the picture that is labelled, and whether its boxes are saved.
import { Button, IconButton } from '../../../components/button.tsx';
import { Badge } from '../../../components/notice.tsx';
import { useWords } from '../../../text/language.tsx';
import type { SavedLabel, SaveState } from './saved-label.ts';
import { words } from './words.ts';

const tones: Readonly<Record<SaveState, 'ok' | 'plain' | 'warn' | 'ng'>> = {
  loading: 'plain',
  saved: 'ok',
  unsaved: 'plain',
  saving: 'plain',
  conflict: 'warn',
  failed: 'ng',
};

export function EditorBar({
  label,
  hasPrevious,
  hasNext,
  onGo,
  onCopy,
}: {
  readonly label: SavedLabel;
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
  readonly onGo: (by: 1 | -1) => void;
  /** The boxes, to the next picture. */
  readonly onCopy: () => void;
}) {
  const w = useWords(words);
  const { drawing, step, state } = label;
  return (
    <div className="row apart">
      <div className="row">
        <IconButton icon="left" label={w.previous} disabled={!hasPrevious} onClick={() => onGo(-1)} />
        <IconButton icon="right" label={w.next} disabled={!hasNext} onClick={() => onGo(1)} />
        <IconButton
          icon="undo"
          label={w.undo}
          disabled={drawing.past.length === 0}
          onClick={() => step({ type: 'undo' })}
        />
        <IconButton
          icon="redo"
          label={w.redo}
          disabled={drawing.future.length === 0}
          onClick={() => step({ type: 'redo' })}
        />
        <IconButton
          icon="copy"
          label={w.copyNext}
          disabled={!hasNext || drawing.boxes.length === 0}
          onClick={onCopy}
        />
        {!label.isLabelled && drawing.boxes.length === 0 && state === 'saved' && (
          <Button small title={w.nothingHint} onClick={() => void label.save()}>
            {w.nothing}
          </Button>
        )}
      </div>
      <span role="status">
        {state !== 'loading' && !(state === 'saved' && !label.isLabelled) && (
          <Badge tone={tones[state]}>
            {
              {
                saved: w.saved,
                saving: w.saving,
                unsaved: w.unsaved,
                conflict: w.failed,
                failed: w.failed,
              }[state]
            }
          </Badge>
        )}
      </span>
    </div>
  );
}
