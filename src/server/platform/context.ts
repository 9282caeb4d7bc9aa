// What every use case is given. One is made at the start and passed on; nothing here is reached any other way.
import type { Logger } from 'pino';
import type { Audit } from './audit.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { DocStore } from './docs/doc-store.ts';
import type { Ids } from './ids.ts';
import type { JobQueue } from './queue/job-queue.ts';
import type { Workspace } from './workspace.ts';

export interface Context {
  readonly config: Config;
  readonly docs: DocStore;
  readonly blobs: BlobStore;
  readonly queue: JobQueue;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly audit: Audit;
  readonly workspace: Workspace;
}
