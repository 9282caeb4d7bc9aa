import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../../server/client.ts';
import { nextBatch, refusedHere, sharesSent, verdictsOf } from './batches.ts';
import type { Mark, UploadingFile } from './uploading-file.ts';

const limits = {
  uploads: {
    allowed_extensions: ['.jpg', '.png'],
    max_files: 50,
    max_file_bytes: 1000,
    max_total_bytes: 2500,
  },
} as unknown as Limits;

let lastId = 0;
const waiting = (bytes: number, mark: Mark | null = null, name = 'a.png'): UploadingFile => ({
  id: ++lastId,
  file: new File([new Uint8Array(bytes)], name),
  path: name,
  mark,
  state: { kind: 'waiting' },
});

describe('the next batch', () => {
  it('holds more files the more there are, so that a minute’s requests are enough', () => {
    const many = (n: number) =>
      nextBatch(
        Array.from({ length: n }, () => waiting(1)),
        limits,
      ).length;
    expect([many(1), many(3), many(10), many(300), many(3000)]).toEqual([1, 3, 4, 10, 50]);
  });

  it('stays below the bytes of a request, but for a file that is alone', () => {
    const batch = nextBatch([waiting(1000), waiting(1000), waiting(1000)], limits);
    expect(batch).toHaveLength(2);
    expect(nextBatch([waiting(2600), waiting(1)], limits)).toHaveLength(1);
  });

  it('has files of one mark, and none that is under way', () => {
    const [ok, ng, again] = [waiting(1, 'ok'), waiting(1, 'ng'), waiting(1, 'ok')];
    const sent = { ...waiting(1, 'ok'), state: { kind: 'sending', share: 0 } } as const;
    expect(nextBatch([sent, ok, ng, again], limits)).toEqual([ok, again]);
    expect(nextBatch([sent], limits)).toEqual([]);
  });
});

it('what is sent of a body is sent of its files one after another', () => {
  expect(sharesSent([100, 300, 0], 0.5)).toEqual([1, 1 / 3, 0.5]);
  expect(sharesSent([100, 300], 0)).toEqual([0, 0]);
  expect(sharesSent([100, 300], 1)).toEqual([1, 1]);
});

describe('before it is sent', () => {
  const codeOf = (file: UploadingFile) => {
    const state = refusedHere(file, limits);
    return state?.kind === 'rejected' ? state.code : null;
  };
  it('a file is refused that is empty, too large or of another kind', () => {
    expect(codeOf(waiting(0))).toBe('image.empty');
    expect(codeOf(waiting(1001))).toBe('image.too_large');
    expect(codeOf(waiting(5, null, 'notes.txt'))).toBe('image.unsupported_type');
  });

  it('the server decides about names without an ending', () => {
    expect(codeOf(waiting(5, null, 'DSC0001'))).toBe(null);
    expect(codeOf(waiting(5, null, 'A.JPG'))).toBe(null);
  });
});

it('an answer without a verdict for each file has none', () => {
  const items = [
    { status: 'stored', filename: 'x.png' },
    { status: 'rejected', code: 'image.corrupt', detail: 'damaged' },
  ];
  expect(verdictsOf({ items }, 2)).toEqual([
    { kind: 'stored', filename: 'x.png' },
    { kind: 'rejected', code: 'image.corrupt', detail: 'damaged' },
  ]);
  for (const body of [{ items: items.slice(1) }, { items: 'x' }, 'text', null, {}])
    expect(verdictsOf(body, 2)).toBe(null);
});
