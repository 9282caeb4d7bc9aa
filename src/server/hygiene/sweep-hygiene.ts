// Forgets checks of sets of pictures that no model has learnt from, some days after they were made.
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { HygieneRecord } from './get-hygiene.ts';

const KEEP_MS = 7 * 86_400_000;

/** How many were removed. Each can be made again. */
export async function sweepHygiene({ docs, clock }: Pick<Context, 'docs' | 'clock'>): Promise<number> {
  const before = clock.date().getTime() - KEEP_MS;
  const { docs: ids } = await docs.list(docKeys.hygieneSets);
  if (ids.length === 0) return 0;
  const learnt = new Set<string | null>();
  for (const id of (await docs.list(docKeys.models)).docs)
    learnt.add((await docs.get<ModelRecord>(docKeys.model(id)))?.value.dataset_sha256 ?? null);
  let removed = 0;
  for (const sha256 of ids.filter((id) => !learnt.has(id))) {
    const doc = await docs.get<HygieneRecord>(docKeys.hygiene(sha256));
    if (doc === null || Date.parse(doc.value.at) > before) continue;
    if (await docs.delete(docKeys.hygiene(sha256))) removed++;
  }
  return removed;
}
