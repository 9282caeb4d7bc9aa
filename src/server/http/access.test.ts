import { afterEach, describe, expect, it } from 'vitest';
import { type Route, scopes } from '../contract/route.ts';
import { routes } from '../contract/routes.ts';
import { storeFake } from '../models/testing/fake-model.ts';
import { createKey, type KeyScope, revokeKey } from '../platform/api-keys.ts';
import { routeIds, type Seed, seed, soundRequest } from './testing/seed.ts';
import { exchange, listen, pngLike, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
afterEach(() => test.close());

const events = new Set(['jobEvents', 'projectEvents']);

describe('keys', () => {
  const keys: Record<string, string> = {};
  let seeded: Seed;

  async function withKeys(): Promise<void> {
    test = await testApp();
    seeded = await seed(test);
    const { docs, ids, clock } = test.services.context;
    const soon = new Date(clock.date().getTime() + 1000);
    for (const scope of scopes) keys[scope] = await createKey(docs, { name: scope, scope }, ids, clock);
    keys.revoked = await createKey(docs, { name: 'revoked', scope: 'admin' }, ids, clock);
    await revokeKey(docs, 'revoked', clock);
    keys.expired = await createKey(docs, { name: 'expired', scope: 'admin', expires: soon }, ids, clock);
    test.clock.advance(5000);
  }

  const ranks: readonly (KeyScope | 'public')[] = ['public', 'read', 'write', 'admin'];

  /** What a page of ours sends along. */
  const fromOurPage = { host: 'localhost', origin: 'http://localhost', 'sec-fetch-site': 'same-origin' };

  /** Signs in; the cookie. */
  async function signIn(key: string): Promise<string> {
    const answer = await test.ask({ method: 'POST', url: '/session', payload: { key } });
    expect(answer.statusCode).toBe(200);
    return String(answer.headers['set-cookie']).split(';')[0]!;
  }

  /** Cookies of sessions by what the key is now. */
  async function cookiesOf(): Promise<Record<string, string>> {
    const { docs, ids, clock } = test.services.context;
    const cookies: Record<string, string> = {};
    for (const scope of scopes) cookies[scope] = await signIn(keys[scope]!);
    const lost = await createKey(docs, { name: 'lost', scope: 'admin' }, ids, clock);
    test.clock.advance(1500);
    cookies.revoked = await signIn(lost);
    await revokeKey(docs, 'lost', clock);
    const brief = new Date(clock.date().getTime() + 3000);
    const ending = await createKey(docs, { name: 'brief', scope: 'admin', expires: brief }, ids, clock);
    test.clock.advance(1500);
    cookies.expired = await signIn(ending);
    test.clock.advance(5000);
    return cookies;
  }

  it.each(['keys', 'sessions'])(
    'open each route for those whose scope is wide enough, and for nobody else: %s',
    async (by) => {
      await withKeys();
      const cookies = by === 'sessions' ? await cookiesOf() : {};
      const headersOf = (holder: string): Record<string, string> => {
        if (by === 'sessions') return cookies[holder] ? { ...fromOurPage, cookie: cookies[holder] } : {};
        return keys[holder] ? { authorization: `Bearer ${keys[holder]}` } : {};
      };
      for (const id of routeIds) {
        // A stream that begins does not end by itself, and a deleted project is of no use to the next route.
        const isLast =
          id === 'deleteProject' || id === 'deleteModel' || id === 'endSession' || events.has(id);
        const { scope }: Route = routes[id];
        const request = soundRequest(id, seeded);
        for (const holder of ['none', 'read', 'write', 'admin', 'revoked', 'expired']) {
          const mayPass = scope === 'public' || ranks.indexOf(holder as KeyScope) >= ranks.indexOf(scope);
          if (mayPass && isLast) continue;
          // With its example for a key, signing in is refused as it must be.
          if (id === 'startSession') continue;
          const headers = { ...request.headers, ...headersOf(holder) };
          const { statusCode } = await test.ask({ ...request, headers });
          const isKnown = ['read', 'write', 'admin'].includes(holder);
          const refusal = isKnown ? 403 : 401;
          if (mayPass) expect([401, 403], `${id} with ${holder}`).not.toContain(statusCode);
          else expect(statusCode, `${id} with ${holder}`).toBe(refusal);
        }
      }
    },
  );

  it('are refused with one constant body, whether missing, empty, wrong, long or in the query', async () => {
    await withKeys();
    const bodies = new Set<string>();
    const tries: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${'x'.repeat(10_000)}` },
      { authorization: `Basic ${keys.admin}` },
      { authorization: `Bearer ${keys.admin}x` },
      { 'x-api-key': 'okapi_wrong' },
      { 'x-api-key': keys.revoked! },
      { 'x-api-key': keys.expired! },
    ];
    for (const headers of tries) {
      const answer = await test.ask({ url: '/projects', headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      const { requestId: _, ...rest } = answer.json();
      bodies.add(JSON.stringify(rest));
    }
    const inQuery = await test.ask({ url: `/projects?api_key=${keys.admin}&key=${keys.admin}` });
    expect(inQuery.statusCode).toBe(401);
    expect(bodies.size).toBe(1);
    expect((await test.ask({ url: '/projects', headers: { 'x-api-key': keys.read! } })).statusCode).toBe(200);
  });

  it('are not needed as long as there are none, and everybody is "local" then', async () => {
    test = await testApp();
    seeded = await seed(test);
    const { created_by } = await test.services.context.queue.add({
      kind: 'train',
      owner: { kind: 'scene', id: 'line-9' },
      model_id: 'm',
      request: {},
      created_by: 'local',
      needs_approval: true,
    });
    expect(created_by).toBe('local');
    const { job_id } = (await test.ask({ url: '/jobs' })).json().items[0];
    await test.ask({ method: 'POST', url: `/jobs/${job_id}/approve` });
    expect((await test.ask({ url: `/jobs/${job_id}` })).json()).toMatchObject({
      status: 'queued',
      decided_by: 'local',
    });
  });
});

describe('pages of other sites', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:9999' },
  ];

  it.each(foreign)('change nothing: %o', async (headers) => {
    test = await testApp();
    const write = await test.ask({ method: 'POST', url: '/projects', headers, payload: { name: 'x' } });
    expect(write.statusCode).toBe(403);
    expect(write.json().code).toBe('request.cross_site');
    const form = await test.ask({
      ...upload('/datasets/line-1/upload', [{ filename: 'a.png', body: pngLike(1) }]),
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=b0undary' },
    });
    expect(form.statusCode).toBe(403);
    const plain = { ...headers, 'content-type': 'text/plain' };
    const text = await test.ask({
      method: 'POST',
      url: '/train',
      headers: plain,
      payload: '{"scene_id":"x"}',
    });
    expect(text.statusCode).toBe(403);
    expect((await test.ask({ url: '/projects' })).json()).toEqual([]);
  });

  it('get no CORS headers, and no preflight', async () => {
    test = await testApp();
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await test.ask({
        method,
        url: '/projects',
        headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
      });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.statusCode).toBe(method === 'GET' ? 200 : 403);
    }
  });

  it('may do what listed origins may', async () => {
    const origin = 'https://qa.example.org';
    test = await testApp({ server: { allowed_origins: [origin] } });
    const headers = { origin, 'sec-fetch-site': 'cross-site' };
    const preflight = await test.ask({
      method: 'OPTIONS',
      url: '/projects',
      headers: { ...headers, 'access-control-request-method': 'POST' },
    });
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
    expect(preflight.headers['access-control-allow-methods']).toMatch('POST');
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
    const write = await test.ask({ method: 'POST', url: '/projects', headers, payload: { name: 'x' } });
    expect(write.statusCode).toBe(200);
    expect(write.headers['access-control-allow-origin']).toBe(origin);
    const other = await test.ask({ url: '/projects', headers: { origin: 'https://other.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('are told from the own pages', async () => {
    test = await testApp();
    const headers = {
      host: 'localhost:8000',
      origin: 'http://localhost:8000',
      'sec-fetch-site': 'same-origin',
    };
    const write = await test.ask({ method: 'POST', url: '/projects', headers, payload: { name: 'x' } });
    expect(write.statusCode).toBe(200);
  });
});

describe('the Host header', () => {
  it.each(['evil.example', 'evil.example:8000', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    '%s is refused',
    async (host) => {
      test = await testApp();
      const answer = await test.ask({ url: '/health', headers: { host } });
      expect(answer.statusCode).toBe(421);
      expect(answer.json().code).toBe('request.wrong_host');
    },
  );

  it.each(['localhost', 'LOCALHOST:8000', '127.0.0.1:1', '[::1]:8000', '192.168.1.7:8000', 'okapi.lan:80'])(
    '%s is ours',
    async (host) => {
      test = await testApp({ server: { allowed_hosts: ['okapi.lan'] } });
      expect((await test.ask({ url: '/health', headers: { host } })).statusCode).toBe(200);
    },
  );

  it.each(['a b', 'local host', 'localhost:x', '[::1', 'x'.repeat(1000)])(
    '%j is no host at all',
    async (host) => {
      test = await testApp();
      expect([400, 421]).toContain((await test.app.inject({ url: '/health', headers: { host } })).statusCode);
    },
  );
});

describe('what belongs to one project', () => {
  it('is not found through another', async () => {
    test = await testApp();
    const { project_id, model_id, filename, scene_model_id, result_id } = await seed(test);
    const made = await test.ask({ method: 'POST', url: '/projects', payload: { name: 'other' } });
    const other = made.json().project_id;
    await storeFake(test.services.context, test.folder, 'other-m', { owner: { kind: 'project', id: other } });
    const strangers = [
      `/projects/${other}/models/${model_id}/download`,
      `/static/projects/${other}/models/${model_id}/threshold.json`,
      `/static/projects/${project_id}/models/other-m/threshold.json`,
      `/projects/${project_id}/models/${scene_model_id}/download`,
      `/static/models/${model_id}/threshold.json`,
      `/static/projects/${other}/raw/${filename}`,
      `/projects/${other}/labels/${filename}`,
    ];
    for (const url of strangers) expect((await test.ask({ url })).statusCode, url).toBe(404);
    const image = await test.ask({ method: 'DELETE', url: `/projects/${other}/images/${filename}` });
    expect(image.statusCode).toBe(404);
    const judged = await test.ask({
      method: 'PATCH',
      url: `/projects/${other}/results/${result_id}`,
      payload: { feedback: 'missed' },
    });
    expect(judged.statusCode).toBe(404);
    const training = await test.ask({
      method: 'POST',
      url: `/projects/${project_id}/train`,
      payload: { base_model_id: 'other-m' },
    });
    expect(training.statusCode).toBe(404);
    expect((await test.ask({ url: `/projects/${project_id}/models/${model_id}/download` })).statusCode).toBe(
      200,
    );
  });
});

describe('the headers of safety', () => {
  const wanted = {
    'content-security-policy': /frame-ancestors 'none'/,
    'x-content-type-options': /^nosniff$/,
    'x-frame-options': /^DENY$/,
    'referrer-policy': /^no-referrer$/,
    'cross-origin-resource-policy': /^same-origin$/,
    'cross-origin-opener-policy': /^same-origin$/,
    'cache-control': /no-store|private/,
    'x-request-id': /^[0-9a-f]{32}$/,
  };

  function expectSafe(headers: Readonly<Record<string, unknown>>, what: string): void {
    for (const [name, pattern] of Object.entries(wanted))
      expect(String(headers[name]), `${name} of ${what}`).toMatch(pattern);
    for (const name of ['server', 'x-powered-by', 'etag-generator'])
      expect(headers[name], what).toBeUndefined();
  }

  it('are on the answer of every route, good or bad', async () => {
    test = await testApp();
    const seeded = await seed(test);
    for (const id of routeIds) {
      if (events.has(id) || id === 'deleteProject' || id === 'deleteModel') continue;
      const answer = await test.ask(soundRequest(id, seeded));
      expectSafe(answer.headers, id);
    }
    for (const url of [
      '/nowhere',
      '/static',
      '/static/projects/x/raw/y.png',
      '/%c0',
      '/projects/%00',
      `/${'x'.repeat(9000)}`,
    ])
      expectSafe((await test.ask({ url })).headers, url);
    expectSafe(
      (await test.ask({ url: '/health', headers: { host: 'evil.example' } })).headers,
      'a wrong host',
    );
    expectSafe((await test.ask({ method: 'PUT', url: '/health' })).headers, 'a wrong method');
  });

  it('are on answers to what is no request, and on streams', async () => {
    test = await testApp();
    const port = await listen(test);
    const head = `Host: localhost\r\n`;
    for (const bytes of [
      'not http at all\r\n\r\n',
      `FOO / HTTP/1.1\r\n${head}\r\n`,
      `GET / HTTP/1.1\r\n${head}X: ${'x'.repeat(100_000)}\r\n\r\n`,
      `GET /${'x'.repeat(60_000)} HTTP/1.1\r\n${head}\r\n`,
      'GET / HTTP/1.1\r\n\r\n',
      `CONNECT evil.example:443 HTTP/1.1\r\n${head}\r\n`,
    ]) {
      const answer = await exchange(port, bytes);
      expectSafe(answer.headers, bytes.slice(0, 30));
      expect(JSON.parse(answer.body)).toMatchObject({ status: answer.status, code: expect.any(String) });
    }
  });
});

describe('errors', () => {
  it('tell nothing of the server: no paths, no stacks, no environment', async () => {
    test = await testApp();
    const seeded = await seed(test);
    const { data_dir } = test.services.context.config;
    const bodies: string[] = [];
    for (const id of routeIds) {
      if (events.has(id)) continue;
      const request = soundRequest(id, seeded);
      const strange = { ...request, url: request.url.replace(/[a-z0-9-]{8,}/, '..%2f..%2fetc') };
      for (const each of [request, strange]) {
        const answer = await test.ask(each);
        if (answer.statusCode >= 400) bodies.push(answer.body);
      }
    }
    expect(bodies.length).toBeGreaterThan(30);
    for (const body of bodies) {
      expect(body).not.toContain(data_dir);
      expect(body).not.toContain(test.folder);
      expect(body).not.toMatch(/\bat .*\.ts:\d+|node_modules|\/home\/|\/root|\/tmp\/|process\.env|SELECT /);
    }
  });

  it('of our own say only where to look, and the log has the rest', async () => {
    test = await testApp();
    const lines: unknown[] = [];
    const { context } = test.services;
    const failing = Object.assign(Object.create(context.docs), {
      list: () => Promise.reject(new Error(`internal: broken at ${test.folder}/data/x.ts:1`)),
    });
    Object.assign(context as object, { docs: failing });
    Object.assign(context.log, { error: (entry: unknown) => lines.push(entry) });
    const answer = await test.app.inject({ url: '/projects', headers: { host: 'localhost' } });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'server.internal', requestId: expect.any(String) });
    expect(answer.body).not.toMatch(/broken|\.ts/);
    expect(lines).toEqual([
      expect.objectContaining({ err: expect.any(Error), requestId: answer.json().requestId }),
    ]);
  });
});
