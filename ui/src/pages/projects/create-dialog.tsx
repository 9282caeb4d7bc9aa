// Makes a project: its name and what it does.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { Field } from '../../components/field.tsx';
import { api, type ProjectInfo } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

type Mode = ProjectInfo['training_mode'];
export const modes: readonly Mode[] = ['anomaly', 'finetune', 'yolo'];

export function CreateDialog({
  mode: wanted,
  onClose,
}: {
  readonly mode: Mode;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const client = useQueryClient();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [mode, setMode] = useState<Mode>(wanted);
  const create = useMutation({
    mutationFn: () =>
      api.createProject({ body: { name, description: description.trim() || null, training_mode: mode } }),
    onSuccess(project) {
      client.setQueryData(['project', project.project_id], project);
      void client.invalidateQueries({ queryKey: ['projects'] });
      go(addresses.project(project.project_id, mode === 'yolo' ? 'dataset' : 'pictures'));
    },
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title={w.create} onClose={onClose}>
      <form className="stack" onSubmit={onSubmit}>
        <Field label={w.name} hint={w.nameHint}>
          <input
            value={name}
            required
            maxLength={120}
            pattern=".*\S.*"
            autoFocus
            onChange={({ target }) => setName(target.value)}
          />
        </Field>
        <fieldset className="projects-modes">
          <legend>{w.mode}</legend>
          {modes.map((value) => (
            <label key={value}>
              <input type="radio" name="mode" checked={mode === value} onChange={() => setMode(value)} />
              <span>
                <strong>{w.modes[value]}</strong>
                <small>{w.modeTexts[value]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <Field
          label={
            <>
              {w.description} <small className="quiet">({w.optional})</small>
            </>
          }
        >
          <textarea
            rows={2}
            value={description}
            maxLength={2000}
            onChange={({ target }) => setDescription(target.value)}
          />
        </Field>
        {create.error !== null && <Failure error={create.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{w.cancel}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {w.createIt}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
