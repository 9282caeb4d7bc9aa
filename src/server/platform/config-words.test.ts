import { describe, expect, it } from 'vitest';
import { splitWords } from './config-words.ts';

describe('a command line', () => {
  it.each([
    ['nice -n 19', ['nice', '-n', '19']],
    ['  a\t b ', ['a', 'b']],
    ['', []],
    [`run "two words" 'and three more'`, ['run', 'two words', 'and three more']],
    [`--name="x y"z`, ['--name=x yz']],
    [`'' ""`, ['', '']],
    ['a\\ b \\"c', ['a b', '"c']],
    ['C:\\tools\\run.exe', ['C:\\tools\\run.exe']],
    [`'a\\' b`, ['a\\', 'b']],
    [`"it's"`, ["it's"]],
    ['$(rm -rf) ; `x`', ['$(rm', '-rf)', ';', '`x`']],
  ])('%j is the words %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each(['"open', "it's", 'a "b c'])('%j has a quote that is not closed', (line) => {
    expect(splitWords(line)).toBeNull();
  });
});
