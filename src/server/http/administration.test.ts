// The machine, the encoders and the API keys over HTTP.
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let weights: string;
beforeAll(async () => {
  weights = await mkdtemp(join(tmpdir(), 'okapi-weights-'));
  test = await testApp({ training: { weights_dir: weights } });
});
afterAll(() => test.close());

describe('the machine', () => {
  it('tells what runs, and not where', async () => {
    const answer = await test.ask({ url: '/system' });
    expect(answer.json()).toMatchObject({ node: process.versions.node, keys_in_force: false });
    expect(answer.json().disk.free_bytes).toBeGreaterThan(0);
    expect(answer.body).not.toContain(test.folder);
  });

  it('names every device, the processor first among those that work', async () => {
    const { items } = (await test.ask({ url: '/system/devices' })).json();
    expect(items.map(({ name }: { name: string }) => name)).toContain('webgpu');
    expect(items.find(({ works }: { works: boolean }) => works)).toMatchObject({ name: 'cpu' });
  });
});

describe('encoder weights', () => {
  const send = (name: string, bytes: Buffer) =>
    test.ask(upload('/system/encoders/dinov3/upload', [{ name: 'file', filename: name, body: bytes }]));

  it('that are none are refused by their own name, and nothing is stored', async () => {
    const answer = await send('dinov3.pth', Buffer.from('not weights at all'));
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.json().code).toMatch(/^checkpoint\./);
    expect(answer.json().detail).toContain('dinov3.pth');
    expect(await readdir(weights)).toEqual([]);
  });

  it('of another network are refused with what was expected', async () => {
    const other = await readFile(new URL('../../../assets/mobilenetv3-coco.safetensors', import.meta.url));
    const answer = await send('mine.safetensors', other);
    expect(answer.json()).toMatchObject({ code: 'checkpoint.key_mismatch' });
    expect(await readdir(weights)).toEqual([]);
  });

  it('that lie in the folder make theirs the default', async () => {
    const before = (await test.ask({ url: '/system/encoders' })).json().items;
    expect(before[0]).toMatchObject({ name: 'dinov3-convnext-tiny', available: false, is_default: false });
    await writeFile(join(weights, before[0].files[0]), 'weights');
    const after = (await test.ask({ url: '/system/encoders' })).json().items;
    expect(after[0]).toMatchObject({ available: true, is_default: true });
    expect(after[1]).toMatchObject({ name: 'mobilenetv3-coco', available: true, is_default: false });
  });
});

describe('API keys over HTTP', () => {
  it('begin with one that may do all, are shown once, and the last of these cannot be revoked', async () => {
    const make = (payload: object, headers = {}) =>
      test.ask({ method: 'POST', url: '/keys', payload, headers });
    expect((await make({ name: 'reader', scope: 'read' })).json()).toMatchObject({ code: 'request.invalid' });
    const first = (await make({ name: 'boss', scope: 'admin' })).json();
    const headers = { 'x-api-key': first.key };
    expect((await test.ask({ url: '/keys' })).statusCode).toBe(401);
    const second = (await make({ name: 'reader', scope: 'read', expires_days: 30 }, headers)).json();
    expect(second).toMatchObject({ name: 'reader', scope: 'read', state: 'valid' });
    expect((await make({ name: 'reader', scope: 'read' }, headers)).json()).toMatchObject({
      code: 'key.exists',
    });
    const list = await test.ask({ url: '/keys', headers });
    expect(list.json().items).toHaveLength(2);
    expect(list.body).not.toContain(first.key);
    expect((await test.ask({ url: '/keys', headers: { 'x-api-key': second.key } })).statusCode).toBe(403);

    const revoke = (name: string) => test.ask({ method: 'DELETE', url: `/keys/${name}`, headers });
    expect((await revoke('boss')).json()).toMatchObject({ code: 'request.invalid' });
    expect((await revoke('nobody')).json()).toMatchObject({ code: 'key.not_found' });
    expect((await revoke('reader')).json()).toEqual({ ok: true });
    expect((await test.ask({ url: '/projects', headers: { 'x-api-key': second.key } })).statusCode).toBe(401);
  });
});
