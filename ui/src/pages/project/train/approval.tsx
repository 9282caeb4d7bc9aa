// A job that waits for someone to let it run: approve it, or refuse it with a reason.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Field } from '../../../components/field.tsx';
import { Notice } from '../../../components/notice.tsx';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { api, type JobInfo } from '../../../server/client.ts';
import { useSession } from '../../../server/sign-in.tsx';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

export function Approval({ jobId }: { readonly jobId: string }) {
  const w = useWords(words);
  const session = useSession();
  const [refuses, setRefuses] = useState(false);
  const [reason, setReason] = useState('');
  const approve = useDecision(jobId, w.approved, () => api.approveJob({ job_id: jobId }));
  const reject = useDecision(jobId, w.rejected, () =>
    api.rejectJob({ job_id: jobId, body: reason.trim() === '' ? {} : { reason: reason.trim() } }),
  );
  return (
    <>
      <Notice
        tone="warn"
        action={
          session.data?.scope === 'admin' && (
            <span className="row">
              <Button look="primary" icon="check" busy={approve.isPending} onClick={() => approve.mutate()}>
                {w.approve}
              </Button>
              <Button onClick={() => setRefuses(true)}>{w.reject}</Button>
            </span>
          )
        }
      >
        {w.approvalText}
      </Notice>
      {refuses && (
        <Dialog title={w.rejectTitle} onClose={() => setRefuses(false)}>
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              reject.mutate();
            }}
          >
            <Field label={w.reason} hint={w.reasonHint}>
              <textarea
                rows={3}
                maxLength={2000}
                value={reason}
                onChange={({ target }) => setReason(target.value)}
              />
            </Field>
            <div className="dialog-actions">
              <Button type="submit" look="danger" busy={reject.isPending}>
                {w.reject}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

function useDecision(jobId: string, done: string, decide: () => Promise<JobInfo>) {
  const client = useQueryClient();
  const tell = useTell();
  const tellError = useTellError();
  return useMutation({
    mutationFn: decide,
    onSuccess(job) {
      client.setQueryData(['job', jobId], job);
      void client.invalidateQueries({ queryKey: ['jobs'] });
      tell(done);
    },
    onError: tellError,
  });
}
