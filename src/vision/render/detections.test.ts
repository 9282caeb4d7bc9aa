import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import type { Picture } from '../image/picture.ts';
import type { Detection } from '../scoring/detection.ts';
import { classColours, colourOf, hexColour } from './class-colours.ts';
import { renderDetections } from './detections.ts';

const grey = (width: number, height: number, level = 128): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(level),
});
const at = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const count = ({ data }: Picture, [r, g, b]: readonly number[]) => {
  let n = 0;
  for (let i = 0; i < data.length; i += 3) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) n++;
  return n;
};
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const box = (x1: number, y1: number, x2: number, y2: number, classId = 0, confidence = 0.9): Detection => ({
  classId,
  confidence,
  box: [x1, y1, x2, y2],
});

describe('renderDetections', () => {
  it('frames each box in the colour of its class and leaves the rest as it is', () => {
    const picture = grey(300, 200);
    const out = renderDetections(picture, [box(50, 60, 150, 160), box(200, 60, 260, 120, 1)], ['a', 'b']);
    expect(at(out, 50, 120)).toEqual(classColours[0]);
    expect(at(out, 100, 159)).toEqual(classColours[0]);
    expect(at(out, 259, 100)).toEqual(classColours[1]);
    expect(at(out, 100, 120)).toEqual([128, 128, 128]);
    expect(at(out, 10, 190)).toEqual([128, 128, 128]);
    expect(picture.data.every((v) => v === 128)).toBe(true);
  });

  it('parts every colour from grounds of that very colour', () => {
    for (let classId = 0; classId < classColours.length; classId++) {
      const picture = grey(120, 120);
      for (let i = 0; i < picture.data.length; i += 3) picture.data.set(colourOf(classId), i);
      const before = picture.data.slice();
      const out = renderDetections(picture, [box(20, 40, 100, 100, classId)], ['a']);
      const changed = out.data.filter((v, i) => Math.abs(v - before[i]!) > 60).length;
      expect(changed, `class ${classId}`).toBeGreaterThan(300);
    }
  });

  it('writes the name and the confidence, wider for a longer name', () => {
    const inked = (name: string, confidence = 0.9) =>
      count(
        renderDetections(grey(400, 200), [box(50, 80, 350, 180, 0, confidence)], [name]),
        classColours[0]!,
      );
    expect(inked('wide name')).toBeGreaterThan(inked('w') + 100);
    const drawn = (confidence: number) =>
      renderDetections(grey(400, 200), [box(50, 80, 350, 180, 0, confidence)], ['w']).data;
    expect(same(drawn(0.91), drawn(0.19))).toBe(false);
  });

  it('grows lines and letters with the picture', () => {
    const lineAt = (side: number) => {
      const out = renderDetections(grey(side, side), [box(side / 4, side / 4, side / 2, side / 2)], ['a']);
      let n = 0;
      for (let x = 0; x < side / 3; x++) {
        const [red] = at(out, x, Math.round(side * 0.45));
        if (red === classColours[0]![0]) n++;
      }
      return n;
    };
    expect([lineAt(100), lineAt(640), lineAt(1200)]).toEqual([1, 2, 4]);
  });

  it('keeps tags in the picture and off each other', () => {
    const boxes = Array.from({ length: 12 }, (_, i) => box(2 + i, 2 + i, 120, 110, i % 3, 1 - i / 100));
    const out = renderDetections(grey(128, 120), boxes, ['a', 'b', 'c']);
    expect(out.data).toHaveLength(128 * 120 * 3);
    const apart = [box(40, 40, 60, 60), box(42, 41, 62, 61, 1, 0.8)];
    const alone = renderDetections(grey(300, 200), apart.slice(0, 1), ['first', 'second']);
    const both = renderDetections(grey(300, 200), apart, ['first', 'second']);
    expect([at(both, 45, 30), at(both, 60, 32)]).toEqual([at(alone, 45, 30), at(alone, 60, 32)]);
  });

  it.each([
    ['แตก', 'class 0'],
    ['裂纹', 'class 0'],
    ['', 'class 0'],
    ['\u0000\n', 'class 0'],
    ['<b>é&"', '<b>e&"'],
    ['naïve  name', 'naive name'],
    ['🦀', 'class 0'],
    ['x'.repeat(50), `${'x'.repeat(21)}...`],
  ])('writes the name %j as %j', (name, written) => {
    const drawn = (n: string) => renderDetections(grey(500, 200), [box(20, 60, 480, 180)], [n]).data;
    expect(same(drawn(name), drawn(written))).toBe(true);
    expect(same(drawn(name), drawn('other'))).toBe(false);
  });

  it('writes a class that has no name by its number', () => {
    const drawn = (classId: number, names: string[]) =>
      renderDetections(grey(300, 200), [box(20, 60, 280, 180, classId)], names).data;
    expect(same(drawn(7, []), drawn(7, [...Array(7).fill(''), 'class 7']))).toBe(true);
    expect(colourOf(7)).toEqual(colourOf(0));
    expect(hexColour([0, 114, 178])).toBe('#0072b2');
  });

  it('bears boxes that reach out, are turned over, empty, endless or no numbers, in pictures of any size', () => {
    const odd = [
      box(-1e9, -1e9, 1e9, 1e9),
      box(30, 30, 10, 10),
      box(5, 5, 5, 5),
      box(Number.NaN, 0, 10, 10),
      box(0, 0, Number.POSITIVE_INFINITY, 10),
      box(90, 90, 300, 300),
      box(-50, -50, -10, -10),
    ];
    for (const [width, height] of [
      [100, 100],
      [1, 1],
      [3, 400],
      [640, 2],
    ] as const)
      expect(renderDetections(grey(width, height), odd, ['a']).data).toHaveLength(width * height * 3);
    const turned = renderDetections(grey(100, 100), [odd[1]!, odd[3]!, odd[6]!], ['a']);
    expect(turned.data.every((v) => v === 128)).toBe(true);
  });

  it('draws the surest on top and does not depend on the order', () => {
    const random = new Random(2);
    const boxes = Array.from({ length: 30 }, (_, i) => {
      const [x, y] = [random.int(150), random.int(100)];
      return box(x, y, x + 40, y + 30, i % 5, (i + 1) / 31);
    });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const one = renderDetections(grey(200, 140), boxes, names).data;
    expect(same(renderDetections(grey(200, 140), random.shuffled(boxes), names).data, one)).toBe(true);
  });
});
