// What comes over the wire, byte for byte, on a real socket.
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  boundary,
  exchange,
  files,
  listen,
  multipartBody,
  type Part,
  pngLike,
  type TestApp,
  testApp,
} from './testing/test-app.ts';

let test: TestApp;
let port: number;
const url = '/datasets/line-1/upload';

async function start(change: Parameters<typeof testApp>[0] = {}): Promise<void> {
  test = await testApp(change);
  port = await listen(test);
}
afterEach(() => test.close());

async function staged(): Promise<string[]> {
  return readdir(join(test.services.context.config.tmp_dir, 'staging')).catch(() => []);
}

/** Nothing is stored, nothing lies in the staging folder, and the server lives. */
async function expectUntouched(): Promise<void> {
  await expect.poll(staged, { timeout: 1000, interval: 10 }).toEqual([]);
  const images = await test.ask({ url: '/datasets/line-1/images' });
  expect(images.json()).toEqual({ items: [] });
  expect((await test.ask({ url: '/healthz' })).statusCode).toBe(200);
}

const head = (type: string, length: number | null, more = '') =>
  `POST ${url} HTTP/1.1\r\nHost: localhost\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}${length === null ? '' : `Content-Length: ${length}\r\n`}${more}\r\n`;
const formType = `multipart/form-data; boundary=${boundary}`;

function send(parts: readonly Part[], type = formType) {
  const body = multipartBody(parts);
  return exchange(port, Buffer.concat([Buffer.from(head(type, body.length)), body]));
}

