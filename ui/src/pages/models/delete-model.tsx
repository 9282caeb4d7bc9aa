// Asks before a model is deleted.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { useTell } from '../../components/toasts.tsx';
import { api } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

export function DeleteModel({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const [, go] = useLocation();
  const remove = useMutation({
    mutationFn: () => api.deleteModel({ model_id: id }),
    onSuccess() {
      tell(w.removed);
      go(addresses.models);
      client.removeQueries({ queryKey: ['model', id] });
      void client.invalidateQueries();
    },
  });
  return (
    <Dialog title={w.removeTitle} onClose={onClose}>
      <p className="mono">{id}</p>
      <p>{w.removeText}</p>
      {remove.error !== null && <Failure error={remove.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{w.cancel}</Button>
        <Button look="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
          {w.removeConfirm}
        </Button>
      </div>
    </Dialog>
  );
}
