// Tells processes apart for good: a pid alone may belong to another process later, or in another container.
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the running kernel; null where there is no /proc, as the next two. */
  readonly boot: string | null;
  readonly pid_namespace: string | null;
  /** In clock ticks since the boot. */
  readonly started: string | null;
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const [boot, namespace, stat] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null),
    readlink('/proc/self/ns/pid').catch(() => null),
    statOf(process.pid),
  ]);
  return {
    pid: process.pid,
    host: hostname(),
    boot: boot?.trim() ?? null,
    pid_namespace: namespace,
    started: stat?.started ?? null,
  };
}

/** Whether a process still runs, as far as `here` can tell: of another machine or container it cannot. */
export async function livenessOf(
  there: ProcessIdentity,
  here: ProcessIdentity,
): Promise<'alive' | 'dead' | 'unknown'> {
  const sameKernel =
    here.boot === null
      ? there.boot === null && there.host === here.host
      : there.boot === here.boot && there.pid_namespace === here.pid_namespace;
  if (!sameKernel) return 'unknown';
  const stat = await statOf(there.pid);
  if (stat !== null) return stat.ended || stat.started !== there.started ? 'dead' : 'alive';
  return isGone(there.pid) ? 'dead' : 'unknown';
}

/** null where /proc does not show the process. */
async function statOf(pid: number): Promise<{ readonly started: string; readonly ended: boolean } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The second field, the program's name in brackets, may itself hold blanks and brackets. See proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { started: fields[19]!, ended: fields[0] === 'Z' || fields[0] === 'X' };
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
