// The dialog that makes a key, and shows it once.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { useTell } from '../../components/toasts.tsx';
import { api } from '../../server/client.ts';
import { connection } from '../../server/connection.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

type Scope = 'read' | 'write' | 'admin';

export function NewKey({ isFirst, onClose }: { readonly isFirst: boolean; readonly onClose: () => void }) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>(isFirst ? 'admin' : 'write');
  const [days, setDays] = useState('');
  const make = useMutation({
    async mutationFn() {
      const expires = days.trim() === '' ? {} : { expires_days: Number(days) };
      const made = await api.createKey({ body: { name, scope, ...expires } });
      // From now on this page needs one too.
      if (isFirst) client.setQueryData(['session'], await api.startSession({ body: { key: made.key } }));
      return made;
    },
    onSuccess: () => connection.back(),
  });
  if (make.data !== undefined)
    return (
      <Dialog title={w.made} onClose={onClose}>
        <Notice tone="warn">{w.madeHint}</Notice>
        <p className="system-key">{make.data.key}</p>
        <div className="dialog-actions">
          <Button
            icon="copy"
            onClick={async () => {
              await navigator.clipboard.writeText(make.data.key);
              tell(w.copied);
            }}
          >
            {w.copy}
          </Button>
          <Button look="primary" onClick={onClose}>
            {w.done}
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={w.newKey} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        {isFirst && <Notice>{w.firstKey}</Notice>}
        <Field label={w.keyName} hint={w.keyNameHint}>
          <input
            required
            maxLength={60}
            pattern="[a-z0-9_\-]{1,60}"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={w.scope}>
          <select
            value={scope}
            disabled={isFirst}
            onChange={(event) => setScope(event.target.value as Scope)}
          >
            {(['read', 'write', 'admin'] as const).map((one) => (
              <option key={one} value={one}>
                {w.scopes[one]} ({one})
              </option>
            ))}
          </select>
        </Field>
        <Field label={w.expires} hint={w.expiresHint}>
          <input
            type="number"
            min={1}
            max={3650}
            step={1}
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        </Field>
        {make.error !== null && <Failure error={make.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{w.cancel}</Button>
          <Button type="submit" look="primary" busy={make.isPending}>
            {w.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
