// Who asks, and whether they may do this. Without keys everything is allowed, as "local": the server then listens on loopback only.
import { ServerError } from '../contract/errors.ts';
import type { Scope } from '../contract/route.ts';
import { type ApiKeys, allows, type KeyScope } from '../platform/api-keys.ts';
import type { Sessions } from '../platform/sessions.ts';
import { presentedToken } from './session-cookie.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Who asks, and what they may do. */
export interface Access {
  /** Of the key, "local" where no keys are in force, "anonymous" on public routes. */
  readonly name: string;
  readonly scope: KeyScope;
  /** When it ends by itself; null: never. */
  readonly expires_at: string | null;
}

interface Doors {
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
}

/** A key, or else the session of one. Throws auth.missing, auth.forbidden. */
export async function checkAccess(
  doors: Doors,
  scope: Scope | 'public',
  method: string,
  headers: Headers,
): Promise<Access> {
  if (!(await doors.keys.inForce())) return { name: 'local', scope: 'admin', expires_at: null };
  if (scope === 'public') return { name: 'anonymous', scope: 'read', expires_at: null };
  const access = await accessOf(doors, method, headers);
  // One body for all of these: it must not tell whether a key once existed.
  if (access === null) throw new ServerError('auth.missing', 'expected a valid API key');
  if (!allows(access.scope, scope))
    throw new ServerError('auth.forbidden', `expected a key with the scope ${scope}`);
  return access;
}

async function accessOf({ keys, sessions }: Doors, method: string, headers: Headers): Promise<Access | null> {
  const presented = presentedKey(headers);
  if (presented !== null) {
    const key = await keys.findKey(presented);
    return key && { name: key.name, scope: key.scope, expires_at: key.expires_at };
  }
  const token = presentedToken(method, headers);
  const session = token === null ? null : await sessions.find(token);
  return session && { name: session.key.name, scope: session.key.scope, expires_at: session.expires_at };
}

function presentedKey(headers: Headers): string | null {
  const direct = headers['x-api-key'];
  if (typeof direct === 'string') return direct;
  const [, bearer] = /^Bearer ([^\s]{1,1000})$/i.exec(headers.authorization?.toString() ?? '') ?? [];
  return bearer ?? null;
}
