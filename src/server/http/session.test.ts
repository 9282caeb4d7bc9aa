// Signing in: what the cookie opens and for whom, how it ends, and that pages of others cannot use it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKey, revokeKey } from '../platform/api-keys.ts';
import { docKeys } from '../platform/layout.ts';
import { sweepSessions } from '../platform/sessions.ts';
import type { TestAudit } from '../testing/context.ts';
import { type Seed, seed } from './testing/seed.ts';
import { type TestApp, testApp } from './testing/test-app.ts';

let test: TestApp;
let seeded: Seed;
let key: string;
beforeEach(async () => {
  test = await testApp();
  seeded = await seed(test);
  key = await newKey('line-1');
});
afterEach(() => test.close());

async function newKey(name: string): Promise<string> {
  const { docs, ids, clock } = test.services.context;
  const made = await createKey(docs, { name, scope: 'write' }, ids, clock);
  test.clock.advance(1500); // keys are read anew after a second
  return made;
}

const signIn = (payload: object = { key }, headers: Record<string, string> = {}) =>
  test.ask({ method: 'POST', url: '/session', payload, headers });
const cookieOf = (answer: { headers: Record<string, unknown> }) =>
  String(answer.headers['set-cookie']).split(';')[0]!;
const ours = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' };
const get = (url: string, headers: Record<string, string>) => test.ask({ url, headers });

