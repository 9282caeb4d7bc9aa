// A context for tests: file stores in a folder of their own, a queue that runs nothing, a frozen clock, counting ids.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Actor, Audit } from '../platform/audit.ts';
import { FileBlobs } from '../platform/blobs/file-blobs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { Context } from '../platform/context.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { storeRoots } from '../platform/docs/store-folders.ts';
import type { Ids } from '../platform/ids.ts';
import { IdleQueue } from './idle-queue.ts';
import { TestWorkspace } from './test-workspace.ts';

export interface TestContext {
  readonly context: Context;
  /** The data folder is `data` in it. */
  readonly folder: string;
  close(): Promise<void>;
}

export const testActor: Actor = { name: 'tester', address: '127.0.0.1', requestId: 'request-1' };

export async function testContext(overrides: Partial<Context> = {}): Promise<TestContext> {
  const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  const config = overrides.config ?? testConfig(folder);
  for (const path of [config.data_dir, config.tmp_dir]) await mkdir(path, { recursive: true });
  const clock = overrides.clock ?? new TestClock();
  const ids = overrides.ids ?? countingIds();
  const docs = overrides.docs ?? new FileDocs(storeRoots(config));
  const context: Context = {
    config,
    docs,
    blobs: new FileBlobs(storeRoots(config)),
    queue: new IdleQueue(docs, clock, ids),
    log: pino({ level: 'silent' }),
    clock,
    ids,
    audit: new TestAudit(),
    workspace: new TestWorkspace(config.tmp_dir),
    ...overrides,
  };
  return { context, folder, close: () => rm(folder, { recursive: true, force: true }) };
}

/** The defaults of the product, in a folder. */
export function testConfig(folder: string): Config {
  const data = join(folder, 'data');
  return {
    root_dir: folder,
    data_dir: data,
    models_dir: join(data, 'models'),
    datasets_dir: join(data, 'datasets'),
    projects_dir: join(data, 'projects'),
    tmp_dir: join(folder, 'tmp'),
    server: {
      host: '127.0.0.1',
      port: 0,
      allowed_hosts: [],
      allowed_origins: [],
      trust_proxy: false,
      session_hours: 168,
    },
    uploads: {
      allowed_extensions: ['.jpg', '.jpeg', '.png'],
      max_files_per_upload: 200,
      max_file_size_mb: 32,
      max_total_size_mb: 512,
      max_megapixels: 50,
      decode_timeout_seconds: 5,
    },
    training: {
      batch_size: 32,
      val_ratio: 0.2,
      patience: 10,
      min_epochs_before_early_stop: 5,
      require_approval: false,
      sandbox_command: [],
      device: 'cpu',
      threads: 1,
      weights_dir: join(folder, 'weights'),
    },
    jobs: {
      max_workers: 2,
      poll_interval_seconds: 0.5,
      max_queued: 100,
      max_memory_mb: 4096,
      max_hours: 24,
      keep_days: 90,
    },
    inference: {
      device: 'cpu',
      threads: 1,
      max_memory_mb: 1024,
      max_waiting_requests: 64,
      preview_hours: 24,
    },
    rate_limits: { uploads_per_minute: 60, deletes_per_minute: 60, failed_downloads_per_minute: 8 },
    log: { level: 'silent' },
  };
}

/** Stands still until it is moved. */
export class TestClock implements Clock {
  #date = new Date('2026-01-02T03:04:05.000Z');
  #nowMs = 0;

  date(): Date {
    return new Date(this.#date);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#date = new Date(this.#date.getTime() + ms);
    this.#nowMs += ms;
  }

  /** As when somebody sets the wall clock. */
  setDate(date: Date): void {
    this.#date = date;
  }
}

/** 1, 2, 3 ... as 32 hex digits. */
export function countingIds(): Ids {
  let count = 0;
  return { random: () => (++count).toString(16).padStart(32, '0') };
}

export class TestAudit implements Audit {
  readonly entries: {
    readonly actor: Actor;
    readonly action: string;
    readonly subject: string;
    readonly details: Parameters<Audit['record']>[3];
  }[] = [];

  async record(...[actor, action, subject, details]: Parameters<Audit['record']>): Promise<void> {
    this.entries.push({ actor, action, subject, details });
  }
}
