import { describe, expect, it } from 'vitest';
import { readMapFile, writeMapFile } from './map-file.ts';

const map = { width: 3, height: 2, data: Float32Array.of(0, 1.5, -2, 1e-7, 12345.678, 3) };

describe('a map as a file', () => {
  it('is read as it was written', () => {
    expect(readMapFile(writeMapFile(map))).toEqual(map);
  });

  it('has the head that numpy.load wants', () => {
    const bytes = writeMapFile(map);
    expect(bytes.length).toBe(128 + 24);
    expect([...bytes.subarray(0, 10)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    const text = new TextDecoder().decode(bytes.subarray(10, 128));
    expect(text.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    expect(text.endsWith('\n')).toBe(true);
  });

  it('is refused when it is cut, or something else', () => {
    const bytes = writeMapFile(map);
    for (const bad of [bytes.subarray(0, 140), bytes.map((b, i) => (i === 3 ? 0 : b)), new Uint8Array(0)])
      expect(() => readMapFile(bad)).toThrowError(/expected a map of scores/);
  });
});
