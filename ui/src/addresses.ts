// The addresses of the pages, and where those of the original lead.
export type ProjectPart = 'pictures' | 'train' | 'results' | 'test' | 'label' | 'dataset';

export const addresses = {
  projects: '/projects',
  project: (id: string, part: ProjectPart = 'pictures') => `/projects/${encodeURIComponent(id)}/${part}`,
  models: '/models',
  model: (id: string) => `/models/${encodeURIComponent(id)}`,
  operator: '/operator',
  operatorOf: (modelId: string) => `/operator/${encodeURIComponent(modelId)}`,
  system: '/system',
} as const;

/** Page of the original -> the part of a project that took its place; null: the list. */
const originals: Readonly<Record<string, { readonly page: string; readonly part: ProjectPart | null }>> = {
  '/index.html': { page: addresses.projects, part: 'pictures' },
  '/yolo.html': { page: `${addresses.projects}?mode=yolo`, part: 'dataset' },
  '/models.html': { page: addresses.models, part: null },
  '/label.html': { page: addresses.projects, part: 'label' },
  '/fine_tune.html': { page: `${addresses.projects}?mode=finetune`, part: 'train' },
};

/** Where an address of the original leads, with the project it names; null when it is none. */
export function addressOfOriginal(path: string, search: string): string | null {
  const original = originals[path];
  if (original === undefined) return null;
  const query = new URLSearchParams(search);
  const project = query.get('project_id') ?? query.get('project');
  return project !== null && original.part !== null
    ? addresses.project(project, original.part)
    : original.page;
}
