import { describe, expect, it } from 'vitest';
import { letter, writable } from './lettering.ts';
import { DESCENT, strokeGlyphs } from './stroke-glyphs.ts';

const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

describe('the stroke glyphs', () => {
  it('cover the printable part of ASCII, each once, with lines inside the height of a row', () => {
    expect([...strokeGlyphs.keys()].sort()).toEqual(printable.slice(1).sort());
    for (const [name, strokes] of strokeGlyphs)
      for (const [x, y] of strokes.flat()) {
        expect(x >= 0 && x <= 12, `${name} x ${x}`).toBe(true);
        expect(y >= 0 && y <= DESCENT, `${name} y ${y}`).toBe(true);
      }
  });

  it('differ from one another', () => {
    const drawings = [...strokeGlyphs.values()].map((s) => JSON.stringify(s));
    expect(new Set(drawings).size).toBe(drawings.length);
  });
});

describe('letter', () => {
  it('scales with the size and grows with the text', () => {
    const [small, large] = [letter('Okapi', 12), letter('Okapi', 36)];
    expect(large.width).toBeCloseTo(3 * small.width, 9);
    expect([large.height, large.depth]).toEqual([36, 48]);
    expect(letter('Okapi 1', 12).width).toBeGreaterThan(small.width);
    expect(letter('', 12)).toMatchObject({ width: 0, strokes: [] });
  });

  it('draws a letter without strokes as a question mark', () => {
    expect(letter('aกb', 12).strokes).toEqual(letter('a?b', 12).strokes);
  });
});

describe('writable', () => {
  it('drops accents and odd blanks, and is null for letters that cannot be written', () => {
    expect(writable(' Zerstörte\tNähte ')).toBe('Zerstorte Nahte');
    expect([writable('รอยแตก'), writable('ปกติ 1'), writable(''), writable(' ')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
