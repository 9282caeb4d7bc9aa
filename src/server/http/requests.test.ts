// Requests that are not as they should be: bodies, values, ids; each is told where it is wrong, and none is an error of ours.

import { Compile } from 'typebox/compile';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { namesIn } from '../contract/path-parameters.ts';
import type { Route } from '../contract/route.ts';
import { routes } from '../contract/routes.ts';
import { storeFake } from '../models/testing/fake-model.ts';
import { routeIds, type Seed, seed, soundRequest } from './testing/seed.ts';
import { files, pngLike, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let seeded: Seed;
async function start(): Promise<void> {
  test = await testApp();
  seeded = await seed(test);
}

/** One app for all tests of a group, each in a minute of its own. */
function shared(): void {
  beforeAll(start);
  beforeEach(() => test.clock.advance(60_000));
  afterAll(() => test.close());
}

/** An app for each test. */
function fresh(): void {
  beforeEach(start);
  afterEach(() => test.close());
}

const withBody = routeIds.filter((id) => (routes[id] as Route).body !== undefined);

async function sendText(url: string, text: string | Buffer, method: 'POST' | 'PUT' = 'POST') {
  return test.ask({ method, url, headers: { 'content-type': 'application/json' }, payload: text });
}

describe('a body', () => {
  shared();
  it.each([
    ['cut JSON', '{"name":'],
    ['an empty one', ''],
    ['text', 'name=x'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['a text', '"x"'],
    ['JSON behind a byte order mark', '\ufeff{"name":"x"}'],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['NaN', '{"name":NaN}'],
    ['Infinity', '{"name":Infinity}'],
    ['two values', '{"name":"x"}{"name":"y"}'],
  ])('of %s is not as expected, and nothing is made of it', async (_, text) => {
    const answer = await sendText('/projects', text);
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.json().errors[0].path).toMatch(/^body/);
    expect((await test.ask({ url: '/projects' })).json()).toMatchObject([{ name: 'Sample parts' }]);
  });

  it.each([
    ['a key twice', '{"name":"x","name":"y"}'],
    ['__proto__', '{"name":"x","__proto__":{"admin":true}}'],
    ['constructor.prototype', '{"name":"x","constructor":{"prototype":{"admin":true}}}'],
    ['depth without end', `{"name":${'['.repeat(100_000)}`],
    ['objects without end', `${'{"a":'.repeat(50_000)}1`],
  ])('with %s is malformed', async (_, text) => {
    const from = performance.now();
    const answer = await sendText('/projects', text);
    expect(performance.now() - from).toBeLessThan(250);
    expect(answer.statusCode).toBe(400);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('over 1 MiB is too large', async () => {
    const from = performance.now();
    const answer = await sendText('/projects', `{"name":"${'x'.repeat(2 ** 20)}"}`);
    expect(performance.now() - from).toBeLessThan(250);
    expect(answer.statusCode).toBe(413);
  });

  it('with a number out of all bounds says that it is not finite', async () => {
    const answer = await sendText('/train', '{"scene_id":"line-1","lr":1e999}');
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      errors: [{ path: 'body.lr', detail: expect.stringMatching('finite') }],
    });
  });

  it.each([
    ['a lone surrogate', '"\\ud800"'],
    ['NUL', '"a\\u0000b"'],
    ['an escape', '"a\\u001b[31m"'],
    ['blanks only', '"   "'],
    ['121 characters', JSON.stringify('x'.repeat(121))],
    ['10 KB', JSON.stringify('x'.repeat(10_000))],
  ])('with a name of %s is invalid', async (_, name) => {
    const answer = await sendText('/projects', `{"name":${name}}`);
    expect(answer.statusCode).toBe(422);
    expect(answer.json().errors[0].path).toBe('body.name');
  });

  it.each(['عربي', '🥜 nut 🥜', 'Größe', 'x'.repeat(120), '<script>alert(1)</script>', 'a\u0301'])(
    'may have the name %s, and what is stored is what is answered',
    async (name) => {
      const made = (await test.ask({ method: 'POST', url: '/projects', payload: { name } })).json();
      const read = (await test.ask({ url: `/projects/${made.project_id}` })).json();
      expect(read).toEqual(made);
      expect(made.name).toBe(name.normalize('NFC'));
      const gone = await test.ask({
        method: 'DELETE',
        url: `/projects/${made.project_id}?confirm=${encodeURIComponent(name)}`,
      });
      expect(gone.json()).toEqual({ ok: true });
    },
  );

  it.each([
    [{ scene_id: 'line-1', epoch: 3 }, 'body.epoch', /did you mean epochs\?/],
    [{ scene_id: 'line-1', imgsize: 64 }, 'body.imgsize', /did you mean img_size\?/],
    [{ scene_id: 'line-1', xyz: 1 }, 'body.xyz', /there is .*epochs/],
  ])('with a field that does not exist is told the nearest one: %o', async (payload, path, text) => {
    const answer = await test.ask({ method: 'POST', url: '/train', payload });
    expect(answer.statusCode).toBe(422);
    expect(answer.json().errors).toEqual([
      expect.objectContaining({ path, detail: expect.stringMatching(text) }),
    ]);
  });

  it.each([
    ...[0, -1, 1.5, '10', 1e9, 2 ** 53 + 2, null, true, [], {}].map((epochs) => ({ epochs })),
    ...[0, 31, 100, 1e9, '256'].map((img_size) => ({ img_size })),
    ...[0, -1, 1e9, '1e-4'].map((lr) => ({ lr })),
  ])('with %o is told the field and its range; nothing is coerced', async (settings) => {
    const answer = await test.ask({
      method: 'POST',
      url: '/train',
      payload: { scene_id: 'line-1', ...settings },
    });
    expect(answer.statusCode).toBe(422);
    const [name] = Object.keys(settings);
    expect(answer.json().errors[0].path).toBe(`body.${name}`);
    expect(answer.json().detail).toMatch(/expected/);
  });

  it.each([
    { batch: 0 },
    { batch: 1.5 },
    { conf: -0.1 },
    { conf: 1.1 },
    { iou: 2 },
    { epochs: 0 },
    { epochs: '3' },
    { img_size: 0 },
    { img_size: 1568 },
    { lr0: 0 },
    { model_variant: '' },
    { weights: '../x.pt' },
    { weights: 'x.exe' },
    { epoch: 3 },
  ])('of a detector with %o too', async (payload) => {
    const url = `/projects/${seeded.project_id}/yolo/train`;
    expect((await test.ask({ method: 'POST', url, payload })).statusCode).toBe(422);
  });

  it('with 100,000 boxes, boxes outside, or no numbers is refused', async () => {
    const url = `/projects/${seeded.project_id}/labels/${seeded.filename}`;
    const box = { label: 'a', x: 0.1, y: 0.1, width: 0.1, height: 0.1 };
    const put = (boxes: unknown) =>
      test.ask({ method: 'PUT', url, payload: { image_width: 8, image_height: 8, boxes } as object });
    expect((await put(Array.from({ length: 100_000 }, () => box))).statusCode).toBe(413);
    const small = Array.from({ length: 10_001 }, () => ({ label: 'a', x: 0, y: 0, width: 1, height: 1 }));
    expect((await put(small)).statusCode).toBe(422);
    for (const wrong of [{ x: -0.1 }, { x: 1.2 }, { width: null }, { label: '' }, { width: '0.1' }])
      expect((await put([{ ...box, ...wrong }])).statusCode).toBe(422);
    const otherSize = { image_width: 9, image_height: 8, boxes: [box] };
    expect((await test.ask({ method: 'PUT', url, payload: otherSize })).statusCode).toBe(422);
    expect((await put([box])).statusCode).toBe(200);
  });

  it('is not taken where none is wanted, but for an empty object', async () => {
    const url = `/jobs/${seeded.job_id}/cancel`;
    const refused = await test.ask({ method: 'POST', url, payload: { force: true } });
    expect(refused.json()).toMatchObject({ status: 422, errors: [{ path: 'body.force' }] });
    expect((await test.ask({ method: 'POST', url, payload: {} })).json()).toMatchObject({
      status: 'canceled',
    });
  });
});

describe('values made from the schemas', () => {
  shared();
  it.each(withBody)('are refused by %s with the path of the field', async (id) => {
    const { body, bodyExample }: Route = routes[id];
    const request = soundRequest(id, seeded);
    const { properties = {}, required = [] } = body as unknown as {
      properties: Record<string, Record<string, unknown>>;
      required?: string[];
    };
    const ask = (payload: unknown) => test.ask({ ...request, payload: payload as object });
    for (const [name, schema] of Object.entries(properties)) {
      const field = Compile(schema as never);
      for (const value of badValues(schema)) {
        if (field.Check(value)) continue;
        const answer = await ask({ ...(bodyExample as object), [name]: value });
        const what = `${id} ${name} = ${JSON.stringify(value)}: ${answer.body}`;
        expect(answer.statusCode, what).toBe(422);
        const paths = answer.json().errors.map(({ path }: { path: string }) => path);
        expect(
          paths.every((path: string) => path.startsWith(`body.${name}`)),
          what,
        ).toBe(true);
      }
      const extra = await ask({ ...(bodyExample as object), [`${name}x`]: 1 });
      expect(extra.json()).toMatchObject({ status: 422, errors: [{ path: `body.${name}x` }] });
    }
    for (const name of required) {
      const { [name]: _, ...rest } = bodyExample as Record<string, unknown>;
      expect((await ask(rest)).json()).toMatchObject({ status: 422, errors: [{ path: `body.${name}` }] });
    }
  });

  it.each(routeIds.filter((id) => typeof (routes[id] as Route).query === 'object'))(
    'are refused by the query of %s',
    async (id) => {
      const { query }: Route = routes[id];
      const { url, ...request } = soundRequest(id, seeded);
      const path = url.split('?', 1)[0];
      const known = Object.entries((query as unknown as { properties: Record<string, never> }).properties);
      for (const [name, schema] of known) {
        const { type } = schema as { type?: string };
        const bad = type === 'integer' ? ['-1', '1e9', '0x10', ' 5', '1.5', '', '99999'] : ['x'.repeat(400)];
        for (const value of type === 'boolean' ? ['1', 'yes', ''] : bad) {
          const answer = await test.ask({ ...request, url: `${path}?${name}=${encodeURIComponent(value)}` });
          expect(answer.statusCode, `${id} ${name}=${value}`).toBe(422);
          expect(answer.json().detail).toMatch(/query\./);
        }
        const twice = await test.ask({ ...request, url: `${path}?${name}=5&${name}=5` });
        expect(twice.statusCode, `${id} ${name} twice`).toBe(422);
      }
      const unknown = await test.ask({ ...request, url: `${path}?${known[0]![0]}x=1` });
      expect(JSON.stringify(unknown.json().errors)).toMatch(`did you mean ${known[0]![0]}?`);
      const odd = await test.ask({ ...request, url: `${path}?limit[$gt]=1&__proto__=1` });
      expect(odd.statusCode).toBe(422);
    },
  );
});

describe('ids', () => {
  shared();
  const strange = [
    'a%2Fb',
    '__proto__',
    'constructor',
    "' OR 1=1--",
    '*?[]',
    '١٢٣',
    'x'.repeat(10_000),
    'UPPER',
    'a b',
    '%',
    '%zz',
    '%00',
    '~',
  ];

  it.each(strange)('of a strange kind name nothing: %j', async (id) => {
    const encoded = id.startsWith('%') ? id : encodeURIComponent(id);
    for (const route of routeIds) {
      const { path, method, multipart }: Route = routes[route];
      if (route === 'docsFile') continue;
      for (const name of namesIn(path)) {
        const { url, ...request } = soundRequest(route, seeded);
        const own = { ...seeded, file: 'threshold.json' }[name];
        const at = url.replace(`/${own}`, `/${encoded}`);
        if (at === url) continue;
        const answer = await test.ask({ ...request, url: at });
        const what = `${method} ${at.slice(0, 100)} (${multipart}): ${answer.body.slice(0, 200)}`;
        // As slugs these could be names of scenes.
        const isSlug = /^[a-z_]+$/.test(id);
        expect([...(isSlug ? [200] : []), 400, 404, 405, 414], what).toContain(answer.statusCode);
      }
    }
  });

  it('of the longest name work through training to the download', async () => {
    const { context } = test.services;
    const name = 'x'.repeat(120);
    const { project_id } = (await test.ask({ method: 'POST', url: '/projects', payload: { name } })).json();
    await test.ask(
      upload(`/projects/${project_id}/upload`, files(...[1, 2, 3, 4, 5].map((i) => pngLike(i)))),
    );
    const url = `/projects/${project_id}/train`;
    const { job_id } = (await test.ask({ method: 'POST', url, payload: {} })).json();
    const { model_id } = (await context.queue.get(job_id))!;
    expect(model_id).toMatch(new RegExp(`^${project_id}-\\d{8}-\\d{6}$`));
    await storeFake(context, test.folder, model_id, { owner: { kind: 'project', id: project_id } });
    const { headers, statusCode } = await test.ask({ url: `/models/${model_id}/download` });
    expect(statusCode).toBe(200);
    expect(headers['content-disposition']).toContain(model_id);
  });

  it('stay apart for 200 projects of one name made in one moment', async () => {
    const names = Array.from({ length: 200 }, () =>
      test.ask({ method: 'POST', url: '/projects', payload: { name: 'same' } }),
    );
    const ids = (await Promise.all(names)).map((answer) => answer.json().project_id);
    expect(new Set(ids).size).toBe(200);
  });
});

describe('pages', () => {
  fresh();
  it('lead through all jobs, and refuse a cursor that is none', async () => {
    for (let i = 0; i < 5; i++)
      await test.services.context.queue.add({
        kind: 'train',
        owner: { kind: 'scene', id: `s-${i}` },
        model_id: `m-${i}`,
        request: {},
        created_by: 'x',
        needs_approval: false,
      });
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const page = (await test.ask({ url: `/jobs?limit=2${after && `&after=${after}`}` })).json();
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ job_id }: { job_id: string }) => job_id));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(new Set(seen).size).toBe(6);
    for (const after of ['forged', '%2e%2e', 'x.y'])
      expect((await test.ask({ url: `/jobs?after=${after}` })).statusCode).toBe(400);
    const results = `/projects/${seeded.project_id}/results?after=forged`;
    expect((await test.ask({ url: results })).statusCode).toBe(400);
    const images = await test.ask({ url: `/projects/${seeded.project_id}/images?after=forged.png` });
    expect(images.statusCode).toBe(400);
  });

  it('filter jobs by status and owner', async () => {
    const count = async (query: string) => (await test.ask({ url: `/jobs?${query}` })).json().items.length;
    expect(await count('status=waiting_approval')).toBe(1);
    expect(await count('status=running')).toBe(0);
    expect(await count('scene_id=line-2')).toBe(1);
    expect(await count(`project_id=${seeded.project_id}`)).toBe(0);
  });

  it('of images are the whole list when nothing is asked for', async () => {
    const url = `/projects/${seeded.project_id}/images`;
    const all = (await test.ask({ url })).json();
    expect(all.items).toHaveLength(6);
    expect(all.next).toBeUndefined();
    const first = (await test.ask({ url: `${url}?limit=4` })).json();
    const rest = (await test.ask({ url: `${url}?limit=4&after=${first.next}` })).json();
    expect([...first.items, ...rest.items]).toEqual(all.items);
  });
});

