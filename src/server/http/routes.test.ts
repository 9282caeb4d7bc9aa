import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorTable } from '../contract/errors.ts';
import { openApiDocument } from '../contract/open-api.ts';
import { namesIn, pathParameters } from '../contract/path-parameters.ts';
import type { Route } from '../contract/route.ts';
import { routes } from '../contract/routes.ts';
import { type TestApp, testApp } from './testing/test-app.ts';

const rows = Object.entries(routes) as [string, Route][];

describe('the route table', () => {
  it.each(rows)('%s says who may use it, what it answers, and shows an example that fits', (_, route) => {
    expect(['public', 'read', 'write', 'admin']).toContain(route.scope);
    expect(route.summary.length).toBeGreaterThan(5);
    expect(route.answer.example).toBeTruthy();
    for (const name of namesIn(route.path)) {
      expect(pathParameters[name]).toBeDefined();
      expect(pathParameters[name].example).toMatch(new RegExp(pathParameters[name].pattern));
    }
    if (route.answer.kind === 'json')
      for (const example of [route.answer.example, ...Object.values(route.answer.others ?? {})])
        expect([...Compile(route.answer.schema).Errors(example)]).toEqual([]);
    if (route.body !== undefined) {
      expect([...Compile(route.body).Errors(route.bodyExample)]).toEqual([]);
      expect(route.body).toMatchObject({ type: 'object', additionalProperties: false });
    }
    if (typeof route.query === 'object') expect(route.query).toMatchObject({ additionalProperties: false });
  });

  it('changes nothing with a GET, and lets nobody change anything without the scope for it', () => {
    // A session is one's own.
    for (const [, { method, scope, tag }] of rows)
      if (method !== 'GET' && tag !== 'session') expect(['write', 'admin']).toContain(scope);
  });

  it('bounds every text, number and list of a request', () => {
    const unbounded: string[] = [];
    const walk = (schema: Record<string, unknown>, at: string) => {
      if (schema.type === 'string' && schema.enum === undefined && schema.pattern === undefined)
        if (schema.maxLength === undefined) unbounded.push(at);
      if (schema.type === 'integer' || schema.type === 'number') {
        if (schema.minimum === undefined && schema.exclusiveMinimum === undefined) unbounded.push(at);
        if (schema.maximum === undefined && schema.exclusiveMaximum === undefined) unbounded.push(at);
      }
      if (schema.type === 'array' && schema.maxItems === undefined) unbounded.push(at);
      for (const [name, inner] of Object.entries((schema.properties ?? {}) as object))
        walk(inner, `${at}.${name}`);
      for (const inner of (schema.anyOf ?? []) as never[]) walk(inner, at);
      if (schema.items) walk(schema.items as never, `${at}[]`);
    };
    for (const [id, { body, query }] of rows) {
      if (body !== undefined) walk(body as never, `${id}.body`);
      if (typeof query === 'object') walk(query as never, `${id}.query`);
    }
    expect(unbounded).toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument('1.2.3') as {
    info: { version: string };
    paths: Record<string, Record<string, { responses: Record<string, unknown>; operationId: string }>>;
  };

  it('has every route with an example of its answer and of its errors', () => {
    expect(document.info.version).toBe('1.2.3');
    for (const [id, { method, path }] of rows) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      expect(operation?.operationId).toBe(id);
      expect(JSON.stringify(operation?.responses)).toMatch(/"examples?"|"description":"leads to/);
      expect(Object.keys(operation!.responses).some((status) => status.startsWith('4'))).toBe(true);
    }
    const count = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
    expect(count).toBe(rows.length);
  });

  it('names only codes of the error table', () => {
    for (const [, { errors }] of rows) for (const code of errors) expect(errorTable[code]).toBeDefined();
  });
});

describe('the app', () => {
  let test: TestApp;
  const registered: string[] = [];
  beforeAll(async () => {
    test = await testApp({}, { onRoute: (method, url) => registered.push(`${method} ${url}`) });
  });
  afterAll(() => test.close());

  it('has no route outside of the table, and every row of it', () => {
    const wanted = rows.flatMap(([, { method, path }]) => {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
      return method === 'GET' ? [`GET ${url}`, `HEAD ${url}`] : [`${method} ${url}`];
    });
    expect(registered.toSorted()).toEqual(wanted.toSorted());
  });

  it('serves its document and the page that shows it from this machine alone', async () => {
    const answer = await test.ask({ url: '/openapi.json' });
    expect(answer.json()).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
    const page = await test.ask({ url: '/docs' });
    expect(page.headers['content-type']).toMatch('text/html');
    expect(page.body).not.toMatch(/https?:/);
    for (const [, file] of page.body.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)) {
      const asset = await test.ask({ url: `/${file}` });
      expect(asset.statusCode).toBe(200);
      expect(asset.body.length).toBeGreaterThan(50);
    }
    expect(['/docs', '/ui/projects']).toContain((await test.ask({ url: '/' })).headers.location);
  });

  it('says that it lives, is ready, what it measures and what it allows', async () => {
    expect((await test.ask({ url: '/health' })).json()).toEqual({ ok: true });
    expect((await test.ask({ url: '/healthz' })).json()).toEqual({ ok: true });
    expect((await test.ask({ url: '/readyz' })).json()).toEqual({ ready: true });
    expect((await test.ask({ url: '/limits' })).json()).toMatchObject({
      uploads: { max_files: 200 },
      datasets: { max_entries: 200_000, max_boxes_per_image: 10_000, max_zip_bytes: 4 * 2 ** 30 },
    });
    const { body } = await test.ask({ url: '/metrics' });
    expect(body).toMatch('okapi_http_requests_total{route="/health",method="GET",status="200"} 1');
  });
});
