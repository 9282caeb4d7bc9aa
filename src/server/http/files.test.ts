import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobKeys } from '../platform/layout.ts';
import { attachment } from './file-answer.ts';
import { type Seed, seed } from './testing/seed.ts';
import { pngLike, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let seeded: Seed;
beforeEach(async () => {
  test = await testApp();
  seeded = await seed(test);
});
afterEach(() => test.close());

const imageUrl = () => `/static/projects/${seeded.project_id}/raw/${seeded.filename}`;

describe('a stored picture', () => {
  it('comes as what it is, can be kept by its viewer alone, and can do nothing', async () => {
    const answer = await test.ask({ url: imageUrl() });
    expect(answer.rawPayload).toEqual(pngLike(1));
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-length': '40',
    });
    expect(answer.headers['content-security-policy']).toMatch(/^sandbox;/);
    expect((await test.ask({ url: `${imageUrl()}?t=17` })).statusCode).toBe(200);
  });

  it('is not sent again to who has it', async () => {
    const { etag } = (await test.ask({ url: imageUrl() })).headers;
    const again = await test.ask({ url: imageUrl(), headers: { 'if-none-match': String(etag) } });
    expect({ status: again.statusCode, body: again.body }).toEqual({ status: 304, body: '' });
  });

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/40', 10],
    ['bytes=30-', 206, 'bytes 30-39/40', 10],
    ['bytes=-5', 206, 'bytes 35-39/40', 5],
    ['bytes=30-1000', 206, 'bytes 30-39/40', 10],
    ['bytes=-1000', 206, 'bytes 0-39/40', 40],
    ['bytes=40-', 416, 'bytes */40', null],
    ['bytes=-0', 416, 'bytes */40', null],
    ['bytes=9-0', 200, undefined, 40],
    ['bytes=0-1,3-4', 200, undefined, 40],
    [`bytes=${'0-1,'.repeat(5000)}0-1`, 200, undefined, 40],
    ['bytes=x', 200, undefined, 40],
    ['pages=1-2', 200, undefined, 40],
  ])('answers the range %s as it should', async (range, status, contentRange, length) => {
    const answer = await test.ask({ url: imageUrl(), headers: { range } });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
    if (length !== null) expect(answer.rawPayload.length).toBe(length);
    if (status === 206) {
      const [, from, to] = /bytes (\d+)-(\d+)/.exec(String(contentRange))!;
      expect(answer.rawPayload).toEqual(pngLike(1).subarray(Number(from), Number(to) + 1));
    }
  });

  it('is told by HEAD without being read', async () => {
    const answer = await test.ask({ method: 'HEAD', url: imageUrl() });
    expect(answer.headers).toMatchObject({ 'content-length': '40', 'content-type': 'image/png' });
    expect(answer.body).toBe('');
  });

  it('whose file is gone is not found', async () => {
    const owner = { kind: 'project', id: seeded.project_id } as const;
    await test.services.context.blobs.delete(blobKeys.image(owner, seeded.filename));
    expect((await test.ask({ url: imageUrl() })).json().code).toBe('blob.not_found');
  });
});

describe('a model', () => {
  it('is downloaded under its name, in ranges too, and its files by name', async () => {
    const url = `/projects/${seeded.project_id}/models/${seeded.model_id}/download`;
    const whole = await test.ask({ url });
    expect(whole.statusCode).toBe(200);
    expect(whole.headers['content-disposition']).toMatch(new RegExp(`filename="${seeded.model_id}\\.`));
    const part = await test.ask({ url, headers: { range: 'bytes=2-4' } });
    expect(part.rawPayload).toEqual(whole.rawPayload.subarray(2, 5));
    const file = `/static/projects/${seeded.project_id}/models/${seeded.model_id}/threshold.json`;
    expect((await test.ask({ url: file })).headers['content-type']).toMatch('application/json');
    expect((await test.ask({ url: file.replace('threshold', 'nothing') })).statusCode).toBe(404);
    expect((await test.ask({ url: `${url}?format=onnx` })).headers['content-type']).toBe(
      'application/octet-stream',
    );
    expect((await test.ask({ url: `${url}?format=exe` })).statusCode).toBe(422);
  });

  it('tells its thresholds, takes a new one, and is deleted', async () => {
    const url = `/models/${seeded.model_id}`;
    expect((await test.ask({ url })).json()).toMatchObject({
      threshold: 10.5,
      thresholds: [{ value: 10.5 }],
    });
    const change = { value: 3, note: 'line 2' };
    const changed = await test.ask({ method: 'PATCH', url: `${url}/threshold`, payload: change });
    expect(changed.json()).toMatchObject({
      threshold: 3,
      thresholds: [{ value: 10.5 }, { value: 3, by: 'local' }],
    });
    const both = { value: 3, target_false_alarm_rate: 0.1 };
    expect((await test.ask({ method: 'PATCH', url: `${url}/threshold`, payload: both })).statusCode).toBe(
      422,
    );
    const listed = (await test.ask({ url: `/models?mode=project&project_id=${seeded.project_id}` })).json();
    expect(listed).toMatchObject([{ model_id: seeded.model_id, threshold: 3, mode: 'project' }]);
    expect((await test.ask({ method: 'DELETE', url })).json()).toEqual({ ok: true });
    expect((await test.ask({ url })).statusCode).toBe(404);
  });

  it('is imported from one file, and not from two or a wrong field', async () => {
    const url = `/projects/${seeded.project_id}/base-models/upload`;
    const file = { name: 'file', filename: '../base.safetensors', body: 'weights' };
    const made = await test.ask(upload(url, [file]));
    expect(made.json()).toMatchObject({
      model_id: expect.stringMatching(/^import-/),
      filename: expect.any(String),
    });
    const two = await test.ask(upload(url, [file, file]));
    expect(two.json().code).toBe('upload.too_many_files');
    const other = await test.ask(upload(url, [{ ...file, name: 'files' }]));
    expect(other.json().code).toBe('multipart.unexpected_field');
    expect((await test.ask(upload(url.replace(seeded.project_id, 'nobody'), [file]))).statusCode).toBe(404);
  });

  it('tests pictures, the refused ones too, and is not asked for unknown ids', async () => {
    const url = `/models/${seeded.model_id}/test?store=false`;
    const answer = await test.ask(upload(url, [{ filename: 'a.png', body: pngLike(1) }]));
    expect(answer.json()).toMatchObject({
      model_id: seeded.model_id,
      items: [{ filename: 'a.png', score: 40 }],
    });
    const unknown = await test.ask(upload('/models/nobody/test', [{ filename: 'a.png', body: 'x' }]));
    expect(unknown.json().code).toBe('model.not_found');
    expect((await test.ask({ url: '/metrics' })).body).toMatch('okapi_inference_images_total 1');
  });
});

