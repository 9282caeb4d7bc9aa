import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock, type TestContext, testActor, testContext } from '../testing/context.ts';
import { type AuditEntry, openAudit } from './audit-log.ts';
import type { DocStore } from './docs/doc-store.ts';

let test: TestContext;
beforeEach(async () => {
  test = await testContext();
});
afterEach(() => test.close());

describe('the audit log', () => {
  it('keeps who did what, when and from where, in the order of the calls', async () => {
    const { docs, clock } = test.context;
    const audit = openAudit(docs, clock);
    await audit.record(testActor, 'image.delete', 'projects/p-1/raw/0f.png', { bytes: 12 });
    await audit.record({ name: 'system', address: null, requestId: null }, 'job.resume', 'jobs/j-1');
    const entries = await docs.read<AuditEntry>('.okapi/audit/2026-01');
    expect(entries.map(({ value }) => value)).toEqual([
      {
        at: '2026-01-02T03:04:05.000Z',
        actor: 'tester',
        address: '127.0.0.1',
        request_id: 'request-1',
        action: 'image.delete',
        subject: 'projects/p-1/raw/0f.png',
        details: { bytes: 12 },
      },
      {
        at: '2026-01-02T03:04:05.000Z',
        actor: 'system',
        address: null,
        request_id: null,
        action: 'job.resume',
        subject: 'jobs/j-1',
        details: {},
      },
    ]);
  });

  it('begins a new journal each month', async () => {
    const clock = new TestClock();
    const audit = openAudit(test.context.docs, clock);
    await audit.record(testActor, 'a', 's');
    clock.setDate(new Date('2026-02-01T00:00:00.000Z'));
    await audit.record(testActor, 'b', 's');
    expect((await test.context.docs.list('.okapi/audit')).journals).toEqual(['2026-01', '2026-02']);
  });

  it('is durable: an entry that cannot be kept is an error', async () => {
    const options: unknown[] = [];
    const docs = {
      append: async (_journal: string, _values: unknown, given: unknown) => {
        options.push(given);
        throw new Error('disk full');
      },
    } as unknown as DocStore;
    await expect(openAudit(docs, new TestClock()).record(testActor, 'a', 's')).rejects.toThrow('disk full');
    expect(options).toEqual([{ durable: true, urgent: false }]);
  });
});
