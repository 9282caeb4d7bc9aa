import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Seed, seed } from './testing/seed.ts';
import { type TestApp, testApp } from './testing/test-app.ts';

let test: TestApp;
let seeded: Seed;
beforeAll(async () => {
  test = await testApp();
  seeded = await seed(test);
});
afterAll(() => test.close());

it('lists pictures with the address of a thumbnail, which browsers may keep', async () => {
  for (const list of [`/projects/${seeded.project_id}/images`, '/datasets/line-1/images']) {
    const { items } = (await test.ask({ url: list })).json();
    const url = items[0].thumbnail_url;
    const answer = await test.ask({ url });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'private, max-age=31536000, immutable',
    });
    const again = await test.ask({ url, headers: { 'if-none-match': String(answer.headers.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  }
});

it('shows no thumbnail of a picture that is deleted, or of another project', async () => {
  const { project_id } = (
    await test.ask({ method: 'POST', url: '/projects', payload: { name: 'other' } })
  ).json();
  const stranger = await test.ask({ url: `/projects/${project_id}/images/${seeded.filename}/thumbnail` });
  expect(stranger.json()).toMatchObject({ status: 404, code: 'image.not_found' });
  const url = `/projects/${seeded.project_id}/images/${seeded.filename}`;
  expect((await test.ask({ url: `${url}/thumbnail` })).statusCode).toBe(200);
  await test.ask({ method: 'DELETE', url });
  expect((await test.ask({ url: `${url}/thumbnail` })).json()).toMatchObject({ code: 'image.not_found' });
});
