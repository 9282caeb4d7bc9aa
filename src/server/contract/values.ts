// The small values that requests and answers are made of: ids, names, numbers in their ranges.
import Type from 'typebox';

/** Ids of projects, scenes, models and jobs. */
export const slugPattern = '^[a-z0-9_-]{1,200}$';
/** Names of stored files: no separator, no leading dot. */
export const storedNamePattern = '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$';

export const Slug = Type.String({ pattern: slugPattern });
export const StoredName = Type.String({ pattern: storedNamePattern });
/** One line that a person wrote; not only blanks. */
export const Title = Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' });
export const Remark = Type.String({ maxLength: 2000 });
export const Moment = Type.String({ description: 'ISO 8601 with a time zone' });
export const Address = Type.String({ description: 'a path of this server' });
export const Count = Type.Integer({ minimum: 0 });

/** A share from 0 to 1. */
export const Share = Type.Number({ minimum: 0, maximum: 1 });

export const Ok = Type.Object({ ok: Type.Literal(true) });

/** How many entries a page has. */
export const PageSize = Type.Integer({ minimum: 1, maximum: 500 });
/** The `next` of the page before. */
export const Cursor = Type.String({ minLength: 1, maxLength: 300, description: '`next` of the page before' });
/** Left out of an answer: there is no further page. */
export const Next = Type.Optional(
  Type.String({ description: 'pass it as `after` for the next page; absent on the last one' }),
);
