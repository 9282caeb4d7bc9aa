// A project at a glance: its first pictures, what it is, its model, and what it does at the moment.
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Progress } from '../../components/loading.tsx';
import { Badge } from '../../components/notice.tsx';
import type { JobInfo, ProjectInfo } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { ModelHealth } from './model-health.tsx';
import { words } from './words.ts';

export function ProjectCard({
  project,
  job,
  onDelete,
}: {
  readonly project: ProjectInfo;
  /** One that runs or waits. */
  readonly job: JobInfo | undefined;
  readonly onDelete: () => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const card = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(card);
  const { project_id, name, description, num_images, num_ng, thumbnail_urls, last_model_id } = project;
  return (
    <li className="project-card" ref={card}>
      <div className="project-thumbs" aria-hidden="true">
        {thumbnail_urls.map((url) => (
          <img key={url} src={url} alt="" loading="lazy" decoding="async" />
        ))}
        {thumbnail_urls.length === 0 && (
          <Icon name={project.training_mode === 'yolo' ? 'box' : 'upload'} size={28} />
        )}
      </div>
      <div className="project-facts">
        <div className="project-title">
          <h2>
            <Link to={addresses.project(project_id)}>{name}</Link>
          </h2>
          <IconButton small icon="trash" label={w.more(name)} className="project-delete" onClick={onDelete} />
        </div>
        {description !== null && description !== '' && (
          <p className="quiet cut" title={description}>
            {description}
          </p>
        )}
        <div className="row">
          <Badge tone="plain">{w.modes[project.training_mode]}</Badge>
          <small className="quiet">
            {num_images === 0
              ? w.noPictures
              : num_images === 1
                ? w.onePicture
                : w.pictures(format.count(num_images))}
            {num_ng > 0 && ` · ${w.ng(format.count(num_ng))}`}
          </small>
        </div>
        <div className="project-model">
          {job !== undefined ? (
            <JobLine job={job} />
          ) : last_model_id === null ? (
            <p className="quiet">{w.noModel}</p>
          ) : (
            isSeen && <ModelHealth modelId={last_model_id} />
          )}
        </div>
      </div>
    </li>
  );
}

function JobLine({ job }: { readonly job: JobInfo }) {
  const w = useWords(words);
  const format = useFormat();
  if (job.status === 'waiting_approval') return <Badge tone="warn">{w.waiting}</Badge>;
  if (job.status === 'queued') return <Badge tone="plain">{w.queued}</Badge>;
  const label = job.kind.startsWith('eval') ? w.evaluating : w.running;
  return (
    <>
      <div className="row apart">
        <small>
          {label} {format.percent(job.progress)}
        </small>
        {job.seconds_left !== null && (
          <small className="quiet">{w.left(format.duration(job.seconds_left))}</small>
        )}
      </div>
      <Progress share={job.progress} label={label} />
    </>
  );
}

/** True from when it was in sight first: what costs the server work is not asked for before. */
function useSeen(element: React.RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return isSeen;
}
