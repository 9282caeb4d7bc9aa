import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { testContext } from './context.ts';

it('gives a context whose stores keep what is put into them', async () => {
  const { context, close } = await testContext();
  try {
    const revision = await context.docs.put('projects/p/meta', { a: 1 });
    expect(await context.docs.get('projects/p/meta')).toEqual({ value: { a: 1 }, revision });
    expect(await context.docs.append('.okapi/jobs/j', [1, 2], { durable: true })).toBe(2);
    expect(await context.docs.read('.okapi/jobs/j', { after: 1 })).toEqual([{ seq: 2, value: 2 }]);
    await context.blobs.put('projects/p/raw/a.png', Readable.from([Buffer.from('ab'), Buffer.from('cd')]));
    expect(String(await buffer(await context.blobs.open('projects/p/raw/a.png', { start: 1, end: 3 })))).toBe(
      'bc',
    );
    expect(await context.blobs.list('projects/p')).toEqual(['projects/p/raw/a.png']);
  } finally {
    await close();
  }
});
