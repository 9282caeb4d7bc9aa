// Deletes a project once its name was typed.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { Check, Field } from '../../components/field.tsx';
import { useTell } from '../../components/toasts.tsx';
import { ApiError, api, type ProjectInfo } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

const normal = (text: string) => text.normalize('NFC').trim();

export function DeleteDialog({
  project: { project_id, name },
  isWorking,
  onClose,
}: {
  readonly project: ProjectInfo;
  /** A job of it runs or waits. */
  readonly isWorking: boolean;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const client = useQueryClient();
  const tell = useTell();
  const [typed, setTyped] = useState('');
  const [isForced, setForced] = useState(false);
  const remove = useMutation({
    mutationFn: () =>
      api.deleteProject({ project_id, query: { confirm: typed, ...(isForced && { force: true }) } }),
    onSuccess() {
      tell(w.deleted(name));
      client.removeQueries({ queryKey: ['project', project_id] });
      void client.invalidateQueries({ queryKey: ['projects'] });
      void client.invalidateQueries({ queryKey: ['jobs'] });
      onClose();
    },
  });
  // A job may have begun since the list was asked for.
  const isBusy = isWorking || (remove.error instanceof ApiError && remove.error.code === 'project.busy');
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate();
  };
  return (
    <Dialog title={w.deleteTitle(name)} onClose={onClose}>
      <form className="stack" onSubmit={onSubmit}>
        <p>{w.deleteText}</p>
        <Field label={w.deleteName} hint={<span className="projects-name">{name}</span>}>
          <input
            value={typed}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            onChange={({ target }) => setTyped(target.value)}
          />
        </Field>
        {isBusy && <Check label={w.deleteForce} checked={isForced} onChange={setForced} />}
        {remove.error !== null && <Failure error={remove.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{w.cancel}</Button>
          <Button
            type="submit"
            look="danger"
            icon="trash"
            busy={remove.isPending}
            disabled={normal(typed) !== normal(name) || (isBusy && !isForced)}
          >
            {w.deleteIt}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
