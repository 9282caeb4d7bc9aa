// Tries a device in a child process, so that a crash or a hang of a GPU driver ends the child and not us.

import type { Device } from './backends.ts';
import { forkModule, moduleBeside } from './child.ts';

/** What a probe found. */
export type Verdict =
  | {
      readonly works: true;
      /** Largest difference from the CPU over results that lie in [-1, 1]. */
      readonly error: number;
      readonly milliseconds: number;
      readonly cpuMilliseconds: number;
    }
  | { readonly works: false; readonly why: string };

export type Probe = (device: Device) => Promise<Verdict>;

export interface ProbeOptions {
  /** Default 30000: compiling shaders for the first time can take seconds. */
  readonly timeoutMs?: number;
  /** The module to run. Default: probe-child, beside this one. */
  readonly module?: URL;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the probe net on a device in a short-lived child. Never throws. */
export async function probeInChild(device: Device, options: ProbeOptions = {}): Promise<Verdict> {
  const { timeoutMs = 30_000, module = moduleBeside(import.meta.url, './probe-child') } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  let verdict: Verdict | null = null;
  const child = forkModule<Verdict, never>(module, {
    args: [device],
    priority: 'normal',
    signal: late.signal,
    graceMs: 500,
    ...(options.env && { env: options.env }),
    onMessage: (message) => {
      verdict = message;
      // A driver may hang at exit; the answer is in.
      child.kill();
    },
  });
  const end = await child.ended;
  clearTimeout(timer);
  if (verdict) return verdict;
  if (late.signal.aborted) return { works: false, why: `the probe did not answer within ${timeoutMs} ms` };
  const how = end.signal ? `signal ${end.signal}` : `exit code ${end.code}`;
  return { works: false, why: `the probe crashed (${how})${lastLine(end.lastLines)}` };
}

/** Remembers verdicts, for as long as the caller keeps it: one probe for each device. */
export function rememberProbes(probe: Probe = probeInChild): Probe {
  const known = new Map<Device, Promise<Verdict>>();
  return (device) => {
    const verdict = known.get(device) ?? probe(device);
    known.set(device, verdict);
    return verdict;
  };
}

function lastLine(lines: string): string {
  const last = lines.split('\n').findLast((line) => line.trim() !== '');
  return last ? `: ${last.trim()}` : '';
}
