import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestClock, type TestContext, testContext } from '../testing/context.ts';
import { type ApiKeys, allows, createKey, keyScopes, listKeys, openApiKeys, revokeKey } from './api-keys.ts';
import { FileDocs } from './docs/file-docs.ts';
import { systemIds } from './ids.ts';

let test: TestContext;
let clock: TestClock;
let keys: ApiKeys;
beforeEach(async () => {
  clock = new TestClock();
  test = await testContext({ clock });
  keys = openApiKeys(test.context.docs, clock);
});
afterEach(() => test.close());

const docs = () => test.context.docs;
const add = (name: string, more: { scope?: 'read' | 'write' | 'admin'; expires?: Date } = {}) =>
  createKey(docs(), { name, scope: 'write', ...more }, systemIds, clock);

describe('a new key', () => {
  it('opens what its scope says', async () => {
    const plain = await add('camera-1', { scope: 'read' });
    expect(plain).toMatch(/^okapi_[A-Za-z0-9_-]{43}$/);
    expect(await keys.findKey(plain)).toEqual({
      name: 'camera-1',
      scope: 'read',
      created_at: '2026-01-02T03:04:05.000Z',
      expires_at: null,
      revoked_at: null,
    });
  });

  it('is kept only as its hash', async () => {
    const plain = await add('camera-1');
    const text = await readFile(join(test.folder, 'data', '.okapi', 'keys', 'camera-1.json'), 'utf8');
    expect(text).not.toContain(plain.slice('okapi_'.length));
    expect(text).toMatch(/"sha256": "[0-9a-f]{64}"/);
    expect(JSON.stringify(await listKeys(docs(), clock))).not.toMatch(/sha256|[0-9a-f]{64}/);
  });

  it.each(['', 'A', 'a b', '../x', 'x'.repeat(61), '__proto__ '])('may not be named %j', async (name) => {
    await expect(add(name)).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('cannot take the name of a valid key, but that of a revoked or expired one', async () => {
    await add('a');
    await expect(add('a')).rejects.toMatchObject({ code: 'key.exists' });
    await revokeKey(docs(), 'a', clock);
    const second = await add('a', { expires: new Date('2026-01-03T00:00:00Z') });
    expect((await keys.findKey(second))?.name).toBe('a');
    clock.advance(24 * 3600 * 1000);
    await add('a');
    expect(await keys.findKey(second)).toBeNull();
  });

  it('is made once when two ask for the same name at once', async () => {
    const outcomes = await Promise.allSettled([add('a'), add('a')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a presented key', () => {
  it.each([
    '',
    'okapi_',
    'Bearer x',
    `okapi_${'x'.repeat(43)}`,
    `okapi_${'x'.repeat(10_000)}`,
    `okapi_${'é'.repeat(43)}`,
  ])('that is %.30j is refused', async (presented) => {
    await add('a');
    expect(await keys.findKey(presented)).toBeNull();
  });

  it('is refused once it has expired, to the millisecond', async () => {
    const plain = await add('a', { expires: new Date(clock.date().getTime() + 5000) });
    clock.advance(4999);
    expect(await keys.findKey(plain)).not.toBeNull();
    expect(await keys.any()).toBe(true);
    clock.advance(1);
    expect(await keys.findKey(plain)).toBeNull();
    expect(await keys.any()).toBe(false);
    expect(await keys.inForce()).toBe(true);
    expect((await listKeys(docs(), clock))[0]).toMatchObject({ name: 'a', state: 'expired' });
  });

  it('is refused within a second after another process revoked it', async () => {
    const plain = await add('a');
    expect(await keys.findKey(plain)).not.toBeNull();
    await revokeKey(new FileDocs(test.context.config.data_dir), 'a', clock);
    clock.advance(1000);
    expect(await keys.findKey(plain)).toBeNull();
    expect([await keys.any(), await keys.inForce()]).toEqual([false, true]);
  });

  it('is known within a second after another process added it', async () => {
    expect([await keys.any(), await keys.inForce()]).toEqual([false, false]);
    const plain = await createKey(
      new FileDocs(test.context.config.data_dir),
      { name: 'cli', scope: 'admin' },
      systemIds,
      clock,
    );
    clock.advance(1000);
    expect(await keys.findKey(plain)).toMatchObject({ name: 'cli', scope: 'admin' });
  });

  it('does not make us read the records again each time', async () => {
    const plain = await add('a');
    const list = vi.spyOn(docs(), 'list');
    await Promise.all(Array.from({ length: 50 }, () => keys.findKey(plain)));
    expect(list).toHaveBeenCalledTimes(1);
  });

  it('is an error, not a refusal for ever, when the records cannot be read', async () => {
    const plain = await add('a');
    vi.spyOn(docs(), 'list').mockRejectedValueOnce(new Error('disk'));
    await expect(keys.findKey(plain)).rejects.toThrow('disk');
    expect(await keys.findKey(plain)).not.toBeNull();
  });

  it('is compared with every hash in equal time', async () => {
    const source = await readFile(new URL('./api-keys.ts', import.meta.url), 'utf8');
    expect(source).toContain('if (timingSafeEqual(hash, ');
    expect(source).not.toMatch(/sha256 ===|=== .*sha256|break;/);
  });
});

describe('a record that is not as we write it', () => {
  it.each([
    {},
    { sha256: 'x' },
    { sha256: '0'.repeat(64), scope: 'root', expires_at: null, revoked_at: null },
    [],
  ])('such as %j opens nothing and keeps no other key out', async (value) => {
    await docs().put('.okapi/keys/odd', value as never);
    const plain = await add('a');
    expect((await keys.findKey(plain))?.name).toBe('a');
    expect((await listKeys(docs(), clock)).map(({ name }) => name)).toEqual(['a']);
  });

  it('such as a torn one opens nothing, keeps no other key out, and still keeps the door shut', async () => {
    await docs().put('.okapi/keys/odd', {});
    await writeFile(join(test.folder, 'data', '.okapi', 'keys', 'odd.json'), '{"name": "od');
    expect(await keys.inForce()).toBe(true);
    const plain = await add('a');
    clock.advance(1000);
    expect((await keys.findKey(plain))?.name).toBe('a');
  });
});

describe('revoking', () => {
  it.each(['nobody', '../../x', ''])('the unknown name %j is an error', async (name) => {
    await expect(revokeKey(docs(), name, clock)).rejects.toMatchObject({ code: 'key.not_found' });
  });

  it('twice keeps the first date', async () => {
    await add('a');
    await revokeKey(docs(), 'a', clock);
    clock.advance(60_000);
    await revokeKey(docs(), 'a', clock);
    expect(await listKeys(docs(), clock)).toMatchObject([
      { name: 'a', state: 'revoked', revoked_at: '2026-01-02T03:04:05.000Z' },
    ]);
  });
});

describe('scopes', () => {
  it('allow what the lesser ones do', () => {
    const table = keyScopes.map((has) => keyScopes.map((needed) => allows(has, needed)));
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });
});
