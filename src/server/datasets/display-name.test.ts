import { expect, it } from 'vitest';
import { displayName } from './display-name.ts';

it.each([
  ['part.png', 'part.png'],
  ['../../x.png', 'x.png'],
  ['..\\x.png', 'x.png'],
  ['/abs.png', 'abs.png'],
  ['C:\\x.png', 'x.png'],
  ['.png', '.png'],
  ['con', 'con'],
  ['dot.', 'dot.'],
  ['..', 'image'],
  ['', 'image'],
  ['   ', 'image'],
  ['folder/', 'image'],
  ['a\u0000b\r\nc.png', 'abc.png'],
  ['\u202egnp.exe', 'gnp.exe'],
  ['a\u2066b\u2069\u200bc', 'abc'],
  ['cafe\u0301.png', 'caf\u00e9.png'],
  ['lone\ud800.png', 'lone.png'],
  ['<script>alert(1)<', '<script>alert(1)<'],
])('of %j is %j', (sent, shown) => {
  expect(displayName(sent)).toBe(shown);
});

it('has at most 255 bytes and ends with a whole character', () => {
  expect(displayName('x'.repeat(300))).toBe('x'.repeat(255));
  const emoji = displayName('\u{1f600}'.repeat(255));
  expect(emoji).toBe('\u{1f600}'.repeat(63));
  expect(Buffer.byteLength(displayName(`a${'\u00e9'.repeat(5000)}`))).toBe(255);
});

it('keeps joined emoji and right-to-left text as they are', () => {
  for (const name of ['\u{1f468}\u200d\u{1f527}.png', '\u05e9\u05dc\u05d5\u05dd.png'])
    expect(displayName(name)).toBe(name);
});

it('is made quickly of hostile names', () => {
  const started = performance.now();
  for (const text of ['\u202e', '/', '\ud800', 'e\u0301', ' ']) displayName(text.repeat(100_000));
  expect(performance.now() - started).toBeLessThan(100);
});
