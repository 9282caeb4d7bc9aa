// A disk on which everything is whole, flows upon it, and what must hold when a server starts on what became of it.
import { expect } from 'vitest';
import { isDamage } from '../fsck/finding.ts';
import { fsck } from '../fsck/fsck.ts';
import type { StoreDisk } from '../platform/docs/store-disk.ts';
import { crashContext, formatDisk, recover } from './crash-context.ts';
import { CrashDisk, type DiskContent } from './crash-disk.ts';
import type { Flow, World } from './crash-flows.ts';
import { type SampleRecords, sampleRecords } from './sample-records.ts';

export async function wholeDisk(): Promise<{ whole: DiskContent; sample: SampleRecords }> {
  const disk = new CrashDisk();
  await formatDisk(disk);
  const sample = await sampleRecords(crashContext(disk));
  return { whole: disk.content(), sample };
}

/** A server's `run`-th start on a disk. */
export function worldOf(disk: StoreDisk, sample: SampleRecords, { runner }: Flow, run: number): World {
  const context = crashContext(disk, { run, ...(runner && { runner: runner(disk) }) });
  return { context, disk, sample };
}

/** What a server that starts on this disk must find. Returns how many steps the start itself has taken. */
export async function checkAfterStart(
  flow: Flow,
  disk: CrashDisk,
  sample: SampleRecords,
  acked: ReadonlySet<string>,
): Promise<number> {
  const before = disk.steps.length;
  const started = worldOf(disk, sample, flow, 2);
  await recover(disk, started.context);
  const taken = disk.steps.length - before;
  await flow.check(started, acked);
  expect((await fsck(started.context)).filter(isDamage)).toEqual([]);
  return taken;
}
