// Where everything lies: the one place that makes keys. The original's files are where the original has them.
import type { BlobKey } from './blobs/blob-store.ts';
import type { DocKey } from './docs/doc-store.ts';
import type { Owner } from './queue/job.ts';

const home = ({ kind, id }: Owner) => (kind === 'project' ? `projects/${id}` : `datasets/${id}`);

/** Documents; in files with `.json` added. */
export const docKeys = {
  projects: 'projects' as DocKey,
  project: (id: string): DocKey => `projects/${id}/meta`,
  /** Where its pictures are looked at. */
  regions: (id: string): DocKey => `projects/${id}/regions`,
  scenes: 'datasets' as DocKey,
  /** All images of an owner in one document. */
  images: (owner: Owner): DocKey => `${home(owner)}/raw/_index`,
  labels: (projectId: string): DocKey => `projects/${projectId}/labels`,
  label: (projectId: string, image: string): DocKey => `projects/${projectId}/labels/${image}`,
  labelClasses: (projectId: string): DocKey => `projects/${projectId}/labels/classes`,
  models: '.okapi/models' as DocKey,
  model: (id: string): DocKey => `.okapi/models/${id}`,
  jobs: '.okapi/jobs' as DocKey,
  job: (id: string): DocKey => `.okapi/jobs/${id}`,
  evaluations: '.okapi/evaluations' as DocKey,
  evaluationsOf: (modelId: string): DocKey => `.okapi/evaluations/${modelId}`,
  evaluation: (modelId: string, id: string): DocKey => `.okapi/evaluations/${modelId}/${id}`,
  hygieneSets: '.okapi/hygiene' as DocKey,
  /** What a check of a set of images found, under the hash of the set. */
  hygiene: (sha256: string): DocKey => `.okapi/hygiene/${sha256}`,
  snapshots: '.okapi/snapshots' as DocKey,
  /** The list of images that a training learns from, under its hash. */
  snapshot: (sha256: string): DocKey => `.okapi/snapshots/${sha256}`,
  yoloDatasets: '.okapi/yolo' as DocKey,
  /** All dataset versions of a project in one document. */
  yolo: (projectId: string): DocKey => `.okapi/yolo/${projectId}`,
  apiKeys: '.okapi/keys' as DocKey,
  apiKey: (name: string): DocKey => `.okapi/keys/${name}`,
  sessions: '.okapi/sessions' as DocKey,
  session: (sha256: string): DocKey => `.okapi/sessions/${sha256}`,
  /** What was answered to requests with an Idempotency-Key. */
  requests: '.okapi/requests' as DocKey,
  request: (sha256: string): DocKey => `.okapi/requests/${sha256}`,
  importReport: '.okapi/import-report' as DocKey,
} as const;

/** Journals; in files with `.jsonl` added. */
export const journalKeys = {
  jobEvents: (id: string): DocKey => `.okapi/jobs/${id}`,
  audit: (month: string): DocKey => `.okapi/audit/${month}`,
  results: (owner: Owner): DocKey => `.okapi/results/${owner.kind}-${owner.id}`,
} as const;

export const blobKeys = {
  image: (owner: Owner, stored: string): BlobKey => `${home(owner)}/raw/${stored}`,
  images: (owner: Owner): BlobKey => `${home(owner)}/raw`,
  thumbnails: (owner: Owner): BlobKey => `${home(owner)}/thumbnails`,
  /** The small preview of an image, under its stored name. */
  thumbnail: (owner: Owner, stored: string): BlobKey => `${home(owner)}/thumbnails/${stored}.webp`,
  masks: (owner: Owner): BlobKey => `${home(owner)}/masks`,
  /** Of a defect; under the hash of its bytes. */
  mask: (owner: Owner, id: string): BlobKey => `${home(owner)}/masks/${id}.png`,
  evaluations: (owner: Owner, modelId: string): BlobKey => `${home(owner)}/evaluations/${modelId}`,
  /** Pictures and curves of an evaluation. */
  evaluation: (owner: Owner, modelId: string, id: string): BlobKey =>
    `${home(owner)}/evaluations/${modelId}/${id}.json`,
  owner: (owner: Owner): BlobKey => home(owner),
  /** The folder of a model. `imported` are base models that were uploaded. */
  model: (owner: Owner, modelId: string, imported = false): BlobKey =>
    owner.kind === 'scene'
      ? `models/${modelId}`
      : `projects/${owner.id}/${imported ? 'imports' : 'models'}/${modelId}`,
  /** The folder of a dataset version. */
  yoloVersion: (projectId: string, version: string): BlobKey => `projects/${projectId}/yolo/${version}`,
  previews: (modelId: string): BlobKey => `preview/${modelId}`,
  preview: (modelId: string, name: string): BlobKey => `preview/${modelId}/${name}`,
} as const;
