// A workspace for tests in a plain folder.
import { mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../platform/workspace.ts';

export class TestWorkspace implements Workspace {
  readonly #folder: string;
  #staged = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  stage(): { readonly path: string; release(): Promise<void> } {
    mkdirSync(join(this.#folder, 'staging'), { recursive: true });
    const path = join(this.#folder, 'staging', String(++this.#staged));
    return { path, release: () => rm(path, { force: true }) };
  }

  async jobFolder(jobId: string): Promise<string> {
    const path = join(this.#folder, 'jobs', jobId);
    await mkdir(path, { recursive: true });
    return path;
  }

  async removeJobFolder(jobId: string): Promise<void> {
    await rm(join(this.#folder, 'jobs', jobId), { recursive: true, force: true });
  }

  async sweep(): Promise<void> {}
}
