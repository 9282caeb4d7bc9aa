// data.yaml as exporters write it, and as attackers might (row C27 of the list of bad inputs).
import { describe, expect, it } from 'vitest';
import { readDataYaml, readNamesFile } from './data-yaml.ts';

const read = (text: string | Uint8Array) => readDataYaml(Buffer.from(text as string), 'data.yaml');

describe('readDataYaml', () => {
  it.each([
    ['a list in one line', "names: [cat, \"dog, big\", 'it''s']", ['cat', 'dog, big', "it's"]],
    ['a list over lines', 'names: [\n  "cat",  # first\n  dog\n]\nnc: 2', ['cat', 'dog']],
    ['a list in a block', 'names:\n- cat\n- "dog # 2"\n\n# end\nnc: 2', ['cat', 'dog # 2']],
    ['an indented list', 'names:\n  - cat # comment\n  - dog', ['cat', 'dog']],
    ['a map in a block', 'names:\n  0: cat\n  1: dog', ['cat', 'dog']],
    ['a map in one line', 'names: {0: cat, 1: "dog"}', ['cat', 'dog']],
    ['a single word', 'names: part', ['part']],
    ['numbers as names', 'names: [0, 1]', ['0', '1']],
    ['HTML, as text', 'names: ["<img src=x onerror=alert(1)>"]', ['<img src=x onerror=alert(1)>']],
    ['names of objects', 'names: [__proto__, constructor]', ['__proto__', 'constructor']],
    ['characters that do not show', 'names: ["a\\u202eb\\u0007", "c\\ud800"]', ['ab', 'c']],
    ['Windows line ends and a byte order mark', '\ufeffnames: [a, b]\r\nnc: 2\r\n', ['a', 'b']],
  ])('reads names as %s', (_, text, names) => {
    expect(read(text).names).toEqual(names);
  });

  it('reads nc and the folders, and lists every other key', () => {
    const text = `---
path: ../datasets/parts  # somewhere
train: images/train
val: "images/val"
test: [a, b]
nc: 2
names: [a, b]
download: |
  import os
  os.system('echo hello')
kpt_shape: [17, 3]
__proto__: {x: 1}
`;
    expect(read(text)).toEqual({
      names: ['a', 'b'],
      nc: 2,
      path: '../datasets/parts',
      train: 'images/train',
      val: 'images/val',
      test: null,
      ignored: ['download', 'kpt_shape', '__proto__'],
    });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it.each([
    ['an anchor', 'names: &a [x]', 'dataset.names', /plain names/],
    ['an alias', 'a: &a [x]\nnames: *a', 'dataset.names', /plain names, got "\*a"/],
    ['an alias in a list', 'names:\n- *a', 'dataset.names', /data.yaml:2/],
    ['a tag', "names: !!js/function 'function(){}'", 'dataset.names', /plain names/],
    ['a tag in a list', "names: [!!js/function 'x']", 'dataset.names', /plain names/],
    ['lists in lists', 'names: [[a], [b]]', 'dataset.names', /plain names/],
    ['a block text', 'names: |\n  cat', 'dataset.names', /several lines/],
    ['a list without end', 'names: [a, b', 'dataset.names', /comma or \] after a name/],
    ['several names in one text', 'names: cat, dog', 'dataset.names', /a list such as/],
    ['a key twice', 'names: [a]\nnames: [b]', 'dataset.names', /data.yaml:2: expected each key once/],
    ['a name twice', 'names: [a, "a"]', 'dataset.names', /each class once, got "a" twice/],
    ['an empty name', 'names: [a, ""]', 'dataset.names', /class 1, got 0/],
    ['a name without end', `names: [${'a'.repeat(121)}]`, 'dataset.names', /1 to 120/],
    ['no names', 'names: []', 'dataset.names', /at least one class/],
    [
      '10,001 names',
      `names: [${Array.from({ length: 10_001 }, (_, i) => i)}]`,
      'dataset.names',
      /at most 10000/,
    ],
    ['nc as a word', 'nc: many', 'dataset.names', /nc from 1 to 10000/],
    ['nc 0', 'nc: 0', 'dataset.names', /nc from 1/],
    ['a gap in a map', 'names: {0: a, 2: b}', 'dataset.class_gap', /got 2 where 1 is next/],
    ['text that is no key', 'hello', 'dataset.names', /data.yaml:1: expected a key/],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x41]), 'dataset.names', /UTF-8/],
    ['5 MB', Buffer.alloc(5e6, 0x20), 'dataset.too_large', /65536 bytes/],
  ])('refuses %s', (_, text, code, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('ends in time with whatever fills 64 KiB', () => {
    const start = performance.now();
    for (const piece of ['[', '"', "'", '{0: ', '- ', '#', ':', ' ', '\\', 'a: &a [*a]\n', ' "'])
      for (const head of ['', 'names: ', 'names: [', 'names:\n']) {
        try {
          read((head + piece.repeat(65_536)).slice(0, 65_536));
        } catch {
          // What it says is tested above.
        }
      }
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('readNamesFile', () => {
  it('reads one name a line and no empty ones between', () => {
    expect(readNamesFile(Buffer.from('cat\r\nbig dog\n\n'), 'classes.txt')).toEqual(['cat', 'big dog']);
    expect(() => readNamesFile(Buffer.from('cat\n\ndog'), 'classes.txt')).toThrow(/class 1, got 0/);
  });
});
