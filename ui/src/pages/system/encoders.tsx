// The pretrained encoders, and the place where a person gives the server the DINOv3 file.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Failure } from '../../components/failure.tsx';
import { Progress, Skeleton } from '../../components/loading.tsx';
import { Badge } from '../../components/notice.tsx';
import { useTell } from '../../components/toasts.tsx';
import { api } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

export function Encoders() {
  const w = useWords(words);
  const { data, error, refetch } = useQuery({ queryKey: ['encoders'], queryFn: () => api.listEncoders() });
  return (
    <section className="card stack" aria-labelledby="encoders">
      <div>
        <h2 id="encoders">{w.encoders}</h2>
        <p className="hint">{w.encodersHint}</p>
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={4} />}
      {data?.items.map(({ name, about, available, is_default, files }) => (
        <div key={name} className="system-encoder stack tight">
          <div className="row">
            <strong className="mono">{name}</strong>
            {is_default && <Badge tone="ok">{w.isDefault}</Badge>}
            {!is_default && <Badge tone="plain">{available ? w.available : w.missing}</Badge>}
          </div>
          <p className="quiet">{about}</p>
          {!available && <GiveWeights files={files}>{w.dinoLicence}</GiveWeights>}
        </div>
      ))}
    </section>
  );
}

function GiveWeights({
  files,
  children,
}: {
  readonly files: readonly string[];
  readonly children: ReactNode;
}) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const put = useMutation({
    mutationFn: (chosen: File) => api.putEncoder({ file: { name: chosen.name, data: chosen } }),
    onSuccess(answer) {
      client.setQueryData(['encoders'], answer);
      tell(w.weightsIn);
    },
  });
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== null) put.mutate(file);
      }}
    >
      <p className="hint">{children}</p>
      <label htmlFor={id}>{w.dinoFile(files[0] ?? '')}</label>
      <div className="row">
        <input
          ref={input}
          id={id}
          type="file"
          hidden
          accept=".pth,.pt,.safetensors"
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
        />
        <Button onClick={() => input.current?.click()}>{w.chooseFile}</Button>
        {file !== null && <span className="cut">{file.name}</span>}
        <Button type="submit" icon="upload" busy={put.isPending} disabled={file === null}>
          {w.giveWeights}
        </Button>
      </div>
      {put.isPending && <Progress share={null} label={w.uploading} />}
      {put.error !== null && <Failure error={put.error} />}
    </form>
  );
}
