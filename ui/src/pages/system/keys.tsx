// The API keys: who has one, a new one, an end to one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Ago } from '../../components/ago.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { Skeleton } from '../../components/loading.tsx';
import { Badge } from '../../components/notice.tsx';
import { useTell } from '../../components/toasts.tsx';
import { ApiError, api } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { useSystem } from './machine.tsx';
import { NewKey } from './new-key.tsx';
import { words } from './words.ts';

const tones = { valid: 'ok', expired: 'plain', revoked: 'plain' } as const;

export function Keys() {
  const w = useWords(words);
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<string | null>(null);
  const system = useSystem();
  const { data, error, refetch } = useQuery({ queryKey: ['keys'], queryFn: () => api.listKeys() });
  const isForbidden = error instanceof ApiError && error.status === 403;
  const inForce = system.data?.keys_in_force ?? true;
  return (
    <section className="card stack" aria-labelledby="keys">
      <div className="row apart">
        <h2 id="keys">{w.keys}</h2>
        {!isForbidden && (
          <Button icon="plus" small onClick={() => setMaking(true)}>
            {w.newKey}
          </Button>
        )}
      </div>
      <p className="hint">{isForbidden ? w.keysForbidden : inForce ? w.keysClosed : w.keysOpen}</p>
      {error !== null && !isForbidden && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={2} />}
      {data !== undefined && data.items.length > 0 && (
        <div className="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">{w.keyName}</th>
                <th scope="col">{w.scope}</th>
                <th scope="col">{w.expiresAt}</th>
                <th scope="col">
                  <span className="unseen">{w.revoke}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ name, scope, state, expires_at }) => (
                <tr key={name}>
                  <td>
                    <span className="mono">{name}</span>{' '}
                    {state !== 'valid' && <Badge tone={tones[state]}>{w.keyStates[state]}</Badge>}
                  </td>
                  <td>{w.scopes[scope]}</td>
                  <td>{expires_at === null ? w.never : <Ago at={expires_at} />}</td>
                  <td className="number">
                    {state === 'valid' && (
                      <Button
                        look="danger"
                        small
                        aria-label={`${w.revoke} ${name}`}
                        onClick={() => setRevoking(name)}
                      >
                        {w.revoke}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isMaking && <NewKey isFirst={!inForce} onClose={() => setMaking(false)} />}
      {revoking !== null && <Revoke name={revoking} onClose={() => setRevoking(null)} />}
    </section>
  );
}

function Revoke({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.revokeKey({ key_name: name }),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ['keys'] });
      tell(w.revoked(name));
      onClose();
    },
  });
  return (
    <Dialog title={w.revoke} onClose={onClose}>
      <p>{w.revokeAsk(name)}</p>
      {revoke.error !== null && <Failure error={revoke.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{w.cancel}</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          {w.revoke}
        </Button>
      </div>
    </Dialog>
  );
}
