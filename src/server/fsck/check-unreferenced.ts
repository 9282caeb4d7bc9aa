// Looks for files that no record names.
import { docKeys } from '../platform/layout.ts';
import type { Inspection } from './inspection.ts';

/** An upload or a training that goes on names its files within this time. */
export const SWEEP_AGE_MS = 3600 * 1000;

/** Once all that names files was read. Previews are named by no record and expire. */
export async function checkUnreferenced(inspection: Inspection): Promise<void> {
  const { blobs, clock } = inspection.stores;
  const before = clock.date().getTime() - SWEEP_AGE_MS;
  for (const top of [docKeys.projects, docKeys.scenes, 'models']) {
    for (const key of await blobs.list(top)) {
      if (inspection.named.has(key) || !isKnownPlace(key) || isUnknown(inspection, key)) continue;
      const stat = await blobs.stat(key);
      if (stat !== null && stat.modifiedMs <= before)
        inspection.find('blob.unreferenced', key, `${stat.sizeBytes} bytes`);
    }
  }
}

/** Where nothing lies but what records name; other folders, such as data sets of the original, are nobody's to judge. */
const places = [
  /^(projects|datasets)\/[^/]+\/raw\/[^/]+$/,
  /^projects\/[^/]+\/(models|imports)\/[^/]+\/./,
  /^projects\/[^/]+\/yolo\/v-[0-9a-f]{32}\/./,
  /^models\/[^/]+\/./,
  /^(projects|datasets)\/[^/]+\/(masks|thumbnails|evaluations)\/./,
];

function isKnownPlace(key: string): boolean {
  return places.some((place) => place.test(key));
}

function isUnknown({ unknown, projects }: Inspection, key: string): boolean {
  const [top, id = ''] = key.split('/');
  // Without its record, nothing of a project is to be judged either.
  if (top === 'projects' && !projects.has(id)) return true;
  return unknown.some((part) => (part.startsWith('/') ? key.includes(part) : key.startsWith(part)));
}
