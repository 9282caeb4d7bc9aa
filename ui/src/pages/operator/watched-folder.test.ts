import { describe, expect, it } from 'vitest';
import { type Folder, WatchedFolder } from './watched-folder.ts';

class FakeFolder implements Folder {
  readonly name = 'line-1';
  readonly files = new Map<string, { size: number; atMs: number }>();
  async *values() {
    yield { kind: 'directory' as const, name: 'old' };
    for (const [name, { size, atMs }] of this.files) {
      const file = new File(['x'.repeat(size)], name, { lastModified: atMs });
      yield { kind: 'file' as const, name, getFile: async () => file };
    }
  }
}

const names = async (watched: WatchedFolder) => (await watched.look()).map(({ name }) => name);

describe('a watched folder', () => {
  it('hands on new pictures once they have stopped growing, the oldest first', async () => {
    const folder = new FakeFolder();
    folder.files.set('before.png', { size: 3, atMs: 1 });
    const watched = await WatchedFolder.open(folder);
    expect(await names(watched)).toEqual([]);
    folder.files.set('b.png', { size: 2, atMs: 20 });
    folder.files.set('a.jpg', { size: 5, atMs: 30 });
    folder.files.set('notes.txt', { size: 5, atMs: 30 });
    expect(await names(watched)).toEqual([]);
    folder.files.set('a.jpg', { size: 9, atMs: 31 });
    expect(await names(watched)).toEqual(['b.png']);
    expect(await names(watched)).toEqual(['a.jpg']);
    expect(await names(watched)).toEqual([]);
  });

  it('takes a picture written again under its name for a new one, and an empty file for none', async () => {
    const folder = new FakeFolder();
    folder.files.set('part.png', { size: 3, atMs: 1 });
    const watched = await WatchedFolder.open(folder);
    folder.files.set('part.png', { size: 3, atMs: 2 });
    folder.files.set('empty.png', { size: 0, atMs: 2 });
    expect([await names(watched), await names(watched), await names(watched)]).toEqual([
      [],
      ['part.png'],
      [],
    ]);
  });
});
