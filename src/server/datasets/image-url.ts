// Where an image can be fetched.
import type { Owner } from '../platform/queue/job.ts';

const sections = { project: 'projects', scene: 'datasets' } as const;

/** Of its small preview. Such as /projects/p-1/images/0f…e2.png/thumbnail. */
export function thumbnailUrl({ kind, id }: Owner, stored: string): string {
  return `/${sections[kind]}/${id}/images/${encodeURIComponent(stored)}/thumbnail`;
}

/** Such as /static/projects/p-1/raw/0f…e2.png. */
export function imageUrl({ kind, id }: Owner, stored: string): string {
  return `/static/${sections[kind]}/${id}/raw/${encodeURIComponent(stored)}`;
}
