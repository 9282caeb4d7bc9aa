// The labelled dataset that a detector is trained on: uploaded, judged, looked at.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { Ago } from '../../../components/ago.tsx';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { useTell } from '../../../components/toasts.tsx';
import { api } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { PartProps } from '../project.tsx';
import './dataset.css';
import { HealthReport } from './health-report.tsx';
import { SamplePictures } from './sample-pictures.tsx';
import { UploadZip } from './upload-zip.tsx';
import { words } from './words.ts';

export default function Dataset({ project: { project_id } }: PartProps) {
  const w = useWords(words);
  const format = useFormat();
  const [isRemoving, setRemoving] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: ['dataset', project_id],
    queryFn: () => api.getYoloDataset({ project_id }),
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => refetch()} />;
  if (!data.ready)
    return (
      <>
        <Empty
          icon="box"
          title={w.none}
          action={<LinkButton to={addresses.project(project_id, 'label')}>{w.label}</LinkButton>}
        >
          {w.noneHint}
        </Empty>
        <UploadZip projectId={project_id} isFirst />
      </>
    );
  const boxes = data.boxes.reduce((sum, { train, val }) => sum + train + val, 0);
  return (
    <>
      <section className="card stack" aria-labelledby="dataset">
        <div className="row apart">
          <h2 id="dataset">{w.title}</h2>
          <div className="row">
            <a className="button" href={`/projects/${project_id}/yolo/dataset/download`} download>
              {w.download}
            </a>
            <Button look="danger" onClick={() => setRemoving(true)}>
              {w.remove}
            </Button>
            <LinkButton to={addresses.project(project_id, 'train')} look="primary" icon="play">
              {w.train}
            </LinkButton>
          </div>
        </div>
        <dl className="dataset-facts">
          <Fact name={w.facts.train} value={w.pictures(format.count(data.train_images))} />
          <Fact name={w.facts.val} value={w.pictures(format.count(data.val_images))} />
          <Fact name={w.facts.classes} value={format.count(data.classes.length)} />
          <Fact name={w.facts.boxes} value={format.count(boxes)} />
          {data.source !== null && <Fact name={w.facts.source} value={w.sources[data.source]} />}
          {data.updated_at !== null && <Fact name={w.facts.updated} value={<Ago at={data.updated_at} />} />}
        </dl>
        {data.note !== null && <Notice>{data.note}</Notice>}
      </section>
      <div className="dataset-columns">
        <HealthReport projectId={project_id} version={data.version} />
        <section className="card stack" aria-labelledby="dataset-classes">
          <h2 id="dataset-classes">{w.classTable}</h2>
          <ClassTable boxes={data.boxes} />
        </section>
      </div>
      <SamplePictures projectId={project_id} version={data.version} classes={data.classes} />
      <UploadZip projectId={project_id} isFirst={false} />
      {isRemoving && <RemoveDialog projectId={project_id} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface ClassBoxes {
  readonly class: string;
  readonly train: number;
  readonly val: number;
}

function ClassTable({ boxes }: { readonly boxes: readonly ClassBoxes[] }) {
  const w = useWords(words);
  const format = useFormat();
  const most = Math.max(1, ...boxes.map(({ train }) => train));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list of classes is scrolled by keys too
    <section className="dataset-classes" tabIndex={0} aria-label={w.facts.classes}>
      <table>
        <thead>
          <tr>
            <th scope="col">{w.class}</th>
            <th scope="col" className="number">
              {w.boxesTrain}
            </th>
            <th scope="col" className="number">
              {w.boxesVal}
            </th>
          </tr>
        </thead>
        <tbody>
          {boxes.map(({ class: name, train, val }) => (
            <tr key={name}>
              <td>
                <span className="dataset-class">{name}</span>
                <svg
                  className="dataset-bar"
                  viewBox="0 0 100 4"
                  preserveAspectRatio="none"
                  aria-hidden="true"
                >
                  <rect width={(train / most) * 100} height="4" />
                </svg>
              </td>
              <td className="number">{format.count(train)}</td>
              <td className="number">{format.count(val)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function RemoveDialog({ projectId, onClose }: { readonly projectId: string; readonly onClose: () => void }) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.deleteYoloDataset({ project_id: projectId }),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ['dataset', projectId] });
      tell(w.removed);
      onClose();
    },
  });
  return (
    <Dialog title={w.remove} onClose={onClose}>
      <p>{w.removeAsk}</p>
      {remove.error !== null && <Failure error={remove.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{w.cancel}</Button>
        <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
          {w.remove}
        </Button>
      </div>
    </Dialog>
  );
}
