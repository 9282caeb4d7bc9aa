// The cookie of a session: read from requests of our own pages alone, and written so that no script can read it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isSameOrigin } from './security.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Browsers keep one jar of cookies for all ports of a host, so each server there needs a name of its own: that of the port under
 * which the browser knows it.
 */
export function sessionCookie(host: Headers[string]): string {
  const [, port] = /:(\d{1,5})$/.exec(String(host ?? '')) ?? [];
  return port === undefined ? 'okapi_session' : `okapi_session_${port}`;
}

/**
 * null also when the browser says that a page of another site or port asks, and when a request that changes something
 * does not say which page it comes from: cookies go along with those too. SameSite alone does not part two ports of one host.
 */
export function presentedToken(method: string, headers: Headers): string | null {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return null;
  const isReading = method === 'GET' || method === 'HEAD';
  const isOurs = isSameOrigin(headers.origin, headers.host) || site === 'same-origin';
  return isReading || isOurs ? readCookie(headers.cookie, sessionCookie(headers.host)) : null;
}

function readCookie(cookie: Headers[string], name: string): string | null {
  for (const pair of String(cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  hours: number,
): void {
  reply.header('set-cookie', cookieOf(request, token, Math.round(hours * 3600)));
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', cookieOf(request, '', 0));
}

function cookieOf({ protocol, headers }: FastifyRequest, token: string, maxAgeSeconds: number): string {
  const secure = protocol === 'https' ? '; Secure' : '';
  return `${sessionCookie(headers.host)}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}
