// Many pictures at a time: marked, deleted and uploaded with a mark in one request.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { files, pngLike, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let project: string;
beforeAll(async () => {
  test = await testApp();
  project = (await test.ask({ method: 'POST', url: '/projects', payload: { name: 'parts' } })).json()
    .project_id;
});
afterAll(() => test.close());

const images = async () => (await test.ask({ url: `/projects/${project}/images` })).json().items;

it('pictures come in with a mark, which those that were there before keep as it was', async () => {
  const url = `/projects/${project}/upload`;
  await test.ask(upload(url, files(pngLike(1))));
  await test.ask(upload(`${url}?mark=ng`, files(pngLike(1), pngLike(2))));
  const marks = (await images()).map(({ mark }: { mark: string | null }) => mark);
  expect(marks.sort()).toEqual(['ng', null]);
  expect((await test.ask({ url: `/projects/${project}` })).json()).toMatchObject({
    num_images: 2,
    num_ng: 1,
  });
});

it('several are marked and deleted at once; those that are gone are named', async () => {
  const names = (await images()).map(({ filename }: { filename: string }) => filename);
  const gone = `${'0'.repeat(32)}.png`;
  const marking = await test.ask({
    method: 'PATCH',
    url: `/projects/${project}/images`,
    payload: { filenames: [...names, gone, '__proto__'], mark: 'ok' },
  });
  expect(marking.json()).toEqual({ changed: names.length, missing: [gone, '__proto__'] });
  expect((await images()).map(({ mark }: { mark: string | null }) => mark)).toEqual(['ok', 'ok']);

  const url = `/projects/${project}/images/delete`;
  const deleting = await test.ask({ method: 'POST', url, payload: { filenames: [names[0], gone] } });
  expect(deleting.json()).toEqual({ changed: 1, missing: [gone] });
  expect(await images()).toMatchObject([{ filename: names[1] }]);
});

it('shows the first pictures of a project in the list of projects', async () => {
  const [{ filename }] = await images();
  expect((await test.ask({ url: '/projects' })).json()[0].thumbnail_urls).toEqual([
    `/projects/${project}/images/${filename}/thumbnail`,
  ]);
});

it('pictures are held out of trainings one by one, several at once, and as they come; their marks stay', async () => {
  const made = await test.ask({ method: 'POST', url: '/projects', payload: { name: 'held' } });
  const url = `/projects/${made.json().project_id}`;
  const images = async () => (await test.ask({ url: `${url}/images` })).json().items;
  const holdout = async () => (await images()).map(({ holdout }: { holdout: boolean }) => holdout);
  await test.ask(upload(`${url}/upload?holdout=true`, files(pngLike(11))));
  await test.ask(upload(`${url}/upload?mark=ok`, files(pngLike(12))));
  expect(await holdout()).toEqual([true, false]);
  const names = (await images()).map(({ filename }: { filename: string }) => filename);
  const change = (payload: object) => test.ask({ method: 'PATCH', url: `${url}/images`, payload });
  expect((await change({ filenames: names, holdout: true })).json()).toEqual({ changed: 2, missing: [] });
  expect(await holdout()).toEqual([true, true]);
  expect((await images()).map(({ mark }: { mark: string | null }) => mark)).toEqual([null, 'ok']);
  expect((await test.ask({ url })).json()).toMatchObject({ num_holdout: 2, num_ng: 0 });
  const one = { method: 'PATCH', url: `${url}/images/${names[1]}` } as const;
  expect((await test.ask({ ...one, payload: { holdout: false } })).json()).toMatchObject({
    ...{ holdout: false, mark: 'ok' },
  });
  expect((await change({ filenames: names })).statusCode).toBe(422);
  expect((await test.ask({ ...one, payload: {} })).statusCode).toBe(422);
});
