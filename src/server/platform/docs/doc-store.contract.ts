// What every DocStore must do: each implementation runs this suite.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../../contract/errors.ts';
import { badKeys } from '../testing/bad-keys.ts';
import type { DocStore } from './doc-store.ts';

export interface OpenedDocs {
  readonly docs: DocStore;
  /** The same records as another process that starts now finds them. */
  reopen(): Promise<DocStore>;
  close(): Promise<void>;
}

export function describeDocStore(name: string, open: () => Promise<OpenedDocs>): void {
  describe(`the records of ${name}`, () => {
    let opened: OpenedDocs;
    let docs: DocStore;
    beforeEach(async () => {
      opened = await open();
      docs = opened.docs;
    });
    afterEach(() => opened.close());

    const conflict = { code: 'revision.conflict' };

    it('are read as they were put, also by another process', async () => {
      const value = {
        text: 'é\n\u2028 "\\ 🙂 \ud800',
        list: [1, -0.5, 1e300, true, null, {}],
        __proto__x: {},
      };
      const revision = await docs.put('projects/p/meta', value);
      expect(await docs.get('projects/p/meta')).toEqual({ value, revision });
      expect(await (await opened.reopen()).get('projects/p/meta')).toEqual({ value, revision });
      expect(await docs.get('projects/p')).toBeNull();
      expect(await docs.get('projects/q/meta')).toBeNull();
    });

    it('keep keys such as __proto__ to themselves', async () => {
      await docs.put('a', { files: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') });
      const files = (await docs.get<{ files: object }>('a'))!.value.files;
      expect(Object.keys(files)).toEqual(['__proto__', 'constructor']);
      expect('polluted' in {}).toBe(false);
    });

    it('cannot be changed by those who read them', async () => {
      await docs.put('a', { list: [1] });
      const { value } = (await docs.get<{ list: number[] }>('a'))!;
      expect(() => value.list.push(2)).toThrow(TypeError);
      expect((await docs.get('a'))!.value).toEqual({ list: [1] });
    });

    it('refuse what JSON cannot hold', async () => {
      for (const value of [Number.NaN, { a: [Number.POSITIVE_INFINITY] }, undefined, () => 1, Symbol('a')])
        await expect(docs.put('a', value)).rejects.toThrow('internal');
      expect(await docs.get('a')).toBeNull();
    });

    it('have a revision that changes with the value and only then', async () => {
      const first = await docs.put('a', { n: 1 });
      const second = await docs.put('a', { n: 2 });
      expect(second).not.toBe(first);
      expect((await docs.get('a'))!.revision).toBe(second);
      expect((await docs.get('a'))!.revision).toBe(second);
    });

    it('are put under a condition only when it holds', async () => {
      const first = await docs.put('a', 1, { ifRevision: null });
      await expect(docs.put('a', 2, { ifRevision: null })).rejects.toMatchObject(conflict);
      const second = await docs.put('a', 2, { ifRevision: first });
      await expect(docs.put('a', 3, { ifRevision: first })).rejects.toMatchObject(conflict);
      await expect(docs.put('b', 3, { ifRevision: first })).rejects.toMatchObject(conflict);
      expect(await docs.get('a')).toEqual({ value: 2, revision: second });
      expect(await docs.get('b')).toBeNull();
    });

    it('are deleted under a condition only when it holds', async () => {
      const first = await docs.put('a', 1);
      const second = await docs.put('a', 2);
      await expect(docs.delete('a', { ifRevision: first })).rejects.toMatchObject(conflict);
      expect(await docs.delete('a', { ifRevision: second })).toBe(true);
      expect(await docs.delete('a')).toBe(false);
      await expect(docs.delete('a', { ifRevision: second })).rejects.toMatchObject(conflict);
      expect(await docs.get('a')).toBeNull();
      expect(await docs.put('a', 3, { ifRevision: null })).toEqual(expect.any(String));
    });

    it('have one winner when many write under one revision', async () => {
      const revision = await docs.put('a', 'old');
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => docs.put('a', i, { ifRevision: revision })),
      );
      const won = tries.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(won).toHaveLength(1);
      expect((await docs.get('a'))!.value).toBe(won[0]);
    });

    it('lose no change of many who read, change and write', async () => {
      await docs.put('a', 0);
      const add = async () => {
        for (;;) {
          const { value, revision } = (await docs.get<number>('a'))!;
          try {
            return await docs.put('a', value + 1, { ifRevision: revision });
          } catch (error) {
            if (!(error instanceof ServerError)) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 20 }, add));
      expect((await docs.get('a'))!.value).toBe(20);
    });

    it('are listed directly below a prefix, sorted, apart from journals and folders', async () => {
      for (const key of ['p/b', 'p/a', 'p/a.png', 'p/in/x', 'p/in/deep/y', 'p2/z', 'top'])
        await docs.put(key, 1);
      await docs.append('p/a', [1]);
      await docs.append('p/j', [1]);
      await docs.append('p/only/j', [1]);
      expect(await docs.list('p')).toEqual({
        docs: ['a', 'a.png', 'b'],
        journals: ['a', 'j'],
        folders: ['in', 'only'],
      });
      expect(await docs.list('p/in')).toEqual({ docs: ['x'], journals: [], folders: ['deep'] });
      expect(await docs.list('nowhere')).toEqual({ docs: [], journals: [], folders: [] });
      expect(await docs.list('p/a')).toEqual({ docs: [], journals: [], folders: [] });
    });

    it('leave no folder behind when the last one in it is deleted', async () => {
      await docs.put('p/in/x', 1);
      await docs.append('p/in/j', [1]);
      await docs.delete('p/in/x');
      expect((await docs.list('p')).folders).toEqual(['in']);
      await docs.deleteJournal('p/in/j');
      expect((await docs.list('p')).folders).toEqual([]);
      await docs.put('p/in/x', 2);
      expect((await docs.get('p/in/x'))!.value).toBe(2);
    });

    it('are all deleted below a prefix and nowhere else', async () => {
      for (const key of ['p/a', 'p/in/x', 'p/in/deep/y', 'p/only/deep/er/y', 'p2/z', 'p'])
        await docs.put(key, 1);
      for (const key of ['p/j', 'p/in/j', 'p2/j']) await docs.append(key, [1], { durable: true });
      await docs.deleteAll('p');
      await docs.deleteAll('nowhere');
      expect(await docs.list('p')).toEqual({ docs: [], journals: [], folders: [] });
      expect(await docs.list('p2')).toEqual({ docs: ['z'], journals: ['j'], folders: [] });
      expect((await docs.get('p'))!.value).toBe(1);
      expect(await docs.append('p/j', ['again'])).toBe(1);
    });

    it('under keys that cannot exist are not there, and are refused', async () => {
      for (const key of badKeys) {
        expect(await docs.get(key)).toBeNull();
        expect(await docs.delete(key)).toBe(false);
        expect(await docs.read(key)).toEqual([]);
        await docs.deleteJournal(key);
        await docs.deleteAll(key);
        await expect(docs.put(key, 1)).rejects.toThrow('internal');
        await expect(docs.append(key, [1])).rejects.toThrow('internal');
        if (key !== '') expect(await docs.list(key)).toEqual({ docs: [], journals: [], folders: [] });
      }
    });

    it('in journals keep their order and are counted from 1', async () => {
      expect(await docs.append('j', ['a', { b: 1 }], { durable: true })).toBe(2);
      expect(await docs.append('j', [])).toBe(2);
      expect(await docs.append('j', ['line\nbreak'])).toBe(3);
      const all = [
        { seq: 1, value: 'a' },
        { seq: 2, value: { b: 1 } },
        { seq: 3, value: 'line\nbreak' },
      ];
      expect(await docs.read('j')).toEqual(all);
      expect(await docs.read('j', { after: 1 })).toEqual(all.slice(1));
      expect(await docs.read('j', { after: 1, limit: 1 })).toEqual(all.slice(1, 2));
      expect(await docs.read('j', { after: 3 })).toEqual([]);
      expect(await docs.read('none')).toEqual([]);
      expect(await (await opened.reopen()).read('j')).toEqual(all);
    });

    it('in journals are counted on by another process', async () => {
      await docs.append('j', [1, 2], { durable: true });
      expect(await (await opened.reopen()).append('j', [3])).toBe(3);
    });

    it('in journals get one number each when many add at once', async () => {
      const last = await Promise.all(Array.from({ length: 20 }, (_, i) => docs.append('j', [i, i])));
      expect([...last].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 2));
      const entries = await docs.read<number>('j');
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      for (const [i, seq] of last.entries()) expect(entries[seq - 1]!.value).toBe(i);
    });

    it('in a journal begin anew after it was deleted', async () => {
      await docs.append('j', [1]);
      await docs.deleteJournal('j');
      await docs.deleteJournal('j');
      expect(await docs.read('j')).toEqual([]);
      expect(await docs.append('j', ['new'])).toBe(1);
    });
  });
}
