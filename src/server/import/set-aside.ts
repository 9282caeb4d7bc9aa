// Keeps what a record held that cannot be read, before another takes its place.
import type { Context } from '../platform/context.ts';
import type { DocKey } from '../platform/docs/doc-store.ts';
import { bytesOf } from './local-tree.ts';

/** `path` is where the record lies on the disk. Throws `internal` when nothing lies there. */
export async function setAside(context: Context, key: DocKey, path: string): Promise<void> {
  const bytes = await bytesOf(path);
  if (bytes === null) throw new Error(`internal: expected the record ${key} to be there`);
  const name = key.replaceAll('/', '-').slice(-180);
  await context.docs.put(`.okapi/set-aside/${name}-${context.ids.random()}`, {
    of: `${key}.json`,
    at: context.clock.date().toISOString(),
    text: bytes.toString('utf8'),
    base64: bytes.toString('base64'),
  });
}