describe('an Idempotency-Key', () => {
  fresh();
  const ask = (name: string, key: string) =>
    test.ask({ method: 'POST', url: '/projects', payload: { name }, headers: { 'idempotency-key': key } });

  it('makes ten equal requests one, also at once, and another request a conflict', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('once', 'k-1')));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await test.ask({ url: '/projects' })).json()).toHaveLength(2);
    const other = await ask('another', 'k-1');
    expect(other.statusCode).toBe(409);
    expect(other.json().code).toBe('request.key_reused');
    expect((await ask('once', 'k-2')).json().project_id).not.toBe(answers[0]!.json().project_id);
  });

  it('does not hold on to a failure', async () => {
    const url = `/projects/${seeded.project_id}/train`;
    const headers = { 'idempotency-key': 'k' };
    const wrong = await test.ask({ method: 'POST', url, headers, payload: { base_model_id: 'unknown' } });
    expect(wrong.statusCode).toBe(404);
    const right = await test.ask({ method: 'POST', url, headers, payload: {} });
    expect(right.statusCode).toBe(200);
    const again = await test.ask({ method: 'POST', url, headers, payload: {} });
    expect(again.json()).toEqual(right.json());
  });
});

describe('labels of two people', () => {
  fresh();
  it('do not overwrite each other when they say what they saw', async () => {
    const url = `/projects/${seeded.project_id}/labels/${seeded.filename}`;
    const body = { image_width: 8, image_height: 8, boxes: [] as unknown[] };
    const first = await test.ask({ method: 'PUT', url, payload: body, headers: { 'if-none-match': '*' } });
    expect(first.statusCode).toBe(200);
    const { etag } = (await test.ask({ url })).headers;
    expect(etag).toBe(first.headers.etag);
    const box = { label: 'dent', x: 0, y: 0, width: 0.5, height: 0.5 };
    const headers = { 'if-match': String(etag) };
    const winner = await test.ask({ method: 'PUT', url, payload: { ...body, boxes: [box] }, headers });
    expect(winner.statusCode).toBe(200);
    const loser = await test.ask({ method: 'PUT', url, payload: body, headers });
    expect(loser.statusCode).toBe(412);
    expect((await test.ask({ url })).json().boxes).toHaveLength(1);
    expect((await test.ask({ url: `/projects/${seeded.project_id}/labels/classes` })).json()).toEqual({
      classes: ['dent'],
    });
  });
});

/** Of every wrong type, and just outside of every bound. */
function badValues(schema: Record<string, unknown>): unknown[] {
  const values: unknown[] = [null, true, 7.5, -1, 2 ** 53 + 2, 'x', '', '10', [], {}, [[]], [null], { a: 1 }];
  for (const name of ['minimum', 'exclusiveMinimum'])
    if (typeof schema[name] === 'number') values.push((schema[name] as number) - 1);
  for (const name of ['maximum', 'exclusiveMaximum'])
    if (typeof schema[name] === 'number') values.push((schema[name] as number) + 1);
  if (typeof schema.maxLength === 'number') values.push('x'.repeat(schema.maxLength + 1));
  return values;
}
