import { beforeAll, describe, expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import { listImages } from '../datasets/list-images.ts';
import { sweepImages } from '../datasets/sweep-images.ts';
import { deleteModel } from '../models/delete-model.ts';
import { openAudit } from '../platform/audit-log.ts';
import type { Context } from '../platform/context.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { blobKeys, docKeys, journalKeys } from '../platform/layout.ts';
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { getProject } from '../projects/get-project.ts';
import { listProjects } from '../projects/list-projects.ts';
import { testActor } from './context.ts';
import { allLost, CrashDisk, type DiskContent, diskError } from './crash-disk.ts';
import { type Flow, flows } from './crash-flows.ts';
import { checkAfterStart, wholeDisk, worldOf } from './crash-world.ts';
import type { SampleRecords } from './sample-records.ts';

let whole: DiskContent;
let sample: SampleRecords;
beforeAll(async () => {
  ({ whole, sample } = await wholeDisk());
});

interface FaultKind {
  readonly errno: 'EIO' | 'ENOSPC' | 'EMFILE' | 'short write';
  readonly times: 'once' | 'for ever';
  /** The operations that fail so; others work. */
  readonly operations: ReadonlySet<string> | 'all';
}

const growing = new Set(['create', 'append', 'write', 'mkdir', 'sync']);
const opening = new Set(['create', 'append', 'read', 'stream', 'entries', 'syncFolder']);

const kinds: readonly FaultKind[] = [
  { errno: 'EIO', times: 'once', operations: 'all' },
  {
    errno: 'EIO',
    times: 'for ever',
    operations: new Set(['write', 'sync', 'syncFolder', 'rename', 'unlink']),
  },
  { errno: 'ENOSPC', times: 'for ever', operations: growing },
  { errno: 'EMFILE', times: 'once', operations: opening },
  { errno: 'short write', times: 'once', operations: new Set(['write']) },
];

// A queue that runs jobs waits for a failing disk to heal, and tries again: its own tests are about that.
const answering = flows.filter(({ runner }) => runner === undefined);

describe('a failing disk', () => {
  let total = 0;

  it.each(answering.map((flow) => [flow.name, flow] as const))(
    'at any operation of %s is answered, leaves the old or the new, and heals',
    async (_, flow) => {
      const operations = await operationsOf(flow);
      const failures: string[] = [];
      for (const kind of kinds) {
        for (const [i, operation] of operations.entries()) {
          if (!hits(kind, operation)) continue;
          total++;
          const failure = await failureWith(flow, kind, i + 1);
          if (failure !== null)
            failures.push(`${kind.errno} ${kind.times} at ${operation} ${i + 1}: ${failure}`);
        }
      }
      expect(failures).toEqual([]);
    },
    60_000,
  );

  it('was simulated at least 1,500 times', () => {
    console.log(`faults in all: ${total}`);
    expect(total).toBeGreaterThanOrEqual(1500);
  });

  it('that is full still deletes', async () => {
    const disk = new CrashDisk(whole);
    const { docs, blobs } = worldOf(disk, sample, flows[0]!, 1).context;
    disk.fault = (_, operation) => {
      if (growing.has(operation)) throw diskError('ENOSPC', operation);
      return undefined;
    };
    const { owner, images, jobId } = sample;
    await expect(docs.put('a', 1)).rejects.toMatchObject({ code: 'disk.full' });
    expect(await docs.delete(docKeys.label(owner.id, images[0]!))).toBe(true);
    await docs.deleteJournal(journalKeys.jobEvents(jobId));
    await docs.deleteAll(docKeys.labels(owner.id));
    expect(await blobs.delete(blobKeys.image(owner, images[0]!))).toBe(true);
    await blobs.deleteAll(blobKeys.owner(owner));
    expect(await blobs.list(blobKeys.owner(owner))).toEqual([]);
  });

  const deletions: Record<string, (context: Context) => Promise<void>> = {
    async 'a project'(context) {
      await deleteProject(context, sample.owner.id, { confirm: 'sample' }, testActor);
      expect(await listProjects(context)).toEqual([]);
      expect(await context.blobs.list('projects')).toEqual([]);
    },
    async 'an image'(context) {
      await deleteImage(context, sample.owner, sample.images[0]!, testActor);
      await sweepImages(context);
      expect(await context.blobs.stat(blobKeys.image(sample.owner, sample.images[0]!))).toBeNull();
      expect(await listImages(context, sample.owner)).toHaveLength(sample.images.length - 1);
    },
    async 'a model'(context) {
      await deleteModel(context, sample.modelId, testActor);
      expect((await getProject(context, sample.owner.id)).last_model_id).toBeNull();
      expect(await context.blobs.list(blobKeys.model(sample.owner, sample.modelId))).toEqual([]);
    },
  };
  it.each(Object.keys(deletions))('that is full lets %s be deleted from the room kept back', async (what) => {
    const disk = new CrashDisk(whole);
    await new FileDocs('/server/data', disk).keepReserve();
    const { context: made } = worldOf(disk, sample, flows[0]!, 1);
    // With the real log of changes, which needs room too.
    const context = { ...made, audit: openAudit(made.docs, made.clock) };
    disk.fault = (_, operation) => {
      const isFull = disk.steps.every((step) => step.do !== 'unlink' || step.at.name !== 'reserve');
      if (growing.has(operation) && isFull) throw diskError('ENOSPC', operation);
      return undefined;
    };
    await expect(createProject(context, { name: 'more' }, testActor)).rejects.toMatchObject({
      code: 'disk.full',
    });
    await deletions[what]!(context);
    disk.fault = () => undefined;
    const entries = await context.docs.read<{ action: string }>('.okapi/audit/2026-01');
    expect(entries.at(-1)?.value.action).toMatch(/\.delete$/);
    // Once there is room, it is kept back anew.
    await (context.docs as FileDocs).keepReserve();
    expect(disk.steps.filter((step) => step.do === 'rename' && step.to.name === 'reserve')).not.toEqual([]);
  });
});

/** All that a flow asks of a disk that does not fail. */
async function operationsOf(flow: Flow): Promise<string[]> {
  const disk = new CrashDisk(whole);
  const operations: string[] = [];
  disk.fault = (_, operation) => void operations.push(operation);
  await flow.run(worldOf(disk, sample, flow, 1), () => {});
  return operations;
}

const hits = ({ operations }: FaultKind, operation: string) =>
  operations === 'all' || operations.has(operation);
const answers = new Set(['disk.full', 'disk.io_error']);

/** What is wrong after a run with a fault at the n-th operation; null: nothing. */
async function failureWith(flow: Flow, kind: FaultKind, n: number): Promise<string | null> {
  const disk = new CrashDisk(whole);
  disk.fault = (count, operation) => {
    if (kind.times === 'once' ? count !== n : count < n || !hits(kind, operation)) return undefined;
    if (kind.errno === 'short write') return 'short';
    throw diskError(kind.errno, operation);
  };
  const acked = new Set<string>();
  const error = await flow
    .run(worldOf(disk, sample, flow, 1), (what) => acked.add(what))
    .then(
      () => null,
      (thrown: unknown) => thrown,
    );
  disk.fault = () => undefined;
  try {
    if (error !== null && !(error instanceof ServerError && answers.has(error.code))) throw error;
    expect(disk.breaches).toEqual([]);
    // What was answered holds even when the power goes right now.
    if (kind.errno === 'EIO')
      await checkAfterStart(flow, new CrashDisk(disk.after(disk.steps.length, allLost)), sample, acked);
    await checkAfterStart(flow, disk, sample, acked);
    return null;
  } catch (failure) {
    return (failure as Error).message;
  }
}
