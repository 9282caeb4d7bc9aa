// Long lists in pages: `after` names the last entry of the page before.
import { ServerError } from '../contract/errors.ts';

/** Throws request.malformed when no entry has the name that `after` gives. */
export function pageOf<T>(
  items: readonly T[],
  { limit, after }: { readonly limit?: number; readonly after?: string },
  nameOf: (item: T) => string,
): { readonly items: readonly T[]; readonly next?: string } {
  const start = after === undefined ? 0 : items.findIndex((item) => nameOf(item) === after) + 1;
  if (after !== undefined && start === 0)
    throw new ServerError('request.malformed', 'query.after: expected `next` of the page before');
  const page = items.slice(start, limit === undefined ? undefined : start + limit);
  const hasMore = start + page.length < items.length && page.length > 0;
  return hasMore ? { items: page, next: nameOf(page.at(-1)!) } : { items: page };
}
