// All projects.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Failure } from '../../components/failure.tsx';
import { Loading } from '../../components/loading.tsx';
import { Segments } from '../../components/segments.tsx';
import { api, type JobInfo, type ProjectInfo } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { DropArea } from '../project/pictures/upload/drop-area.tsx';
import { CreateDialog, modes } from './create-dialog.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { useProjectOfFiles } from './new-project.ts';
import { ProjectCard } from './project-card.tsx';
import './projects.css';
import { Start } from './start.tsx';
import { words } from './words.ts';

type Mode = ProjectInfo['training_mode'];

const none: readonly ProjectInfo[] = [];
const busyEveryMs = 2500;

export default function Projects() {
  const w = useWords(words);
  const [, go] = useLocation();
  const wanted = new URLSearchParams(useSearch()).get('mode');
  const mode = modes.find((name) => name === wanted) ?? null;
  const [search, setSearch] = useState('');
  const [isCreating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<ProjectInfo | null>(null);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['projects'],
    queryFn: () => api.listProjects(),
  });
  const projects = data ?? none;
  const jobs = useOpenJobs();
  const ofFiles = useProjectOfFiles(projects);
  const shown = useMemo(() => shownProjects(projects, mode, search), [projects, mode, search]);

  if (isPending) return <Loading />;
  const dialogs = (
    <>
      {isCreating && <CreateDialog mode={mode ?? 'anomaly'} onClose={() => setCreating(false)} />}
      {deleting !== null && (
        <DeleteDialog
          project={deleting}
          isWorking={jobs.has(deleting.project_id)}
          onClose={() => setDeleting(null)}
        />
      )}
    </>
  );
  return (
    <DropArea label={w.drop} onFiles={(files) => ofFiles.mutate(files)}>
      <div className="page-head">
        <h1>{w.title}</h1>
        {projects.length > 0 && (
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            {w.create}
          </Button>
        )}
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {projects.length === 0 ? (
        error === null && <Start onCreate={() => setCreating(true)} />
      ) : (
        <>
          <div className="projects-tools">
            <input
              type="search"
              value={search}
              placeholder={w.search}
              aria-label={w.search}
              onChange={({ target }) => setSearch(target.value)}
            />
            <Segments<Mode | 'all'>
              label={w.filter}
              value={mode ?? 'all'}
              onChange={(chosen) =>
                go(chosen === 'all' ? addresses.projects : `${addresses.projects}?mode=${chosen}`, {
                  replace: true,
                })
              }
              options={[
                { value: 'all', label: w.all },
                ...modes.map((value) => ({ value, label: w.modes[value] })),
              ]}
            />
          </div>
          {shown.length === 0 ? (
            <Empty
              icon="search"
              title={w.nothing}
              action={
                <Button
                  onClick={() => {
                    setSearch('');
                    go(addresses.projects, { replace: true });
                  }}
                >
                  {w.showAll}
                </Button>
              }
            />
          ) : (
            <ul className="projects-grid">
              {shown.map((project) => (
                <ProjectCard
                  key={project.project_id}
                  project={project}
                  job={jobs.get(project.project_id)}
                  onDelete={() => setDeleting(project)}
                />
              ))}
            </ul>
          )}
        </>
      )}
      {dialogs}
    </DropArea>
  );
}

function shownProjects(
  projects: readonly ProjectInfo[],
  mode: Mode | null,
  search: string,
): readonly ProjectInfo[] {
  const wanted = search.trim().normalize('NFC').toLocaleLowerCase();
  const fits = (text: string | null) => text?.toLocaleLowerCase().includes(wanted) ?? false;
  return projects.filter(
    ({ name, description, training_mode }) =>
      (mode === null || training_mode === mode) && (fits(name) || fits(description)),
  );
}

const open = ['running', 'waiting_approval', 'queued'] as const;

/** By project: the one that runs, or else one that waits. Asked again while there are any. */
function useOpenJobs(): ReadonlyMap<string, JobInfo> {
  const { data } = useQuery({
    queryKey: ['jobs', 'open'],
    queryFn: async () => {
      const lists = await Promise.all(open.map((status) => api.listJobs({ query: { status, limit: 100 } })));
      return lists.flatMap(({ items }) => items);
    },
    refetchInterval: ({ state }) => ((state.data?.length ?? 0) > 0 ? busyEveryMs : false),
  });
  return useMemo(() => {
    const jobs = new Map<string, JobInfo>();
    for (const job of data ?? [])
      if (job.project_id !== null && !jobs.has(job.project_id)) jobs.set(job.project_id, job);
    return jobs;
  }, [data]);
}
