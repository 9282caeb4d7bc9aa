import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { docKeys } from '../platform/layout.ts';
import { TestClock, type TestContext, testContext } from '../testing/context.ts';
import { Once, sweepRequests } from './once.ts';

let test: TestContext;
let clock: TestClock;
beforeEach(async () => {
  clock = new TestClock();
  test = await testContext({ clock });
});
afterEach(() => test.close());

/** As after a restart: nothing in memory. */
const reopened = () => new Once({ ...test.context, docs: new FileDocs(`${test.folder}/data`) });

/** Work that counts how often it is done. */
function counted() {
  const done: number[] = [];
  return { done, work: async () => ({ number: done.push(1) }) };
}

describe('a request with a key', () => {
  it('is done once, also after a restart, and answers the same', async () => {
    const { done, work } = counted();
    const first = await new Once(test.context).run('a k', ['train', 1], work);
    expect(await reopened().run('a k', ['train', 1], work)).toEqual(first);
    expect(done).toHaveLength(1);
    expect(await reopened().run('b k', ['train', 1], work)).toEqual({ number: 2 });
  });

  it('is refused after a restart when it is another request', async () => {
    await new Once(test.context).run('k', ['train', 1], counted().work);
    const other = reopened().run('k', ['train', 2], counted().work);
    await expect(other).rejects.toMatchObject({ code: 'request.key_reused' });
  });

  it('that failed may be tried again, at once and after a restart', async () => {
    const fails = async () => {
      throw new ServerError('job.queue_full', 'full');
    };
    const once = new Once(test.context);
    await expect(once.run('k', [1], fails)).rejects.toMatchObject({ code: 'job.queue_full' });
    expect(await once.run('k', [1], counted().work)).toEqual({ number: 1 });
    await expect(once.run('l', [1], fails)).rejects.toMatchObject({ code: 'job.queue_full' });
    expect(await reopened().run('l', [1], counted().work)).toEqual({ number: 1 });
  });

  it('on which the server died is not done again, and says so', async () => {
    void new Once(test.context).run('k', [1], () => new Promise<never>(() => {}));
    await expect.poll(async () => (await test.context.docs.list(docKeys.requests)).docs).toHaveLength(1);
    const { done, work } = counted();
    await expect(reopened().run('k', [1], work)).rejects.toMatchObject({ code: 'request.outcome_unknown' });
    expect(done).toHaveLength(0);
  });

  it('is answered although the answer cannot be kept, and is then not done again', async () => {
    const { done, work } = counted();
    const { docs } = test.context;
    const put = docs.put.bind(docs);
    let writes = 0;
    const full = async () => {
      throw new ServerError('disk.full', 'the disk is full');
    };
    docs.put = (...args) => (++writes === 2 ? full() : put(...args));
    expect(await new Once(test.context).run('k', [1], work)).toEqual({ number: 1 });
    docs.put = put;
    await expect(reopened().run('k', [1], work)).rejects.toMatchObject({ code: 'request.outcome_unknown' });
    expect(done).toHaveLength(1);
  });

  it('is not begun when that cannot be noted', async () => {
    const { done, work } = counted();
    test.context.docs.put = async () => {
      throw new ServerError('disk.full', 'the disk is full');
    };
    await expect(new Once(test.context).run('k', [1], work)).rejects.toMatchObject({ code: 'disk.full' });
    expect(done).toHaveLength(0);
  });
});

describe('keys', () => {
  it('are forgotten after a day, and not before', async () => {
    const { done, work } = counted();
    const once = new Once(test.context);
    await once.run('k', [1], work);
    clock.advance(23 * 3600_000);
    expect(await sweepRequests(test.context)).toBe(0);
    await once.run('k', [1], work);
    expect(done).toHaveLength(1);
    clock.advance(2 * 3600_000);
    await once.run('k', [2], work);
    expect(done).toHaveLength(2);
    expect(await sweepRequests(test.context)).toBe(0);
    clock.advance(25 * 3600_000);
    expect(await sweepRequests(test.context)).toBe(1);
    expect((await test.context.docs.list(docKeys.requests)).docs).toEqual([]);
  });

  it('of which the record is damaged do nothing twice', async () => {
    await new Once(test.context).run('k', [1], counted().work);
    const [id] = (await test.context.docs.list(docKeys.requests)).docs;
    await writeFile(`${test.folder}/data/${docKeys.request(id!)}.json`, '{');
    await expect(reopened().run('k', [1], counted().work)).rejects.toMatchObject({
      code: 'request.outcome_unknown',
    });
  });
});
