// Who may speak to the server from where: names of the server, pages of other sites, and the headers of every answer.
import { isIP } from 'node:net';
import { ServerError } from '../contract/errors.ts';
import type { Config } from '../platform/config.ts';

const nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** On every answer, whatever it is. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': nothing,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** In place of the policy above, for what users uploaded. */
export const userContentPolicy = `sandbox; ${nothing}`;

/** In place of the policy above, for the page of the API's document. */
export const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * In place of the policy above, for our own pages: scripts, styles and requests of this server alone, and no text becomes
 * markup or code. `wasm-unsafe-eval` lets a model run in the browser (WebAssembly, not eval); blob: shows pictures that a
 * person has chosen.
 */
export const uiPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
  "media-src 'self' blob:; connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Throws request.malformed without a Host header, request.wrong_host for a name that is not this server's. */
export function checkHost(config: Config['server'], headers: Headers): void {
  const name = hostName(headers.host);
  if (name === null) throw new ServerError('request.malformed', 'expected a Host header');
  if (!isOwnName(config, name))
    throw new ServerError(
      'request.wrong_host',
      `this server is not called ${JSON.stringify(name.slice(0, 100))}; server.allowed_hosts lists further names`,
    );
}

/** The name in "name:port" or "[address]:port", in lower case. */
function hostName(host: Headers[string]): string | null {
  if (typeof host !== 'string' || host === '' || host.length > 300) return null;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{0,5})?$/.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase() ?? null;
}

/** An address cannot be made to point at this machine by a name server of somebody else, so each one is as good. */
function isOwnName({ host, allowed_hosts }: Config['server'], name: string): boolean {
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true;
  return [host, ...allowed_hosts].some((own) => own.toLowerCase() === name);
}

const reading = new Set(['GET', 'HEAD']);

/** Throws request.cross_site when a page of another site wants to change something, or asks whether it might. */
export function checkOrigin({ allowed_origins }: Config['server'], method: string, headers: Headers): void {
  const { origin } = headers;
  const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  if (reading.has(method) || (method === 'OPTIONS' && !isPreflight)) return;
  if (typeof origin === 'string' && allowed_origins.includes(origin)) return;
  const site = headers['sec-fetch-site'];
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeignSite || (origin !== undefined && !isSameOrigin(origin, headers.host)) || isPreflight)
    throw new ServerError(
      'request.cross_site',
      'pages of other web sites may not do this; server.allowed_origins lists those that may',
    );
}

export function isSameOrigin(origin: Headers[string], host: Headers[string]): boolean {
  return typeof origin === 'string' && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());
}

/** For pages of listed origins only. */
export function corsHeaders({ allowed_origins }: Config['server'], headers: Headers): Record<string, string> {
  const { origin } = headers;
  if (allowed_origins.length === 0) return {};
  if (typeof origin !== 'string' || !allowed_origins.includes(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Retry-After, X-Request-Id, Content-Disposition',
    'cross-origin-resource-policy': 'cross-origin',
  };
}

/** Added to the answer of a preflight. */
export const preflightHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-headers':
    'Authorization, X-API-Key, Content-Type, If-Match, Idempotency-Key, Last-Event-ID',
  'access-control-max-age': '600',
};
