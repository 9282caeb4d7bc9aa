// What a person should look at among the good pictures of a project. Checked once for each set of pictures, then remembered.
import { type Spread, spreadOf } from '../../vision/hygiene/spread.ts';
import { ServerError } from '../contract/errors.ts';
import type { Hygiene } from '../contract/hygiene.ts';
import type { Frozen } from '../contract/route.ts';
import { readIndex } from '../datasets/image-index.ts';
import { imageUrl } from '../datasets/image-url.ts';
import { pictureLimits } from '../datasets/probes.ts';
import { snapshot } from '../datasets/snapshot.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { readable } from '../platform/queue/attempt-end.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { CheckedSet } from './check-set.ts';
import type { PictureChecks } from './picture-checks.ts';

interface Services {
  readonly context: Context;
  readonly checks: PictureChecks;
}

/** What is kept of a check, by the hash of the set. */
export interface HygieneRecord extends Omit<CheckedSet, 'brightness' | 'sharpness'> {
  readonly at: string;
  /** Over all pictures; null when none could be read. Sharpness is that of its logarithm. */
  readonly quality: {
    readonly brightness: Spread;
    readonly logSharpness: Spread;
    readonly count: number;
  } | null;
}

/** Sharpness differs by factors, not by amounts. */
export const logSharpness = (sharpness: number) => Math.log(sharpness + 1e-6);

/** Throws project.not_found, dataset.too_large, dataset.pictures. The first call for a set waits for the check. */
export async function getHygiene(services: Services, owner: Owner): Promise<Frozen<Hygiene>> {
  const { context } = services;
  const { images, sha256 } = await snapshot(context, owner);
  const names = images.map(({ filename }) => filename);
  const record = await hygieneOf(services, owner, { sha256, names });
  const { index } = await readIndex(context, owner);
  const displayName = (stored: string) =>
    Object.hasOwn(index.files, stored) ? index.files[stored]!.display_name : stored;
  return {
    dataset_sha256: sha256,
    checked_at: record.at,
    checked: record.checked,
    left_out: record.leftOut,
    unread: record.unread.map(({ name, code, message }) => ({
      filename: name,
      code,
      detail: readable(message),
    })),
    flags: record.flags.map(({ name, other, sentence, ...flag }) => ({
      ...flag,
      filename: name,
      display_name: displayName(name),
      url: imageUrl(owner, name),
      other,
      sentence: other === null ? sentence : sentence.replace(other, displayName(other)),
    })),
    notes: record.notes,
  };
}

const underway = new WeakMap<PictureChecks, Map<string, Promise<HygieneRecord>>>();

/** The record of a set of stored images, checked now unless it was before. Images that are gone are passed over. */
export async function hygieneOf(
  services: Services,
  owner: Owner,
  set: { readonly sha256: string; readonly names: readonly string[] },
): Promise<HygieneRecord> {
  const { context, checks } = services;
  const known = await context.docs.get<HygieneRecord>(docKeys.hygiene(set.sha256));
  if (known !== null) return known.value;
  const running = underway.get(checks) ?? new Map<string, Promise<HygieneRecord>>();
  underway.set(checks, running);
  const found = running.get(set.sha256);
  if (found !== undefined) return found;
  const checking = checkNow(services, owner, set).finally(() => running.delete(set.sha256));
  running.set(set.sha256, checking);
  return checking;
}

async function checkNow(
  { context, checks }: Services,
  owner: Owner,
  { sha256, names }: { readonly sha256: string; readonly names: readonly string[] },
): Promise<HygieneRecord> {
  const pictures = (await Promise.all(names.map((name) => fileOf(context, owner, name)))).flat();
  const { brightness, sharpness, ...checked } = await checks.check({
    pictures,
    limits: pictureLimits(context.config),
  });
  const record: HygieneRecord = {
    ...checked,
    at: context.clock.date().toISOString(),
    quality:
      brightness.length === 0
        ? null
        : {
            brightness: spreadOf(brightness),
            logSharpness: spreadOf(sharpness.map(logSharpness)),
            count: brightness.length,
          },
  };
  await context.docs.put(docKeys.hygiene(sha256), record);
  return record;
}

async function fileOf({ blobs }: Context, owner: Owner, name: string) {
  try {
    return [{ name, file: await blobs.localPath(blobKeys.image(owner, name)) }];
  } catch (error) {
    if (error instanceof ServerError && error.code === 'blob.not_found') return [];
    throw error;
  }
}
