// Masks, evaluations, hygiene and drift over HTTP.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markResult } from '../inference/results.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { testActor } from '../testing/context.ts';
import { type Seed, seed } from './testing/seed.ts';
import { multipartBody, pngLike, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let seeded: Seed;
beforeEach(async () => {
  test = await testApp();
  seeded = await seed(test);
});
afterEach(() => test.close());

const images = () => `/projects/${seeded.project_id}/images`;
const maskUrl = () => `${images()}/${seeded.filename}/mask`;
const put = (body: Buffer | string, url = maskUrl()) =>
  test.ask({ ...upload(url, [{ name: 'file', filename: 'mask.png', body }]), method: 'PUT' });

describe('a mask over HTTP', () => {
  it('is put, shown, named by its image, and taken away', async () => {
    const mask = pngLike(50);
    expect((await put(mask)).json()).toMatchObject({ filename: seeded.filename, mask_url: maskUrl() });
    const shown = await test.ask({ url: maskUrl() });
    expect(shown.headers['content-type']).toBe('image/png');
    expect(shown.rawPayload).toEqual(mask);
    const again = await test.ask({
      url: maskUrl(),
      headers: { 'if-none-match': String(shown.headers.etag) },
    });
    expect(again.statusCode).toBe(304);
    const listed = (await test.ask({ url: images() })).json().items;
    expect(listed.filter(({ mask_url }: { mask_url?: string }) => mask_url !== undefined)).toHaveLength(1);
    expect((await test.ask({ method: 'DELETE', url: maskUrl() })).json()).toEqual({ ok: true });
    expect((await test.ask({ url: maskUrl() })).json()).toMatchObject({
      status: 404,
      code: 'mask.not_found',
    });
  });

  it.each([
    ['no picture', 'not a png', 422, 'image.unsupported_type'],
    ['nothing', '', 422, 'image.empty'],
  ])('of %s is refused', async (_, body, status, code) => {
    const answer = await put(body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  it('is refused for images that are not there, before the body is read, and for two files', async () => {
    expect((await put(pngLike(1), `${images()}/nothing.png/mask`)).json().code).toBe('image.not_found');
    expect((await put(pngLike(1), `/projects/nobody/images/${seeded.filename}/mask`)).json().code).toBe(
      'project.not_found',
    );
    const part = { name: 'file', filename: 'a.png', body: pngLike(1) };
    const request = upload(maskUrl(), []);
    const two = await test.ask({ ...request, method: 'PUT', payload: multipartBody([part, part]) });
    expect(two.json().code).toBe('upload.too_many_files');
  });

  it('larger than pictures may be is refused', async () => {
    await test.close();
    test = await testApp({ uploads: { max_file_size_mb: 1 } });
    seeded = await seed(test);
    expect((await put(pngLike(1, 2 ** 20 + 1))).json()).toMatchObject({
      status: 413,
      code: 'image.too_large',
    });
  });
});

describe('evaluations over HTTP', () => {
  it('are listed without, and shown with their pictures', async () => {
    const { items } = (await test.ask({ url: `/models/${seeded.model_id}/evaluations` })).json();
    expect(items).toMatchObject([{ evaluation_id: seeded.evaluation_id, model_id: seeded.model_id }]);
    expect(items[0]).not.toHaveProperty('pictures');
    expect(items[0]).not.toHaveProperty('owner');
    const { pictures } = (await test.ask({ url: `/evaluations/${seeded.evaluation_id}` })).json();
    expect(pictures).toHaveLength(1);
  });

  it('start with or without a body, when something is marked, and one at a time', async () => {
    const ask = (payload?: object) =>
      test.ask({
        method: 'POST',
        url: `/models/${seeded.model_id}/evaluate`,
        ...(payload === undefined ? {} : { payload }),
      });
    expect((await ask()).json().code).toBe('dataset.too_few_images');
    await test.ask({ method: 'PATCH', url: `${images()}/${seeded.filename}`, payload: { mark: 'ng' } });
    const { job_id } = (await ask()).json();
    const job = (await test.ask({ url: `/jobs/${job_id}` })).json();
    expect(job).toMatchObject({ kind: 'evaluate', status: 'queued' });
    expect((await ask({ unseen_by: [] })).json().code).toBe('job.already_running');
    expect((await ask({ unseen_by: ['A B'] })).statusCode).toBe(422);
  });

  it.each(['', '?models=', '?models=one', '?models=a,B', '?models=a,b,', `?models=${'a,'.repeat(11)}a`])(
    'are not compared by %j',
    async (query) => {
      const answer = await test.ask({ url: `/projects/${seeded.project_id}/compare${query}` });
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'request.invalid']);
    },
  );
});

describe('before and after a training, over HTTP', () => {
  it('the good pictures are checked, and the drift of a model is told', async () => {
    const hygiene = (await test.ask({ url: `/projects/${seeded.project_id}/hygiene` })).json();
    expect(hygiene).toMatchObject({ checked: 6, flags: [] });
    const drift = (await test.ask({ url: `/models/${seeded.model_id}/drift` })).json();
    expect(drift).toMatchObject({ results: 1, verdict: 'unknown' });
    for (const last of ['0', '19', '5001', 'x'])
      expect((await test.ask({ url: `/models/${seeded.model_id}/drift?last=${last}` })).statusCode).toBe(422);
  });

  it('only a false alarm whose picture is stored becomes a good picture', async () => {
    const { context } = test.services;
    const owner: Owner = { kind: 'project', id: seeded.project_id };
    const url = `/projects/${seeded.project_id}/results/${seeded.result_id}/add-to-good`;
    expect((await test.ask({ method: 'POST', url })).json()).toMatchObject({
      status: 409,
      code: 'result.not_false_alarm',
    });
    await markResult(context, owner, seeded.result_id, 'false_alarm', testActor);
    // Its address in the seed is none of a preview.
    expect((await test.ask({ method: 'POST', url })).json()).toMatchObject({
      status: 410,
      code: 'result.picture_expired',
    });
    expect(await context.blobs.list(blobKeys.images(owner))).toHaveLength(6);
    const filtered = await test.ask({ url: `/projects/${seeded.project_id}/results?feedback=false_alarm` });
    expect(filtered.json().items).toHaveLength(1);
    expect((await test.ask({ url: `/projects/${seeded.project_id}/results?feedback=x` })).statusCode).toBe(
      422,
    );
  });
});
