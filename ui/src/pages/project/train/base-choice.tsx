// Which model a fine-tuning goes on from: one of the project, or a file that is uploaded now.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { Progress } from '../../../components/loading.tsx';
import { useTell } from '../../../components/toasts.tsx';
import { api, type ModelInfo, type ResultOf } from '../../../server/client.ts';
import { sendFile } from '../../../server/send-files.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './settings-words.ts';

/** Those that compare patches have no network to go on from. */
const canBeBase = ({ task, detector }: ModelInfo) =>
  task === 'anomaly' && !['auto', 'memory-bank', 'subspace'].includes(detector);

export function BaseChoice({
  projectId,
  base,
  onChoose,
}: {
  readonly projectId: string;
  readonly base: string | null;
  readonly onChoose: (modelId: string) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const models = useQuery({
    queryKey: ['models', projectId],
    queryFn: () => api.listModels({ query: { project_id: projectId } }),
  });
  const usable = (models.data ?? []).filter(canBeBase);
  // The newest is what most people mean.
  const newest = usable[0]?.model_id;
  useEffect(() => {
    if (base === null && newest !== undefined) onChoose(newest);
  }, [base, newest, onChoose]);
  return (
    <div className="train-base">
      <Field label={w.base} hint={usable.length === 0 && models.isSuccess ? w.baseEmpty : w.baseHint}>
        <select
          value={base ?? ''}
          disabled={usable.length === 0}
          onChange={({ target }) => onChoose(target.value)}
        >
          {base === null && <option value="">{w.baseNone}</option>}
          {usable.map(({ model_id, img_size, note }) => (
            <option key={model_id} value={model_id}>
              {w.baseOf(note === null ? model_id : `${model_id} · ${note}`, format.count(img_size))}
            </option>
          ))}
        </select>
      </Field>
      <WeightsUpload projectId={projectId} onUploaded={onChoose} />
      {models.error !== null && <Failure error={models.error} onRetry={() => models.refetch()} />}
    </div>
  );
}

function WeightsUpload({
  projectId,
  onUploaded,
}: {
  readonly projectId: string;
  readonly onUploaded: (modelId: string) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const tell = useTell();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState<{ readonly name: string; readonly share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const send = async (file: File) => {
    setError(null);
    setSending({ name: file.name, share: 0 });
    stop.current = new AbortController();
    try {
      const { model_id, filename } = await sendFile<ResultOf<'uploadBaseModel'>>(
        `/projects/${encodeURIComponent(projectId)}/base-models/upload`,
        file,
        { onShare: (share) => setSending({ name: file.name, share }), signal: stop.current.signal },
      );
      await client.invalidateQueries({ queryKey: ['models'] });
      onUploaded(model_id);
      tell(w.uploaded(filename));
    } catch (failure) {
      if (!(failure instanceof DOMException)) setError(failure);
    }
    setSending(null);
  };
  return (
    <div className="stack tight train-upload">
      <input
        ref={input}
        type="file"
        hidden
        accept=".safetensors,.pt,.pth"
        aria-label={w.upload}
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = '';
          if (file !== undefined) void send(file);
        }}
      />
      {sending === null ? (
        <div>
          <Button icon="upload" onClick={() => input.current?.click()}>
            {w.upload}
          </Button>
          <p className="hint">{w.uploadHint}</p>
        </div>
      ) : (
        <div className="stack tight" role="status">
          <span className="cut">
            {sending.share < 1
              ? w.uploading(sending.name, format.percent(sending.share))
              : w.checking(sending.name)}
          </span>
          <Progress share={sending.share < 1 ? sending.share : null} label={sending.name} />
          <div>
            <Button small icon="stop" onClick={() => stop.current?.abort()}>
              {w.stop}
            </Button>
          </div>
        </div>
      )}
      {error !== null && <Failure error={error} />}
    </div>
  );
}
