import { describe, expect, it } from 'vitest';
import {
  checkFinite,
  type Dtype,
  halfToNumber,
  type NamedTensor,
  type TensorData,
  toFloat32,
} from './tensors.ts';

const tensor = (dtype: Dtype, data: TensorData): NamedTensor => ({ dtype, shape: [data.length], data });

describe('toFloat32', () => {
  const rows: [Dtype, TensorData, number[]][] = [
    ['float64', Float64Array.of(0.1, -2, Number.POSITIVE_INFINITY), [Math.fround(0.1), -2, Infinity]],
    ['float32', Float32Array.of(1.5, -0), [1.5, -0]],
    ['float16', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000), [1, -2, 2 ** -24, 65504, -0]],
    ['bfloat16', Uint16Array.of(0x3f80, 0xbfc0, 0x0001), [1, -1.5, 2 ** -133]],
    ['int64', BigInt64Array.of(-(2n ** 63n), 7n), [-(2 ** 63), 7]],
    ['int32', Int32Array.of(-(2 ** 31), 2 ** 24 + 1), [-(2 ** 31), 2 ** 24]],
    ['int16', Int16Array.of(-32768), [-32768]],
    ['int8', Int8Array.of(-128, 127), [-128, 127]],
    ['uint8', Uint8Array.of(255), [255]],
    ['bool', Uint8Array.of(1, 0), [1, 0]],
  ];
  it.each(rows)('reads %s', (dtype, data, expected) => {
    expect(Array.from(toFloat32(tensor(dtype, data), 'w'))).toEqual(expected);
  });

  it('names the tensor whose float64 does not fit', () => {
    expect(() => toFloat32(tensor('float64', Float64Array.of(0, 1e39)), 'head.weight')).toThrow(
      /"head.weight".*got 1e\+39 at element 1/,
    );
  });

  it('hands out a float32 tensor uncopied', () => {
    const data = Float32Array.of(1);
    expect(toFloat32(tensor('float32', data), 'w')).toBe(data);
  });
});

describe('halfToNumber', () => {
  it('knows infinity and NaN', () => {
    expect([0x7c00, 0xfc00, 0x7c01].map(halfToNumber)).toEqual([Infinity, -Infinity, NaN]);
  });
});

describe('checkFinite', () => {
  const bad: [Dtype, TensorData][] = [
    ['float64', Float64Array.of(1, NaN)],
    ['float32', Float32Array.of(1, -Infinity)],
    ['float16', Uint16Array.of(0x3c00, 0x7c00)],
    ['bfloat16', Uint16Array.of(0x3f80, 0x7fc0)],
  ];
  it.each(bad)('finds what is not finite in %s and says where', (dtype, data) => {
    const tensors = new Map([
      ['fine', tensor('float32', Float32Array.of(1, 3e38))],
      ['stem.weight', tensor(dtype, data)],
    ]);
    expect(() => checkFinite(tensors)).toThrow(/"stem.weight".*element 1 of 2/);
  });

  it('passes large finite numbers of every float type', () => {
    checkFinite(
      new Map([
        ['a', tensor('float16', Uint16Array.of(0x7bff))],
        ['b', tensor('bfloat16', Uint16Array.of(0x7f7f))],
        ['c', tensor('float32', Float32Array.of(3.4e38, -3.4e38))],
        ['d', tensor('int64', BigInt64Array.of(-1n))],
      ]),
    );
  });
});