describe('signing in', () => {
  it('gives a cookie that no script can read, and says who one is', async () => {
    const answer = await signIn();
    expect(answer.headers['set-cookie']).toMatch(
      /^okapi_session=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    const info = { name: 'line-1', scope: 'write', expires_at: '2026-01-09T03:04:06.500Z' };
    expect(answer.json()).toEqual(info);
    const who = await get('/session', { cookie: cookieOf(answer) });
    expect(who.json()).toEqual(info);
    expect((await get('/session', { authorization: `Bearer ${key}` })).json()).toMatchObject({
      name: 'line-1',
    });
  });

  it('is over https alone where the page came so', async () => {
    await test.close();
    test = await testApp({ server: { trust_proxy: true } });
    key = await newKey('line-1');
    const answer = await signIn({ key }, { 'x-forwarded-proto': 'https' });
    expect(answer.headers['set-cookie']).toMatch(/; SameSite=Strict; Secure$/);
  });

  it('has a name for each port, so that two servers of one host do not sign each other out', async () => {
    const at = (port: number) => ({ host: `localhost:${port}` });
    const [first, second] = [await signIn({ key }, at(8000)), await signIn({ key }, at(8001))];
    expect(cookieOf(first)).toMatch(/^okapi_session_8000=[\w-]{43}$/);
    expect(cookieOf(second)).toMatch(/^okapi_session_8001=[\w-]{43}$/);
    // A browser sends all cookies of the host to either.
    const cookie = `${cookieOf(second)}; ${cookieOf(first)}`;
    for (const port of [8000, 8001])
      expect((await get('/session', { ...at(port), cookie })).json()).toMatchObject({ name: 'line-1' });
    const headers = { ...at(8001), origin: 'http://localhost:8001', cookie };
    const out = await test.ask({ method: 'DELETE', url: '/session', headers });
    expect(out.headers['set-cookie']).toMatch(/^okapi_session_8001=; Path=\/; Max-Age=0/);
    expect((await get('/session', { ...at(8000), cookie })).statusCode).toBe(200);
    expect((await get('/session', { ...at(8001), cookie })).statusCode).toBe(401);
    expect((await get('/session', { ...at(8000), cookie: cookieOf(second) })).statusCode).toBe(401);
  });

  it('opens pictures, as an address in a page asks for them', async () => {
    const url = `/static/projects/${seeded.project_id}/raw/${seeded.filename}`;
    expect((await get(url, {})).statusCode).toBe(401);
    const cookie = cookieOf(await signIn());
    const embedded = { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image' };
    expect((await get(url, embedded)).statusCode).toBe(200);
    expect((await get(url, { cookie: `a=b; ${cookie}; c=d` })).statusCode).toBe(200);
  });

  it('acts in the name of the key, with what it may do', async () => {
    const headers = { ...ours, cookie: cookieOf(await signIn()) };
    const made = await test.ask({ method: 'POST', url: '/projects', payload: { name: 'by page' }, headers });
    expect(made.statusCode).toBe(200);
    const { entries } = test.services.context.audit as TestAudit;
    expect(entries.at(-1)).toMatchObject({ actor: { name: 'line-1' }, action: 'project.create' });
    const asAdmin = await test.ask({ method: 'POST', url: `/jobs/${seeded.job_id}/approve`, headers });
    expect(asAdmin.statusCode).toBe(403);
  });

  it.each([
    [{ key: 'okapi_wrong' }, 401],
    [{ key: '' }, 422],
    [{ key: 'x'.repeat(201) }, 422],
    [{}, 422],
    [{ key: 7 }, 422],
  ])('is refused with %o, and gives no cookie', async (payload, status) => {
    const answer = await signIn(payload);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('takes no key that was revoked, and keeps neither key nor token', async () => {
    const token = cookieOf(await signIn()).split('=')[1]!;
    const { docs, clock } = test.services.context;
    const [id] = (await docs.list(docKeys.sessions)).docs;
    const stored = JSON.stringify((await docs.get(docKeys.session(id!)))!.value);
    expect(id).not.toContain(token);
    expect(stored).not.toContain(token);
    expect(stored).not.toContain(key);
    await revokeKey(docs, 'line-1', clock);
    test.clock.advance(1500);
    expect((await signIn()).statusCode).toBe(401);
  });

  it('is not repeated for an Idempotency-Key: each time there is a new cookie', async () => {
    const headers = { 'idempotency-key': 'k' };
    const [one, two] = [await signIn({ key }, headers), await signIn({ key }, headers)];
    expect(cookieOf(one)).not.toBe(cookieOf(two));
  });
});

describe('a session', () => {
  it('survives a restart of the server', async () => {
    const cookie = cookieOf(await signIn());
    const { openSessions } = await import('../platform/sessions.ts');
    const { context, keys } = test.services;
    const again = openSessions({ ...context, keys, hours: 1 });
    expect(await again.find(cookie.split('=')[1]!)).toMatchObject({ key: { name: 'line-1' } });
  });

  it('ends with signing out, everywhere that the cookie was copied to', async () => {
    const cookie = cookieOf(await signIn());
    const other = cookieOf(await signIn());
    const out = await test.ask({ method: 'DELETE', url: '/session', headers: { ...ours, cookie } });
    expect(out.json()).toEqual({ ok: true });
    expect(out.headers['set-cookie']).toMatch(/^okapi_session=; Path=\/; Max-Age=0; HttpOnly/);
    expect((await get('/projects', { cookie })).statusCode).toBe(401);
    expect((await get('/projects', { cookie: other })).statusCode).toBe(200);
    const { entries } = test.services.context.audit as TestAudit;
    expect(entries.slice(-1)).toMatchObject([{ action: 'session.end', subject: 'keys/line-1' }]);
  });

  it('ends with its time, and its record goes with a sweep', async () => {
    const cookie = cookieOf(await signIn());
    const { context } = test.services;
    test.clock.advance(168 * 3_600_000 - 1000);
    expect((await get('/projects', { cookie })).statusCode).toBe(200);
    expect(await sweepSessions(context)).toBe(0);
    test.clock.advance(2000);
    expect((await get('/projects', { cookie })).statusCode).toBe(401);
    expect(await sweepSessions(context)).toBe(1);
    expect((await context.docs.list(docKeys.sessions)).docs).toEqual([]);
  });

  it('ends with its key, also when a new one has its name', async () => {
    const cookie = cookieOf(await signIn());
    const { docs, clock } = test.services.context;
    await revokeKey(docs, 'line-1', clock);
    test.clock.advance(1500);
    expect((await get('/projects', { cookie })).statusCode).toBe(401);
    await newKey('line-1');
    expect((await get('/projects', { cookie })).statusCode).toBe(401);
  });

  it.each([
    'okapi_session=',
    'okapi_session',
    `okapi_session=${'x'.repeat(43)}`,
    'okapi_session=../../keys/line-1',
    `okapi_session=${'x'.repeat(8000)}`,
    `okapi_session=\u0000`,
  ])('is none with the cookie %j', async (cookie) => {
    expect((await get('/projects', { cookie: cookie.slice(0, 9000) })).statusCode).toBe(401);
  });

  it('does not count beside a wrong key', async () => {
    const cookie = cookieOf(await signIn());
    const headers = { cookie, authorization: 'Bearer okapi_wrong' };
    expect((await get('/projects', headers)).statusCode).toBe(401);
  });
});

describe('pages of others', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://localhost:9999', 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    // A form or a program that does not say where it comes from.
    {},
    { 'sec-fetch-site': 'none' },
  ];

  it.each(foreign)('change nothing with the cookie: %o', async (from) => {
    const headers = { ...from, cookie: cookieOf(await signIn()) };
    const write = await test.ask({ method: 'POST', url: '/projects', payload: { name: 'x' }, headers });
    expect([401, 403]).toContain(write.statusCode);
    const out = await test.ask({ method: 'DELETE', url: '/session', headers });
    expect([401, 403]).toContain(out.statusCode);
    expect((await get('/session', { cookie: headers.cookie })).statusCode).toBe(200);
  });

  it.each(['cross-site', 'same-site'])('see nothing with it: %s', async (site) => {
    const headers = { cookie: cookieOf(await signIn()), 'sec-fetch-site': site };
    const url = `/static/projects/${seeded.project_id}/raw/${seeded.filename}`;
    expect((await get(url, headers)).statusCode).toBe(401);
    expect((await get('/projects', headers)).statusCode).toBe(401);
  });

  it('do not sign anybody in', async () => {
    for (const from of foreign.slice(0, 4)) {
      const answer = await signIn({ key }, from);
      expect(answer.statusCode).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });
});

describe('without keys', () => {
  it('everybody is "local", and there is nothing to sign in to', async () => {
    await test.close();
    test = await testApp();
    expect((await get('/session', {})).json()).toEqual({ name: 'local', scope: 'admin', expires_at: null });
    expect((await signIn({ key: 'okapi_any' })).statusCode).toBe(401);
    expect((await test.ask({ method: 'DELETE', url: '/session' })).json()).toEqual({ ok: true });
  });
});
