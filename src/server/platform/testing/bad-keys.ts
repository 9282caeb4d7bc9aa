// Keys that no store may take.
export const badKeys = [
  '',
  '/',
  '.',
  '..',
  '../x',
  'a/../x',
  'a//b',
  '/a',
  'a/',
  'a\\b',
  'ä',
  'a b',
  'a\0',
  'x'.repeat(300),
];
