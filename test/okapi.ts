// Runs the real command in a process of its own, as a person would.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** Resolves once the text was printed; rejects when the command ends without it. */
  says(text: string): Promise<void>;
  /** All that was printed so far. */
  output(): string;
  /** Sends Ctrl-C as a terminal does: to the command and to all that it has started. */
  interrupt(): void;
  readonly finished: Promise<Finished>;
}

/** `env`: variables beside those of this process. */
export function okapi(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return start(args, cwd, env).finished;
}

export function start(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(process.execPath, ['--import', tsx, main, ...args], {
    cwd,
    detached: true, // A process group of its own, so that only it is interrupted.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutVariables(['CI', 'OKAPI_DEBUG', 'npm_lifecycle_event']), ...env },
  });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const check of [...waiting]) check();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const check of [...waiting]) check();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    pid: child.pid!,
    finished,
    output: () => stdout + stderr,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!(stdout + stderr).includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void finished.then(() => reject(new Error(`ended without saying "${text}":\n${stderr}`)));
      }),
    interrupt: () => interruptGroup(child),
  };
}

function interruptGroup(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
}

function withoutVariables(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)));
}
