// Who asks, and whether the key may do this. Without keys everything is allowed, as "local": the server then listens on loopback only.
import { ServerError } from '../contract/errors.ts';
import type { Scope } from '../contract/route.ts';
import { type ApiKeys, allows } from '../platform/api-keys.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The name of who asks: of the key, "local" where no keys are in force, "anonymous" on public routes. Throws auth.missing,
 * auth.forbidden.
 */
export async function checkAccess(keys: ApiKeys, scope: Scope | 'public', headers: Headers): Promise<string> {
  if (!(await keys.inForce())) return 'local';
  if (scope === 'public') return 'anonymous';
  const presented = presentedKey(headers);
  const key = presented === null ? null : await keys.findKey(presented);
  // One body for all of these: it must not tell whether a key once existed.
  if (key === null) throw new ServerError('auth.missing', 'expected a valid API key');
  if (!allows(key.scope, scope))
    throw new ServerError('auth.forbidden', `expected a key with the scope ${scope}`);
  return key.name;
}

function presentedKey(headers: Headers): string | null {
  const direct = headers['x-api-key'];
  if (typeof direct === 'string') return direct;
  const [, bearer] = /^Bearer ([^\s]{1,1000})$/i.exec(headers.authorization?.toString() ?? '') ?? [];
  return bearer ?? null;
}
