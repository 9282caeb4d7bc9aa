import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ember, jet } from './colormap.ts';

const fixture = JSON.parse(readFileSync(new URL('fixtures/original-preview.json', import.meta.url), 'utf8'));

describe('jet', () => {
  it('is the table of OpenCV within one level', () => {
    const expected = Buffer.from(fixture.jet, 'base64');
    const table = jet();
    expect(table).toHaveLength(768);
    table.forEach((v, i) => {
      expect(Math.abs(v - expected[i]!), `level ${Math.floor(i / 3)}`).toBeLessThanOrEqual(1);
    });
  });
});

describe('ember', () => {
  const table = ember();
  const luminance = Array.from({ length: 256 }, (_, i) => {
    const linear = [0, 1, 2].map((c) => (table[i * 3 + c]! / 255) ** 2.2);
    return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  });

  it('grows lighter with every few levels, from nearly black to bright', () => {
    for (let i = 4; i < 256; i++) expect(luminance[i]!, `level ${i}`).toBeGreaterThan(luminance[i - 4]!);
    expect(luminance[0]!).toBeLessThan(0.01);
    expect(luminance[255]!).toBeGreaterThan(0.45);
  });

  it('has no jumps', () => {
    for (let i = 3; i < 768; i++) expect(Math.abs(table[i]! - table[i - 3]!)).toBeLessThanOrEqual(6);
  });
});
