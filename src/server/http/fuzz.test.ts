// Whole requests of any kind on every route, over a real socket: all are answered, none is an error of the server.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Route } from '../contract/route.ts';
import { routes } from '../contract/routes.ts';
import { routeIds, seed, soundRequest } from './testing/seed.ts';
import { exchange, listen, testApp } from './testing/test-app.ts';

const runs = 1500;

const header = fc.constantFrom(
  'Accept: */*',
  'Host: evil.example',
  'Host:',
  'Content-Type: application/json',
  'Content-Type: multipart/form-data; boundary=b0undary',
  'Content-Type: multipart/form-data; boundary=',
  'Content-Type: \u0001',
  'Content-Length: 5',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, gzip',
  'Content-Encoding: gzip',
  'Expect: 100-continue',
  'Expect: everything',
  'Range: bytes=0-,-1',
  'Range: bytes=99999999999999999-',
  'If-None-Match: *',
  'If-Match: "',
  'If-Range: x',
  'Last-Event-ID: \u00ff',
  'Idempotency-Key: ',
  'Authorization: Bearer \u0000',
  'X-API-Key: okapi_',
  'Origin: null',
  'Upgrade: websocket',
  'Connection: upgrade',
  ' folded: line',
  ': no name',
);
const body = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('{', '{"name":"x"}', '--b0undary\r\n\r\nx', '0\r\n\r\n', '5\r\nabcde\r\n0\r\n\r\n')
    .map((text) => Buffer.from(text)),
);
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...routeIds) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
);

const seldom = <T, N>(arbitrary: fc.Arbitrary<T>, otherwise: N) =>
  fc.oneof({ weight: 1, arbitrary }, { weight: 3, arbitrary: fc.constant(otherwise) });

const whole = fc.record({
  target,
  query: seldom(fc.webQueryParameters(), ''),
  mutate: seldom(fc.tuple(fc.nat(60), fc.constantFrom('%', '%00', '..', '/', '?', '#', 'é', '{')), null),
  method: seldom(
    fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'X'),
    null,
  ),
  headers: fc.array(header, { maxLength: 2 }),
  body,
});

it('is answered or refused', async () => {
  const test = await testApp({}, { connections: { idleBodyMs: 30, headersMs: 300 } });
  const errors: unknown[] = [];
  Object.assign(test.services.context.log, { error: (entry: unknown) => errors.push(entry) });
  try {
    const seeded = await seed(test);
    const port = await listen(test);
    await fc.assert(
      fc.asyncProperty(whole, async ({ target, query, mutate, method, headers, body }) => {
        test.clock.advance(60_000);
        const isRoute = Object.hasOwn(routes, target);
        const id = isRoute ? (target as keyof typeof routes) : null;
        // These go on as long as their reader does.
        if (id !== null && (routes[id] as Route).answer.kind === 'events') return;
        let url = id === null ? `/${target.replace(/\s/g, '')}` : soundRequest(id, seeded).url;
        if (query !== '') url = `${url.split('?', 1)[0]}?${query}`;
        if (mutate !== null) url = url.slice(0, mutate[0]) + mutate[1] + url.slice(mutate[0]);
        const verb = method ?? (id === null ? 'GET' : routes[id].method);
        const lines = ['Host: localhost', 'Connection: close', ...headers];
        const sound = id === null ? null : soundRequest(id, seeded);
        const type =
          (sound?.headers as Record<string, string> | undefined)?.['content-type'] ?? 'application/json';
        if (!headers.some((line) => line.startsWith('Content-Type'))) lines.push(`Content-Type: ${type}`);
        if (!headers.some((line) => /^(content-length|transfer)/i.test(line)))
          lines.push(`Content-Length: ${body.length}`);
        const head = Buffer.from(`${verb} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
        // Of bytes that are no request the connection may just end.
        const answer = await exchange(port, Buffer.concat([head, body])).catch(() => null);
        if (answer === null) return;
        expect(answer.status, `${head}${body}`).not.toBe(500);
        expect(errors).toEqual([]);
      }),
      { numRuns: runs, seed: 20261123 },
    );
    expect((await test.ask({ url: '/healthz' })).json()).toEqual({ ok: true });
  } finally {
    await test.close();
  }
});
