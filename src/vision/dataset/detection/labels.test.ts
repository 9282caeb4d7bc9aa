// Label files as people and programs write them, and as they must not be (rows C21 to C26 of the list of bad inputs).
import { describe, expect, it } from 'vitest';
import { parseLabels } from './labels.ts';

const parse = (text: string | Uint8Array, classes: number | null = 3, keypoints = false) =>
  parseLabels(Buffer.from(text as string), { classes, keypoints });
const boxesOf = (text: string) => parse(text).boxes.map(({ classId, box }) => [classId, ...box]);

describe('parseLabels', () => {
  it('turns centre and size into corners', () => {
    expect(boxesOf('0 0.5 0.5 0.5 0.25\n2 0.25 0.75 0.5 0.5\n')).toEqual([
      [0, 0.25, 0.375, 0.75, 0.625],
      [2, 0, 0.5, 0.5, 1],
    ]);
  });

  it.each([
    ['CRLF', '0 0.5 0.5 0.5 0.5\r\n1 0.5 0.5 0.5 0.5\r\n'],
    ['a byte order mark', '\ufeff0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.5 0.5'],
    ['tabs and many blanks', '0\t0.5  0.5\t0.5 0.5 \n\n  1 0.5 0.5 0.5 0.5'],
    ['exponents and no leading zero', '0 5e-1 .5 0.5 0.5\n1 0.5 0.5 5E-1 +0.5'],
    ['old line ends', '0 0.5 0.5 0.5 0.5\r1 0.5 0.5 0.5 0.5'],
  ])('C24 reads %s', (_, text) => {
    expect(boxesOf(text)).toEqual([
      [0, 0.25, 0.25, 0.75, 0.75],
      [1, 0.25, 0.25, 0.75, 0.75],
    ]);
  });

  it('reads an empty file as a picture without objects', () => {
    expect(parse('\n \r\n')).toMatchObject({ boxes: [], mistakeCount: 0 });
  });

  it.each([
    ['C21 a class that is not there', '5 0.5 0.5 0.5 0.5', /class below 3, got 5/],
    ['C21 a negative class', '-1 0.5 0.5 0.5 0.5', /whole number.*"-1"/],
    ['C21 a class with a fraction', '3.0 0.5 0.5 0.5 0.5', /whole number.*"3.0"/],
    ['C21 a hexadecimal class', '0x1 0.5 0.5 0.5 0.5', /whole number/],
    ['C21 a class in powers of ten', '1e9 0.5 0.5 0.5 0.5', /whole number/],
    ['C21 an enormous class', '999999999999 0.5 0.5 0.5 0.5', /whole number/],
    ['C22 NaN', '0 nan 0.5 0.5 0.5', /a number, got "nan"/],
    ['C22 infinity', '0 0.5 Inf 0.5 0.5', /a number, got "Inf"/],
    ['C22 an overflow', '0 0.5 1e999 0.5 0.5', /a number, got "1e999"/],
    ['C22 a negative share', '0 -0.1 0.5 0.5 0.5', /from 0 to 1, got -0.1/],
    ['C22 pixels', '0 100 200 30 40', /from 0 to 1, got 100/],
    ['C22 no width', '0 0.5 0.5 0 0.5', /above 0/],
    [
      'C22 a box that leaves the picture',
      '0 0.9 0.5 0.5 0.5',
      /inside the picture, got one with the edges 0.65 /,
    ],
    ['C22 four columns', '0 0.5 0.5 0.5', /5 columns .*got 4/],
    ['C22 six columns', '0 0.5 0.5 0.5 0.5 0.9', /5 columns .*got 6/],
    ['C23 a polygon with an odd count', '0 0.1 0.1 0.2 0.1 0.2 0.2 0.3', /pairs of x and y/],
    ['C23 a polygon without area', '0 0.1 0.1 0.2 0.1 0.3 0.1', /above 0/],
    ['C24 a decimal comma', '0 0,5 0,5 0,5 0,5', /decimal comma\? write 0.5/],
    ['a text', 'cat 0.5 0.5 0.5 0.5', /whole number from 0 for the class, got "cat"/],
  ])('%s is a mistake with its line', (_, line, detail) => {
    const { boxes, mistakes } = parse(`1 0.5 0.5 0.2 0.2\n${line}\n`);
    expect(mistakes).toEqual([{ line: 2, detail: expect.stringMatching(detail) }]);
    expect(boxes).toHaveLength(1);
  });

  it('C22 moves edges that rounding left outside, and says so', () => {
    const { boxes, clamped, mistakeCount } = parse(
      '0 0.5 0.5 1.0001 1\n1 0.5 0.5 0.5 0.5\n0 -0.0005 0.5 0.5 0.5',
    );
    expect(clamped).toBe(1);
    expect(boxes[0]!.box).toEqual([0, 0, 1, 1]);
    // Its left edge lies further out than the tolerance.
    expect(mistakeCount).toBe(1);
  });

  it('C23 takes the box around a polygon, but not where the dataset holds keypoints', () => {
    const line = '1 0.2 0.3 0.6 0.1 0.4 0.7';
    expect(parse(line)).toMatchObject({ polygons: 1, boxes: [{ classId: 1, box: [0.2, 0.1, 0.6, 0.7] }] });
    expect(parse(line, 3, true).mistakes[0]!.detail).toMatch(/keypoints are not read/);
  });

  it('C24 says of UTF-16 what it is', () => {
    const utf16 = Buffer.from('\ufeff0 0.5 0.5 0.5 0.5', 'utf16le');
    expect(parse(utf16).mistakes).toEqual([{ line: 0, detail: expect.stringMatching(/UTF-8.*UTF-16/) }]);
    expect(parse(Buffer.from([0x30, 0x20, 0xff, 0xfe])).mistakes[0]!.detail).toMatch(/UTF-8/);
  });

  it('C25 takes 10,000 boxes and not one more', () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, i) => `0 0.5 0.5 ${((i + 1) / 20_000).toFixed(6)} 0.5`).join('\n');
    expect(parse(lines(10_000))).toMatchObject({ mistakeCount: 0 });
    expect(parse(lines(10_000)).boxes).toHaveLength(10_000);
    expect(parse(lines(10_001)).mistakes[0]!.detail).toMatch(/at most 10000/);
  });

  it('C25 ends in time with a line as long as a file may be', () => {
    const start = performance.now();
    expect(parse('0 '.repeat(2 ** 19)).mistakeCount).toBe(1);
    expect(parse(`0 ${'1'.repeat(2 ** 20)} 0.5 0.5 0.5`).mistakeCount).toBe(1);
    expect(parse(`${' '.repeat(2 ** 20)}x`).mistakeCount).toBe(1);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('C26 counts a box that stands twice once', () => {
    const text = '0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.5 0.5\n0 0.50 0.5 0.5 0.5\n';
    expect(parse(text)).toMatchObject({ duplicates: 1, boxes: [{ classId: 0 }, { classId: 1 }] });
  });

  it('keeps the first 20 mistakes and counts all', () => {
    const { mistakes, mistakeCount } = parse('x\n'.repeat(500));
    expect([mistakes.length, mistakeCount]).toEqual([20, 500]);
  });
});
