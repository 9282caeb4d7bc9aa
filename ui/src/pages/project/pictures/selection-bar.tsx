// What can be done with the chosen pictures; it stays in sight at the foot of the page.
import { Button, IconButton } from '../../../components/button.tsx';
import { useWords } from '../../../text/language.tsx';
import type { Mark } from './upload/uploading-file.ts';
import { words } from './words.ts';

export function SelectionBar({
  count,
  all,
  onOpen,
  onMark,
  held,
  onHold,
  onDelete,
  onAll,
  onNone,
}: {
  readonly count: number;
  readonly all: number;
  readonly onOpen: (() => void) | null;
  readonly onMark: (mark: Mark | null) => void;
  /** Whether all of them are held out; null: nothing is held out here. */
  readonly held: boolean | null;
  readonly onHold: (holdout: boolean) => void;
  readonly onDelete: () => void;
  readonly onAll: () => void;
  readonly onNone: () => void;
}) {
  const w = useWords(words);
  return (
    <div className="selection-bar" role="toolbar" aria-label={w.chosen(count)}>
      <strong>{w.chosen(count)}</strong>
      {onOpen !== null && (
        <Button small icon="full" onClick={onOpen}>
          {w.open}
        </Button>
      )}
      <Button small icon="check" onClick={() => onMark('ok')} title="g">
        {w.markOk}
      </Button>
      <Button small icon="warning" onClick={() => onMark('ng')} title="b">
        {w.markNg}
      </Button>
      <Button small onClick={() => onMark(null)} title="0">
        {w.markNone}
      </Button>
      {held !== null && (
        <Button small icon={held ? 'undo' : 'star'} onClick={() => onHold(!held)} title={`h: ${w.holdHint}`}>
          {held ? w.learnAgain : w.holdOut}
        </Button>
      )}
      <Button small look="danger" icon="trash" onClick={onDelete}>
        {w.delete}
      </Button>
      {count < all && (
        <Button small look="quiet" onClick={onAll}>
          {w.chooseAll}
        </Button>
      )}
      <IconButton small icon="close" label={w.chooseNone} onClick={onNone} />
    </div>
  );
}
