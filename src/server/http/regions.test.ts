import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from './testing/test-app.ts';

let test: TestApp;
let url: string;
beforeEach(async () => {
  test = await testApp();
  const { project_id } = (
    await test.ask({ method: 'POST', url: '/projects', payload: { name: 'parts' } })
  ).json();
  url = `/projects/${project_id}/regions`;
});
afterEach(() => test.close());

const square = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
  [0.1, 0.9],
];
const put = (payload: object, headers: Record<string, string> = {}) =>
  test.ask({ method: 'PUT', url, payload, headers });

describe('the regions of a project over HTTP', () => {
  it('are read and set with the revision as the ETag', async () => {
    const before = await test.ask({ url });
    expect(before.json()).toEqual({ include: [], ignore: [], updated_at: null, updated_by: null });
    expect(before.headers.etag).toBeUndefined();
    const set = await put({ include: [square] }, { 'if-none-match': '*' });
    expect(set.statusCode).toBe(200);
    const after = await test.ask({ url });
    expect(after.json()).toMatchObject({ include: [square], ignore: [] });
    expect(after.headers.etag).toBe(set.headers.etag);
    expect((await put({}, { 'if-match': String(set.headers.etag) })).statusCode).toBe(200);
    const stale = await put({ ignore: [square] }, { 'if-match': String(set.headers.etag) });
    expect(stale.json()).toMatchObject({ status: 412, code: 'revision.conflict' });
  });

  it.each([
    [{ include: [square.slice(0, 2)] }, 'request.invalid'],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            [1, 2],
          ],
        ],
      },
      'request.invalid',
    ],
    [{ include: [[[0, 0], [1, 0], [1]]] }, 'request.invalid'],
    [{ regions: [] }, 'request.invalid'],
    [
      {
        include: [square],
        ignore: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        ],
      },
      'option.invalid',
    ],
  ])('are refused: %j', async (payload, code) => {
    expect((await put(payload)).json()).toMatchObject({ status: 422, code });
  });
});
