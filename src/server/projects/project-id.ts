// The id of a project: readable, from its name and the time, and unlike any other.

/** Leaves room within 200 characters for the times and words that ids of models and jobs add. */
const SLUG_LENGTH = 120;

export const slugPattern = /^[a-z0-9_-]{1,200}$/;

/** Lower-case letters, digits, `-` and `_`; `project` for a name without any of them. */
export function slugOf(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-');
  return words.replace(/^-+/, '').slice(0, SLUG_LENGTH).replace(/-+$/, '') || 'project';
}

/** YYYYMMDD-HHMMSS in UTC. */
export function stampOf(date: Date): string {
  const [day = '', time = ''] = date.toISOString().split('T');
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
