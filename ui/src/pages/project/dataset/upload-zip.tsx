// Sends a ZIP, with progress, and says what is wrong with it; the dataset of now stays until the new one is found good.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useId, useRef, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Check } from '../../../components/field.tsx';
import { Progress } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { useTell } from '../../../components/toasts.tsx';
import { ApiError, api, type ResultOf } from '../../../server/client.ts';
import { connection } from '../../../server/connection.ts';
import { sendFile } from '../../../server/send-files.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

type Sending =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly file: File; readonly share: number }
  | { readonly kind: 'failed'; readonly file: File; readonly error: unknown };

export function UploadZip({ projectId, isFirst }: { readonly projectId: string; readonly isFirst: boolean }) {
  const w = useWords(words);
  const format = useFormat();
  const tell = useTell();
  const client = useQueryClient();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef<AbortController | null>(null);
  const [sending, setSending] = useState<Sending>({ kind: 'idle' });
  const [partial, setPartial] = useState(false);
  const [isOver, setOver] = useState(false);
  const limits = useQuery({ queryKey: ['limits'], queryFn: () => api.limits(), staleTime: 600_000 });

  const send = async (file: File, allowPartial = partial) => {
    const most = limits.data?.datasets.max_zip_bytes;
    if (most !== undefined && file.size > most) {
      const error = new Error(w.tooLarge(format.bytes(file.size), format.bytes(most)));
      return setSending({ kind: 'failed', file, error });
    }
    stop.current = new AbortController();
    setSending({ kind: 'sending', file, share: 0 });
    try {
      const onShare = (share: number) => setSending({ kind: 'sending', file, share });
      const query = allowPartial ? '?allow_partial=true' : '';
      const answer = await sendFile<ResultOf<'uploadYoloDataset'>>(
        `/projects/${encodeURIComponent(projectId)}/yolo/dataset/upload${query}`,
        file,
        { onShare, signal: stop.current.signal },
      );
      client.setQueryData(['dataset', projectId], answer);
      await client.invalidateQueries({ queryKey: ['dataset', projectId] });
      tell(w.stored(answer.train_images, answer.val_images));
      setSending({ kind: 'idle' });
    } catch (error) {
      if (stop.current.signal.aborted) {
        tell(w.canceled, { tone: 'note' });
        return setSending({ kind: 'idle' });
      }
      connection.failed(error);
      setSending({ kind: 'failed', file, error });
    }
  };

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) void send(file);
  };

  if (sending.kind === 'sending')
    return (
      <section className="card stack tight" aria-live="polite">
        <div className="row apart">
          <p className="grow cut">{sending.share < 1 ? w.sending(sending.file.name) : w.checking}</p>
          <Button small onClick={() => stop.current?.abort()}>
            {w.cancel}
          </Button>
        </div>
        <Progress share={sending.share < 1 ? sending.share : null} label={w.sending(sending.file.name)} />
      </section>
    );
  const canLeaveOut = sending.kind === 'failed' && isCode(sending.error, 'dataset.pictures') && !partial;
  return (
    <section
      className={isOver ? 'card stack dataset-drop over' : 'card stack dataset-drop'}
      aria-label={isFirst ? w.choose : w.replace}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {sending.kind === 'failed' && (
        <>
          <strong className="dataset-class">{sending.file.name}</strong>
          <Failure error={sending.error} />
        </>
      )}
      {canLeaveOut && (
        <Notice
          tone="warn"
          action={
            <Button
              small
              onClick={() => {
                setPartial(true);
                void send(sending.file, true);
              }}
            >
              {w.again}
            </Button>
          }
        >
          {w.partialHint}
        </Notice>
      )}
      <div className="row">
        <label className="unseen" htmlFor={id}>
          {isFirst ? w.choose : w.replace}
        </label>
        <input
          ref={input}
          id={id}
          className="unseen"
          tabIndex={-1}
          type="file"
          accept=".zip,application/zip"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            // The same file can be chosen again after it was mended.
            event.target.value = '';
            if (file !== undefined) void send(file);
          }}
        />
        <Button look={isFirst ? 'primary' : 'plain'} icon="upload" onClick={() => input.current?.click()}>
          {isFirst ? w.choose : w.replace}
        </Button>
        <span className="quiet">{w.drop}</span>
      </div>
      <Check label={w.partial} checked={partial} onChange={setPartial} />
      <details>
        <summary>{w.layouts}</summary>
        <p className="hint">{w.layoutsHint}</p>
      </details>
    </section>
  );
}

const isCode = (error: unknown, code: string) => error instanceof ApiError && error.code === code;
