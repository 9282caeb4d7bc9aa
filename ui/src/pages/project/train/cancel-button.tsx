// Ends a job, once one is sure.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { api } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

export function CancelButton({ jobId }: { readonly jobId: string }) {
  const w = useWords(words);
  const tell = useTell();
  const tellError = useTellError();
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  const cancel = useMutation({
    mutationFn: () => api.cancelJob({ job_id: jobId }),
    onSuccess(job) {
      client.setQueryData(['job', jobId], job);
      void client.invalidateQueries({ queryKey: ['jobs'] });
      tell(w.canceled);
    },
    onError: tellError,
    onSettled: () => setAsks(false),
  });
  return (
    <>
      <Button icon="stop" look="danger" onClick={() => setAsks(true)}>
        {w.cancel}
      </Button>
      {asks && (
        <Dialog title={w.cancelTitle} onClose={() => setAsks(false)}>
          <p>{w.cancelText}</p>
          <div className="dialog-actions">
            <Button onClick={() => setAsks(false)}>{w.keep}</Button>
            <Button look="danger" icon="stop" busy={cancel.isPending} onClick={() => cancel.mutate()}>
              {w.cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
