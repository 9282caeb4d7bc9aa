// What the system says of a process and those below it: who they are, and how much memory they hold. Empty without /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** A process and all below it, parents first. */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (const parent of found)
    for (const child of childrenOf(parent)) if (!found.includes(child)) found.push(child);
  return found;
}

/** Resident memory of a process and all below it. */
export function residentBytes(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + ownBytes(one), 0);
}

function childrenOf(pid: number): number[] {
  const threads = entries(`/proc/${pid}/task`);
  const lines = threads.map((thread) => text(`/proc/${pid}/task/${thread}/children`));
  return lines.flatMap((line) => line.split(' ').filter(Boolean).map(Number));
}

/** Of one process; 0 where the system does not say. */
export function ownBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(text(`/proc/${pid}/status`)) ?? [];
  return kibibytes === undefined ? 0 : 1024 * Number(kibibytes);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // ended meanwhile, or no such system
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
