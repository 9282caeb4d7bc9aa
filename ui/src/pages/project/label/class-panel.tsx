// The classes of the project, with their colours and keys, and the boxes on the picture.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type RefObject, useMemo, useState } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { useTellError } from '../../../components/toasts.tsx';
import { api } from '../../../server/client.ts';
import { recall, remember, useWords } from '../../../text/language.tsx';
import type { Drawing, DrawnBox, Step } from './boxes.ts';
import { words } from './words.ts';

export interface Classes {
  readonly names: readonly string[];
  /** What new boxes are of. */
  readonly active: string | null;
  readonly choose: (name: string) => void;
  readonly add: (name: string) => void;
  readonly remove: (name: string) => void;
}

export function useClasses(
  projectId: string,
  listed: readonly string[],
  boxes: readonly DrawnBox[],
): Classes {
  const tellError = useTellError();
  const client = useQueryClient();
  const memory = `okapi.class.${projectId}`;
  const [active, setActive] = useState<string | null>(() => recall(memory));
  const [stored, setStored] = useState<readonly string[] | null>(null);
  const names = useMemo(() => {
    const known = stored ?? listed;
    // Boxes may have brought a class that the list does not know yet.
    return [...new Set([...known, ...boxes.map(({ label }) => label)])];
  }, [stored, listed, boxes]);
  const put = useMutation({
    mutationFn: (classes: string[]) => api.putClasses({ project_id: projectId, body: { classes } }),
    onSuccess({ classes }) {
      setStored(classes);
      void client.invalidateQueries({ queryKey: ['labels', projectId] });
    },
    onError: tellError,
  });
  const choose = (name: string) => {
    remember(memory, name);
    setActive(name);
  };
  return {
    names,
    active: active !== null && names.includes(active) ? active : (names[0] ?? null),
    choose,
    add(name) {
      const same = names.find((known) => known.toLowerCase() === name.trim().toLowerCase());
      if (same !== undefined) return choose(same);
      put.mutate([...names, name.trim()], { onSuccess: () => choose(name.trim()) });
    },
    remove: (name) => put.mutate(names.filter((known) => known !== name)),
  };
}

interface ClassPanelProps {
  readonly classes: Classes;
  readonly drawing: Drawing;
  readonly step: (step: Step) => void;
  readonly newClass: RefObject<HTMLInputElement | null>;
}

export function ClassPanel({ classes, drawing, step, newClass }: ClassPanelProps) {
  const w = useWords(words);
  const [name, setName] = useState('');
  const selected = drawing.boxes.find(({ id }) => id === drawing.selected);
  return (
    <>
      <section className="card stack tight" aria-labelledby="label-classes">
        <h2 id="label-classes">{w.classes}</h2>
        <p className="hint">{classes.names.length === 0 ? w.noClasses : w.classesHint}</p>
        <ul className="label-classes">
          {classes.names.map((label, i) => (
            <li key={label}>
              <button
                type="button"
                aria-pressed={label === (selected?.label ?? classes.active)}
                onClick={() => {
                  classes.choose(label);
                  if (selected !== undefined && selected.label !== label)
                    step({ type: 'change', box: { ...selected, label }, first: true });
                }}
              >
                <span className="label-swatch" data-class={i % 8} aria-hidden="true" />
                <span className="grow cut">{label}</span>
                {i < 9 && <kbd>{i + 1}</kbd>}
              </button>
              <IconButton
                small
                icon="close"
                label={w.removeClass(label)}
                onClick={() => classes.remove(label)}
              />
            </li>
          ))}
        </ul>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') classes.add(name);
            setName('');
          }}
        >
          <input
            ref={newClass}
            className="grow"
            aria-label={w.addClass}
            placeholder={w.newClass}
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" icon="plus" disabled={name.trim() === ''}>
            {w.add}
          </Button>
        </form>
      </section>
      <section className="card stack tight" aria-labelledby="label-boxes">
        <h2 id="label-boxes">{w.onPicture}</h2>
        {drawing.boxes.length === 0 && <p className="hint">{w.noBoxes}</p>}
        <ul className="label-classes label-boxes">
          {drawing.boxes.map(({ id, label, width, height }) => (
            <li key={id}>
              <button
                type="button"
                aria-pressed={id === drawing.selected}
                onClick={() => step({ type: 'select', id })}
              >
                <span
                  className="label-swatch"
                  data-class={Math.max(0, classes.names.indexOf(label)) % 8}
                  aria-hidden="true"
                />
                <span className="grow cut">{label}</span>
                <small className="quiet">
                  {Math.round(width)} × {Math.round(height)}
                </small>
              </button>
              <IconButton
                small
                icon="trash"
                label={w.remove(label)}
                onClick={() => step({ type: 'remove', id })}
              />
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