describe('a multipart body', () => {
  beforeEach(() =>
    start({ uploads: { max_files_per_upload: 5, max_total_size_mb: 0.4, max_file_size_mb: 0.1 } }),
  );

  it('is taken file by file, with a verdict for each', async () => {
    const answer = await send(files(pngLike(1), pngLike(2), pngLike(1)));
    expect(answer.status).toBe(200);
    const { saved, scene_id, items } = JSON.parse(answer.body);
    expect({ saved, scene_id }).toEqual({ saved: 2, scene_id: 'line-1' });
    expect(items.map(({ status }: { status: string }) => status)).toEqual(['stored', 'stored', 'duplicate']);
    expect(await staged()).toEqual([]);
  });

  it.each([
    ['no boundary', 'multipart/form-data'],
    ['a wrong boundary', 'multipart/form-data; boundary=other'],
    ['a boundary of 1 KB', `multipart/form-data; boundary=${'x'.repeat(1000)}`],
  ])('with %s is malformed', async (_, type) => {
    const answer = await send(files(pngLike(1)), type);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).code).toBe('multipart.malformed');
    await expectUntouched();
  });

  it('that ends early is malformed, and nothing of it stays', async () => {
    const body = multipartBody(files(pngLike(1, 5000), pngLike(2, 5000)));
    const cut = body.subarray(0, body.length - 100);
    const answer = await exchange(port, Buffer.concat([Buffer.from(head(formType, cut.length)), cut]));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).code).toBe('multipart.malformed');
    await expectUntouched();
  });

  it.each([0.1, 0.5, 0.99])('whose sender is gone after %d of it leaves nothing', async (share) => {
    const body = multipartBody(files(pngLike(1, 60_000), pngLike(2, 60_000), pngLike(3, 60_000)));
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(head(formType, body.length));
    await new Promise((sent) => socket.write(body.subarray(0, body.length * share), sent));
    await expect.poll(staged, { timeout: 1000, interval: 5 }).not.toEqual([]);
    socket.destroy();
    await expectUntouched();
  });

  it.each([
    [
      'more files than the limit',
      'upload.too_many_files',
      Array.from({ length: 10_001 }, (_, i) => ({ filename: `${i}`, body: '' })),
    ],
    [
      'more bytes than the limit',
      'upload.total_too_large',
      files(...[1, 2, 3, 4, 5].map((i) => pngLike(i, 90_000))),
    ],
    ['1,001 text fields', 'request.invalid', Array.from({ length: 1001 }, () => ({ body: 'x' }))],
  ])('with %s is refused as a whole', async (_, code, parts) => {
    const answer = await send(parts as Part[]);
    expect(JSON.parse(answer.body).code).toBe(code);
    expect(answer.status).toBe(code === 'request.invalid' ? 422 : 413);
    await expectUntouched();
  });

  it('with parts that have no name at all counts them too', async () => {
    const part = `--${boundary}\r\nX: y\r\n\r\n\r\n`;
    const nameless = Buffer.from(`${part.repeat(300)}--${boundary}--\r\n`);
    const answer = await exchange(
      port,
      Buffer.concat([Buffer.from(head(formType, nameless.length)), nameless]),
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body).code).toBe('multipart.too_many_parts');
    await expectUntouched();
  });

  it('may hold one file over the limit: that one is rejected, the others are stored', async () => {
    const parts = files(pngLike(1), pngLike(2, 200_000), pngLike(3));
    const { items } = JSON.parse((await send(parts)).body);
    expect(items).toMatchObject([
      { status: 'stored' },
      { status: 'rejected', code: 'image.too_large', name: '1.png' },
      { status: 'stored' },
    ]);
    expect(await staged()).toEqual([]);
  });

  it('of files that are all refused is an error that has their verdicts', async () => {
    const answer = await send([
      { filename: 'a.txt', body: 'text' },
      { filename: 'b.png', body: '' },
    ]);
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'upload.nothing_stored',
      saved: 0,
      scene_id: 'line-1',
      items: [
        { name: 'a.txt', status: 'rejected', code: 'image.unsupported_type' },
        { name: 'b.png', status: 'rejected', code: 'image.empty' },
      ],
    });
    await expectUntouched();
  });

  it('with a part without a file name is stopped at 64 KiB, however long it would be', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(16_384, 'x');
    const begin = `--${boundary}\r\nContent-Disposition: form-data; name="files"\r\n\r\n`;
    const chunked = (bytes: Buffer | string) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
    const answer = await exchange(
      port,
      head(formType, null, 'Transfer-Encoding: chunked\r\n') + chunked(begin),
      (socket) => {
        const more = () => {
          while (!socket.destroyed && sent < 2 ** 30) {
            sent += chunk.length;
            if (!socket.write(chunked(chunk))) return void socket.once('drain', more);
          }
        };
        more();
      },
    );
    expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(32 * 2 ** 20);
    await expectUntouched();
  });

  it.each([
    [
      'a wrong field name',
      [{ name: 'picture', filename: 'a.png', body: pngLike(1) }],
      'multipart.unexpected_field',
      /"picture"/,
    ],
    ['text in place of a file', [{ body: 'a.png' }], 'request.invalid', /files: expected a file/],
    ['no part at all', [], 'request.invalid', /at least one file/],
  ])('with %s is invalid, and the answer names the field', async (_, parts, code, text) => {
    const answer = await send(parts as Part[]);
    expect(answer.status).toBe(422);
    const { code: found, detail, errors } = JSON.parse(answer.body);
    expect(found).toBe(code);
    expect(detail).toMatch(text);
    expect(errors[0].path).toBe('body.files');
    await expectUntouched();
  });

  it.each([
    ['a transfer encoding', 'Content-Transfer-Encoding: base64\r\n', 415],
    ['a multipart within', `Content-Type: multipart/mixed; boundary=inner\r\n`, 415],
  ])('with %s in a part is not decoded', async (_, headers, status) => {
    const answer = await send([{ filename: 'a.png', headers, body: 'aGVsbG8=' }]);
    expect(answer.status).toBe(status);
    await expectUntouched();
  });

  it('with a header of 64 KB in a part is refused, and of 1,000 headers only the first few are read', async () => {
    const long = await send([
      { filename: 'a.png', headers: `X: ${'x'.repeat(64_000)}\r\n`, body: pngLike(1) },
    ]);
    expect(long.status).toBe(431);
    await expectUntouched();
    const many = await send([{ filename: 'a.png', headers: 'X: y\r\n'.repeat(1000), body: pngLike(1) }]);
    expect(many.status).toBe(200);
    expect(await staged()).toEqual([]);
  });

  it('with lines that end in a bare line feed is malformed', async () => {
    const body = multipartBody(files(pngLike(1)))
      .toString('latin1')
      .replaceAll('\r\n', '\n');
    const answer = await exchange(port, head(formType, body.length) + body);
    expect(answer.status).toBe(400);
    await expectUntouched();
  });

  it.each([
    ['plain', 'filename="a.png"', 'a.png'],
    ['both forms', `filename="a.png"; filename*=UTF-8''b%C3%A9.png`, /^(a|bé)\.png$/],
    ['quotes', 'filename="a\\"b.png"', /b\.png$/],
    ['backslashes', 'filename="C:\\\\x\\\\a.png"', /a\.png$/],
    ['a path', 'filename="../../a.png"', /^[^/\\]*a\.png$/],
    ['many semicolons', `filename="a.png"${';'.repeat(5000)}`, /a\.png/],
    ['many quotes', `filename="${'\\"'.repeat(2000)}a.png"`, /./],
  ])('gives names for people only: %s', async (_, form, wanted) => {
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="files"; ${form}\r\n\r\n`),
      pngLike(1),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const from = performance.now();
    const answer = await exchange(port, Buffer.concat([Buffer.from(head(formType, body.length)), body]));
    expect(performance.now() - from).toBeLessThan(500);
    expect(answer.status).toBe(200);
    const [{ name, filename }] = JSON.parse(answer.body).items;
    expect(name).toMatch(wanted);
    expect(filename).toMatch(/^[0-9a-f]{32}\.png$/);
  });
});

describe('a body whose headers', () => {
  beforeEach(() => start());
  const json = '{"name":"x"}';
  const post = (lines: string, body: string, path = '/projects') =>
    exchange(port, `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n${body}`);
  const length = `Content-Length: ${json.length}\r\n`;

  it.each([
    ['say nothing of its type', length],
    ['call it text', `Content-Type: text/plain\r\n${length}`],
    ['call it a form', `Content-Type: application/x-www-form-urlencoded\r\n${length}`],
    ['call it multipart', `Content-Type: multipart/form-data; boundary=x\r\n${length}`],
    ['say it is packed', `Content-Type: application/json\r\nContent-Encoding: gzip\r\n${length}`],
    ['say it is packed with brotli', `Content-Type: application/json\r\nContent-Encoding: br\r\n${length}`],
    ['nearly call it JSON', `Content-Type: application/jsonx\r\n${length}`],
  ])('%s is of no accepted type', async (_, lines) => {
    const answer = await post(lines, json);
    expect(answer.status).toBe(415);
    expect((await test.ask({ url: '/projects' })).json()).toEqual([]);
  });

  it('call it JSON, with a tab or a charset behind, is read and checked as JSON', async () => {
    for (const type of ['application/json\t', 'application/json; charset=utf-8', 'Application/JSON']) {
      const unknown = '{"name":"x","epoch":1}';
      const answer = await post(`Content-Type: ${type}\r\nContent-Length: ${unknown.length}\r\n`, unknown);
      expect([415, 422], type).toContain(answer.status);
    }
    expect((await test.ask({ url: '/projects' })).json()).toEqual([]);
  });

  it('say two lengths, or a length and chunks, is malformed', async () => {
    const type = 'Content-Type: application/json\r\n';
    for (const lines of [
      `${type}${length}Content-Length: 5\r\n`,
      `${type}${length}Transfer-Encoding: chunked\r\n`,
      `${type}Content-Length: x\r\n`,
      `${type}Content-Length: -1\r\n`,
      `${type}Transfer-Encoding: gzip\r\n`,
    ])
      expect((await post(lines, json)).status, lines).toBe(400);
  });

  it('announce less than comes is cut there, and what follows is no request', async () => {
    const answer = await post(`Content-Type: application/json\r\nContent-Length: 4\r\n`, json);
    expect([400, 405, 422]).toContain(answer.status);
    expect((await test.ask({ url: '/projects' })).json()).toEqual([]);
  });

  it('announce 10 GB is refused before it comes', async () => {
    for (const [path, type] of [
      ['/projects', 'application/json'],
      [url, formType],
      ['/projects/x/base-models/upload', formType],
    ] as const) {
      let readBytes = 0;
      test.app.server.once('connection', (socket) =>
        socket.once('close', () => (readBytes = socket.bytesRead)),
      );
      const lines = `Content-Type: ${type}\r\nContent-Length: ${10 * 2 ** 30}\r\n`;
      const answer = await post(lines, 'x'.repeat(1000), path);
      expect(answer.status, path).toBe(413);
      await expect.poll(() => readBytes, { timeout: 2000 }).toBeGreaterThan(0);
      expect(readBytes).toBeLessThan(65_536);
    }
  });

  it('expect 100-continue is called for when it is wanted, and not when it is refused', async () => {
    const expecting = `Content-Type: application/json\r\n${length}Expect: 100-continue\r\n`;
    const granted = await exchange(
      port,
      `POST /projects HTTP/1.1\r\nHost: localhost\r\n${expecting}\r\n`,
      (socket) => socket.once('data', () => socket.write(json)),
    );
    expect(granted.text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
    const big = `Content-Type: ${formType}\r\nContent-Length: ${10 * 2 ** 30}\r\nExpect: 100-continue\r\n`;
    const refused = await exchange(port, `POST ${url} HTTP/1.1\r\nHost: localhost\r\n${big}\r\n`);
    expect(refused.text).toMatch(/^HTTP\/1.1 413/);
  });

  it('announce chunks of one byte, or with extensions, is read or refused within its limits', async () => {
    const chunks = (text: string, extension = '') =>
      `${[...text].map((char) => `1${extension}\r\n${char}\r\n`).join('')}0\r\n\r\n`;
    const lines = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    expect((await post(lines, chunks(json))).status).toBe(200);
    const tooMuch = await post(lines, chunks('x'.repeat(1_100_000)));
    expect(tooMuch.status).toBe(413);
    const extended = await post(lines, chunks(json, `;x=${'y'.repeat(20_000)}`));
    expect([400, 413]).toContain(extended.status);
  });
});

describe('a request that comes slowly', () => {
  it('is given up when its headers do not come', async () => {
    test = await testApp({}, { connections: { headersMs: 150 } });
    port = await listen(test);
    const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n');
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body).code).toBe('request.timeout');
  });

  it('is given up when its body stops, and leaves nothing', async () => {
    test = await testApp({}, { connections: { idleBodyMs: 150 } });
    port = await listen(test);
    const begun = multipartBody(files(pngLike(1, 5000))).subarray(0, 2000);
    const upload = await exchange(port, Buffer.concat([Buffer.from(head(formType, 100_000)), begun]));
    expect(upload.status).toBe(408);
    await expectUntouched();
    const lines = 'Content-Type: application/json\r\nContent-Length: 100\r\n';
    const json = await exchange(port, `POST /projects HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n{"na`);
    expect(json.status).toBe(408);
  });
});