describe('results', () => {
  it('are listed, searched, judged and exported', async () => {
    const url = `/projects/${seeded.project_id}/results`;
    expect((await test.ask({ url })).json().items).toMatchObject([{ filename: 'a.png', feedback: null }]);
    expect((await test.ask({ url: `${url}?search=zzz` })).json()).toEqual({ items: [] });
    expect((await test.ask({ url: `${url}?verdict=good&limit=1` })).json().items).toHaveLength(1);
    const judged = {
      method: 'PATCH',
      url: `${url}/${seeded.result_id}`,
      payload: { feedback: 'missed' },
    } as const;
    expect((await test.ask(judged)).json()).toMatchObject({ feedback: 'missed' });
    const csv = await test.ask({ url: `${url}/export` });
    expect(csv.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' });
    expect(csv.headers['content-disposition']).toMatch(/attachment; filename=".*-results.csv"/);
    expect(csv.body).toMatch(/a\.png.*missed/);
    expect((await test.ask({ url: `${url}/export?format=json` })).json()).toHaveLength(1);
  });
});

describe('object detection', () => {
  it('says that the project is of another mode, or that there is none', async () => {
    const expected = [
      [seeded.project_id, 400, 'project.wrong_mode'],
      ['nobody', 404, 'project.not_found'],
    ] as const;
    for (const [id, status, code] of expected) {
      const url = `/projects/${id}/yolo`;
      for (const request of [
        { url: `${url}/dataset` },
        { url: `${url}/dataset/health` },
        { url: `${url}/dataset/download` },
        { method: 'DELETE', url: `${url}/dataset` } as const,
        upload(`${url}/dataset/upload`, [{ name: 'file', filename: 'a.zip', body: 'x' }]),
        { method: 'POST', url: `${url}/dataset/from-labels` } as const,
        { method: 'POST', url: `${url}/train`, payload: {} } as const,
      ]) {
        const answer = await test.ask(request);
        expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status, code });
      }
    }
  });
});

describe('limits of how often', () => {
  it('refuse the 61st upload of a minute, and retrying does not prolong it', async () => {
    const once = () => test.ask(upload('/datasets/line-1/upload', [{ filename: 'a.png', body: pngLike(1) }]));
    for (let i = 2; i < 60; i++) expect((await once()).statusCode).toBe(200);
    test.clock.advance(50_000);
    for (let i = 0; i < 5; i++) {
      const refused = await once();
      expect(refused.statusCode).toBe(429);
      expect(refused.headers['retry-after']).toBe('10');
    }
    test.clock.advance(10_000);
    expect((await once()).statusCode).toBe(200);
  });

  it('refuse downloads after eight that failed, and no others', async () => {
    const wrong = () => test.ask({ url: '/models/nobody/download' });
    const right = () => test.ask({ url: `/models/${seeded.model_id}/download` });
    for (let i = 0; i < 8; i++) expect((await wrong()).statusCode).toBe(404);
    for (let i = 0; i < 3; i++) expect((await wrong()).statusCode).toBe(429);
    expect((await right()).json().code).toBe('request.too_many');
    expect((await test.ask({ url: imageUrl() })).statusCode).toBe(200);
    test.clock.advance(60_000);
    for (let i = 0; i < 20; i++) expect((await right()).statusCode).toBe(200);
  });

  it('count the address that a proxy names only where a proxy is configured', async () => {
    const from = (address: string) =>
      test.ask({ url: '/models/nobody/download', headers: { 'x-forwarded-for': address } });
    for (let i = 0; i < 8; i++) await from(`10.0.0.${i}`);
    expect((await from('10.0.0.99')).statusCode).toBe(429);
    await test.close();
    test = await testApp({ server: { trust_proxy: true } });
    for (let i = 0; i < 9; i++) expect((await from(`6.6.6.6, 10.0.0.${i}`)).statusCode).toBe(404);
    // What stands before the nearest proxy's word was written by the client.
    for (let i = 0; i < 8; i++) await from(`6.6.6.${i}, 10.0.0.200`);
    expect((await from('7.7.7.7, 10.0.0.200')).statusCode).toBe(429);
  });
});

it('names downloads for old browsers and new ones', () => {
  expect(attachment('größe "1".csv')).toBe(
    `attachment; filename="gr__e _1_.csv"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.csv`,
  );
  expect(attachment('a\r\nX: y\ud800')).not.toMatch(/[\r\n]/);
});
