// Asks before pictures are deleted.
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export function DeletePictures({
  count,
  isBusy,
  onDelete,
  onClose,
}: {
  readonly count: number;
  readonly isBusy: boolean;
  readonly onDelete: () => void;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  return (
    <Dialog title={w.deleteTitle(count)} onClose={onClose}>
      <p>{w.deleteText}</p>
      <div className="dialog-actions">
        <Button onClick={onClose}>{w.keep}</Button>
        <Button look="danger" icon="trash" busy={isBusy} onClick={onDelete}>
          {w.delete}
        </Button>
      </div>
    </Dialog>
  );
}
