// One press makes the dataset of the project from all labelled pictures.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { addresses } from '../../../addresses.ts';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { useTell } from '../../../components/toasts.tsx';
import { api } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export function MakeDataset({
  projectId,
  labelled,
}: {
  readonly projectId: string;
  readonly labelled: number;
}) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const [, go] = useLocation();
  const make = useMutation({
    mutationFn: () => api.makeYoloDataset({ project_id: projectId }),
    async onSuccess({ train_images, val_images }) {
      await client.invalidateQueries({ queryKey: ['dataset', projectId] });
      tell(w.datasetMade(train_images, val_images));
      go(addresses.project(projectId, 'dataset'));
    },
  });
  return (
    <section className="stack tight">
      <Button look="primary" disabled={labelled === 0} busy={make.isPending} onClick={() => make.mutate()}>
        {w.dataset}
      </Button>
      <p className="hint">{w.datasetHint}</p>
      {make.error !== null && <Failure error={make.error} />}
    </section>
  );
}
