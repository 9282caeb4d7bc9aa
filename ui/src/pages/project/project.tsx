// One project: its name, and the parts of the work as tabs.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, Redirect, useParams } from 'wouter';
import { addresses, type ProjectPart } from '../../addresses.ts';
import { Failure } from '../../components/failure.tsx';
import { Loading } from '../../components/loading.tsx';
import { api, type ProjectInfo } from '../../server/client.ts';
import { defineWords, useWords } from '../../text/language.tsx';
import { useStoredImages } from './pictures/upload/use-adding.ts';
import './project.css';

/** What every part of a project is given. */
export interface PartProps {
  readonly project: ProjectInfo;
}

const parts: Readonly<Record<ProjectPart, React.ComponentType<PartProps>>> = {
  pictures: lazy(() => import('./pictures/pictures.tsx')),
  label: lazy(() => import('./label/label.tsx')),
  dataset: lazy(() => import('./dataset/dataset.tsx')),
  train: lazy(() => import('./train/train.tsx')),
  results: lazy(() => import('./results/results.tsx')),
  test: lazy(() => import('./test/test.tsx')),
};

/** In the order of the work. */
const partsOf: Readonly<Record<ProjectInfo['training_mode'], readonly ProjectPart[]>> = {
  anomaly: ['pictures', 'train', 'results', 'test', 'label'],
  finetune: ['pictures', 'train', 'results', 'test', 'label'],
  yolo: ['dataset', 'pictures', 'label', 'train', 'results', 'test'],
};

const words = defineWords({
  en: {
    projects: 'Projects',
    parts: 'Parts of the project',
    pictures: 'Pictures',
    train: 'Train',
    results: 'Results',
    test: 'Test',
    label: 'Label',
    dataset: 'Dataset',
  },
  th: {
    projects: 'โครงการ',
    parts: 'ส่วนของโครงการ',
    pictures: 'รูปภาพ',
    train: 'ฝึก',
    results: 'ผลลัพธ์',
    test: 'ทดสอบ',
    label: 'ติดป้าย',
    dataset: 'ชุดข้อมูล',
  },
});

export default function Project() {
  const { project: id = '', part } = useParams<{ project: string; part?: string }>();
  const w = useWords(words);
  useStoredImages(id);
  const {
    data: project,
    error,
    refetch,
  } = useQuery({
    queryKey: ['project', id],
    queryFn: () => api.getProject({ project_id: id }),
  });
  if (project === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => refetch()} />;
  const own = partsOf[project.training_mode];
  const chosen = own.find((name) => name === part);
  if (chosen === undefined) return <Redirect to={addresses.project(id, own[0])} replace />;
  const Part = parts[chosen];
  return (
    <>
      <div className="project-head">
        <div className="project-name">
          <Link to={addresses.projects} className="quiet">
            {w.projects}
          </Link>
          <span className="quiet" aria-hidden="true">
            /
          </span>
          <h1>{project.name}</h1>
        </div>
        <nav className="tabs" aria-label={w.parts}>
          {own.map((name) => (
            <Link
              key={name}
              to={addresses.project(id, name)}
              aria-current={name === chosen ? 'page' : undefined}
            >
              {w[name]}
            </Link>
          ))}
        </nav>
      </div>
      <Suspense fallback={<Loading />}>
        <Part key={id} project={project} />
      </Suspense>
    </>
  );
}
