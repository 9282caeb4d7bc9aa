// The view for the line: without a model a choice of them, with one its set-up and then the big verdict.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useParams } from 'wouter';
import { useCamera } from '../../components/camera.tsx';
import { Failure } from '../../components/failure.tsx';
import { Loading } from '../../components/loading.tsx';
import { api, type ModelDetail } from '../../server/client.ts';
import { ChooseModel } from './choose-model.tsx';
import './operator.css';
import type { PictureSource } from './picture-source.ts';
import { Screen } from './screen.tsx';
import { useLineSettings } from './settings.ts';
import { Setup } from './setup.tsx';
import { alarm } from './sound.ts';

export default function Operator() {
  const { model: id } = useParams<{ model?: string }>();
  return id === undefined ? <ChooseModel /> : <OfModel key={id} id={id} />;
}

function OfModel({ id }: { readonly id: string }) {
  const model = useQuery({ queryKey: ['model', id], queryFn: () => api.getModel({ model_id: id }) });
  const projectId = model.data?.project_id ?? null;
  const project = useQuery({
    queryKey: ['project', projectId],
    queryFn: () => api.getProject({ project_id: projectId! }),
    enabled: projectId !== null,
  });
  if (model.data === undefined)
    return model.error === null ? (
      <Loading />
    ) : (
      <main className="op-setup">
        <Failure error={model.error} onRetry={() => model.refetch()} />
      </main>
    );
  return <LineOf model={model.data} name={project.data?.name ?? model.data.scene_id ?? id} />;
}

function LineOf({ model, name }: { readonly model: ModelDetail; readonly name: string }) {
  const camera = useCamera();
  const [settings, onSettings] = useLineSettings(model.model_id);
  const [source, setSource] = useState<PictureSource | null>(null);
  const sound = useRef(alarm());
  useEffect(() => {
    const { current } = sound;
    return () => current.close();
  }, []);
  const shared = { model, name, camera, settings, onSettings };
  if (source === null)
    return (
      <Setup
        {...shared}
        onStart={(started) => {
          sound.current.ready();
          setSource(started);
        }}
      />
    );
  return <Screen {...shared} source={source} alarm={sound.current} onStop={() => setSource(null)} />;
}