describe('methods', () => {
  beforeEach(() => start());

  it.each([
    ['TRACE', '/projects'],
    ['PROPFIND', '/projects'],
    ['FOO', '/projects'],
    ['HEAD', '/train'],
    ['PUT', '/projects'],
    ['DELETE', '/health'],
  ])('%s %s is not taken, and the answer says what is', async (method, path) => {
    const answer = await exchange(
      port,
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toMatch(/POST|GET/);
    expect((await test.ask({ url: '/projects' })).json()).toEqual([]);
  });

  it('HEAD answers as GET without a body, OPTIONS with what there is', async () => {
    const head = await test.ask({ method: 'HEAD', url: '/projects' });
    expect({ status: head.statusCode, body: head.body }).toEqual({ status: 200, body: '' });
    const options = await test.ask({ method: 'OPTIONS', url: '/projects' });
    expect(options.statusCode).toBe(204);
    expect(options.headers.allow).toBe('GET, HEAD, OPTIONS, POST');
  });
});

describe('addresses', () => {
  beforeEach(() => start());

  it.each([
    '/static/projects/p/raw/..%2f..%2fsecret',
    '/static/projects/..%2f..%2f..%2fetc/raw/passwd',
    '/static/datasets/%2e%2e/raw/%2e%2e',
    '/static/datasets/line-1/raw/..%5c..%5csecret',
    '/static/models/x/%252e%252e%252fsecret',
    '/static/preview/x/%c0%ae%c0%ae',
    '/static/preview/x/a%00.png',
    '/static//preview//x',
    '//static/preview/x/y',
    '/static/preview/x/../../../etc/passwd',
    '/docs/..%2fpackage.json',
    '/docs/%2e%2e%2fpackage.json',
    '/tmp/../etc/passwd',
    '/projects/..',
    '/projects/.',
    '/projects/%2e%2e/images',
    '/models/%2e%2e/download',
  ])('lead nowhere outside: %s', async (path) => {
    const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toMatch(/root:|"dependencies"/);
  });

  it('and headers without end are refused', async () => {
    const long = await exchange(port, `GET /${'x'.repeat(64_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(long.status).toBe(414);
    const headers = await exchange(
      port,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    );
    expect(headers.status).toBe(431);
    const hostless = await exchange(port, 'GET /health HTTP/1.1\r\n\r\n');
    expect(hostless.status).toBe(400);
    const binary = Buffer.from(
      'GET /health HTTP/1.1\r\nHost: localhost\r\nX: \u00e9\u0001\r\n\r\n',
      'latin1',
    );
    expect([200, 400]).toContain((await exchange(port, binary)).status);
  });
});
