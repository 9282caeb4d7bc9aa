// Uploads images: each file gets a verdict, and the good ones become images of a project or scene together.
import { setMaxListeners } from 'node:events';
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { displayName } from './display-name.ts';
import { changeIndex, inTurn, readIndex } from './image-index.ts';
import type { StagedFile, UploadVerdict } from './image-record.ts';
import type { Probes } from './probes.ts';
import { type ProbedFile, planUpload, type UploadPlan, withFresh } from './upload-plan.ts';

export interface UploadAnswer {
  /** How many are new. */
  readonly saved: number;
  /** One for every file, in the order in which they came. */
  readonly items: readonly UploadVerdict[];
}

/**
 * Files are decoded in children while later ones still come. Then the files of all new images are stored, then their
 * records in one writing, then this returns. When `files` throws, or one cannot be read or stored, nothing is added.
 * Staged files are released in every case. Throws project.not_found; a scene comes into being with its first image.
 */
export async function addImages(
  { context, probes }: { context: Context; probes: Probes },
  owner: Owner,
  files: AsyncIterable<StagedFile>,
  actor: Actor,
): Promise<UploadAnswer> {
  await checkOwner(context, owner);
  const releases: (() => Promise<void>)[] = [];
  try {
    const probed = await probeAll(probes, files, releases);
    const items = await inTurn(context, owner, () => store(context, owner, probed));
    const stored = items.flatMap(({ status, filename }) => (status === 'stored' ? [filename!] : []));
    if (stored.length > 0)
      await context.audit.record(actor, 'image.upload', blobKeys.images(owner), { stored });
    return { saved: stored.length, items };
  } finally {
    await Promise.all(releases.map((release) => release()));
  }
}

/** In the order of the files. */
async function probeAll(
  probes: Probes,
  files: AsyncIterable<StagedFile>,
  releases: (() => Promise<void>)[],
): Promise<ProbedFile[]> {
  const stop = new AbortController();
  // Every file that waits listens to it; ten would be taken for a leak.
  setMaxListeners(0, stop.signal);
  const underway: Promise<ProbedFile>[] = [];
  try {
    for await (const file of files) {
      if ('path' in file && file.release) releases.push(file.release);
      const probed = probeOne(probes, file, stop.signal);
      // It is looked at below; until then a failure must not count as unheard.
      probed.catch(() => {});
      underway.push(probed);
    }
    return await Promise.all(underway);
  } finally {
    stop.abort();
    await Promise.allSettled(underway);
  }
}

/** A refused file is released at once: only pictures to store wait on the disk for the end of the upload. */
async function probeOne(probes: Probes, file: StagedFile, signal: AbortSignal): Promise<ProbedFile> {
  const name = displayName(file.displayName);
  if ('refused' in file) return { name, refused: file.refused };
  const answer = await probes.probe(file.path, { signal });
  if ('hash' in answer) {
    const { path, mark, holdout } = file;
    return { ...answer, name, path, mark, holdout };
  }
  await file.release?.();
  return { name, refused: answer };
}

async function store(
  context: Context,
  owner: Owner,
  files: readonly ProbedFile[],
): Promise<readonly UploadVerdict[]> {
  const adopted = new Set<string>();
  let plan: UploadPlan | undefined;
  try {
    await checkOwner(context, owner);
    await changeIndex(context, owner, async (index) => {
      plan = planUpload(owner, index, files, context.clock.date().toISOString());
      await adopt(context, owner, plan, adopted);
      return plan.fresh.size === 0 ? null : withFresh(index, plan);
    });
    // A project that was deleted meanwhile must not come back with these files.
    await checkOwner(context, owner);
    return plan!.verdicts;
  } catch (error) {
    await discard(context, owner, adopted).catch((cause: unknown) =>
      context.log.warn({ err: cause, owner }, 'files of a failed upload were left behind'),
    );
    throw error;
  }
}

/** Takes the new files over, but for those that an earlier attempt of this upload took. */
async function adopt(
  { blobs }: Context,
  owner: Owner,
  { fresh }: UploadPlan,
  adopted: Set<string>,
): Promise<void> {
  const missing = [...fresh].filter(([stored]) => !adopted.has(stored));
  for (const [stored] of missing) adopted.add(stored);
  if (missing.length > 0)
    await blobs.adopt(new Map(missing.map(([stored, { path }]) => [blobKeys.image(owner, stored), path])));
}

/** Removes what a failed upload has stored: files that no record names, or all of a project that is gone. */
async function discard(context: Context, owner: Owner, adopted: ReadonlySet<string>): Promise<void> {
  const gone = await checkOwner(context, owner).then(
    () => false,
    (error: unknown) => error instanceof ServerError && error.code === 'project.not_found',
  );
  if (gone) await context.docs.delete(docKeys.images(owner));
  const { index } = await readIndex(context, owner);
  for (const stored of adopted) {
    const named = Object.hasOwn(index.files, stored) || Object.hasOwn(index.deleted ?? {}, stored);
    if (!named) await context.blobs.delete(blobKeys.image(owner, stored));
  }
}
