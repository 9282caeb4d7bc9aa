// A server of its own for a measurement: the built one, on a fresh data folder and a free port.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';

const main = join(import.meta.dirname, '../../dist/cli/main.js');

export class ServerProcess {
  readonly folder: string;
  readonly url: string;
  readonly readyMs: number;
  readonly #child: ChildProcess;

  private constructor(folder: string, url: string, readyMs: number, child: ChildProcess) {
    [this.folder, this.url, this.readyMs, this.#child] = [folder, url, readyMs, child];
  }

  /** `prepare` may fill the folder in which the server is started. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    prepare: (folder: string) => Promise<void> = async () => {},
  ): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'okapi-bench-'));
    await prepare(folder);
    return ServerProcess.startIn(folder, env);
  }

  static async startIn(folder: string, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    const started = performance.now();
    const child = spawn(process.execPath, [main, 'serve', '--port', '0'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, APP_LOG__LEVEL: 'warn', ...env },
    });
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      const listen = (text: string) => {
        said += text;
        const found = /http:\/\/[^\s"]+:\d+/.exec(said);
        if (found) resolve(found[0]);
      };
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', listen);
      child.once('close', () => reject(new Error(`the server ended:\n${said}`)));
    });
    for (;;) {
      const answer = await fetch(`${url}/readyz`).catch(() => null);
      if (answer?.ok) break;
      await pause(5);
    }
    return new ServerProcess(folder, url, performance.now() - started, child);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resident memory of the API process alone, in bytes; and the most it ever had. */
  memory(): { readonly bytes: number; readonly peakBytes: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) * 1024;
    return { bytes: of('VmRSS'), peakBytes: of('VmHWM') };
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await fetch(this.url + path, init);
    if (!answer.ok)
      throw new Error(`${init?.method ?? 'GET'} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.json<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  upload<T>(path: string, files: readonly (readonly [string, Uint8Array])[]): Promise<T> {
    const form = new FormData();
    for (const [name, bytes] of files)
      form.append('files', new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
    return this.json<T>(path, { method: 'POST', body: form });
  }

  /** Makes a scene with drawn screws and a quickly trained model; returns the model's id. */
  async quickModel(scene: string, imageSize = 256): Promise<string> {
    await this.upload(`/datasets/${scene}/upload`, await parts(8));
    const { job_id } = await this.post<{ job_id: string }>('/train', {
      scene_id: scene,
      img_size: imageSize,
      epochs: 1,
    });
    for (;;) {
      const job = await this.json<{ status: string; model_id: string; detail: string }>(`/jobs/${job_id}`);
      if (job.status === 'finished') return job.model_id;
      if (job.status === 'failed') throw new Error(job.detail);
      await pause(100);
    }
  }

  async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await new Promise((done) => (this.#child.exitCode === null ? this.#child.once('close', done) : done(0)));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Drawn screws of 512 px as JPEG. */
export async function parts(count: number, from = 0): Promise<[string, Uint8Array][]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i): Promise<[string, Uint8Array]> => {
      const { picture } = samplePart('screws', from + i, undefined, 512);
      return [`part-${from + i}.jpg`, await encodePicture(picture, 'jpeg')];
    }),
  );
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
