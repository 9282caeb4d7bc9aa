// The directions in which rows vary most: the leading eigenvectors of their covariance.
import type { Random } from '../../autodiff/random.ts';

export interface PrincipalAxes {
  /** Orthonormal, one after the other: axes[k * width + c]; by falling variance. */
  readonly axes: Float64Array;
  readonly variances: Float64Array;
  readonly width: number;
}

/** The variance that is looked for settles after so many rounds. */
const ROUNDS = 6;

/**
 * The `count` leading axes of a symmetric matrix [width, width], by orthogonal iteration (Golub and Van Loan, 8.2.4) from
 * random directions. Axes of nearly equal variance may be mixed with each other; what they span together is what counts.
 */
export function principalAxes(
  covariance: Float64Array,
  width: number,
  count: number,
  random: Random,
): PrincipalAxes {
  let axes: Float64Array = Float64Array.from({ length: count * width }, () => random.normal());
  orthonormalise(axes, width);
  for (let round = 0; round < ROUNDS; round++) {
    axes = times(covariance, width, axes);
    orthonormalise(axes, width);
  }
  return byVariance(axes, width, covariance);
}

/** The matrix times each axis; four rows at a time, which halves the time. */
function times(matrix: Float64Array, width: number, axes: Float64Array): Float64Array {
  const out = new Float64Array(axes.length);
  const blocks = width - (width % 4);
  for (let at = 0; at < axes.length; at += width) {
    for (let r = 0; r < blocks; r += 4) {
      const [row0, row1, row2, row3] = [r * width, (r + 1) * width, (r + 2) * width, (r + 3) * width];
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let c = 0; c < width; c++) {
        const x = axes[at + c]!;
        sum0 += matrix[row0 + c]! * x;
        sum1 += matrix[row1 + c]! * x;
        sum2 += matrix[row2 + c]! * x;
        sum3 += matrix[row3 + c]! * x;
      }
      out[at + r] = sum0;
      out[at + r + 1] = sum1;
      out[at + r + 2] = sum2;
      out[at + r + 3] = sum3;
    }
    for (let r = blocks; r < width; r++)
      out[at + r] = dot(matrix.subarray(r * width, (r + 1) * width), axes.subarray(at, at + width));
  }
  return out;
}

/** Modified Gram-Schmidt, in place. An axis that is spanned by those before it becomes zero. */
function orthonormalise(axes: Float64Array, width: number): void {
  for (let at = 0; at < axes.length; at += width) {
    const axis = axes.subarray(at, at + width);
    const before = Math.sqrt(dot(axis, axis));
    for (let other = 0; other < at; other += width) {
      const past = axes.subarray(other, other + width);
      const share = dot(axis, past);
      for (let c = 0; c < width; c++) axis[c] = axis[c]! - share * past[c]!;
    }
    const length = Math.sqrt(dot(axis, axis));
    const scale = length > 1e-10 * before ? 1 / length : 0;
    for (let c = 0; c < width; c++) axis[c] = axis[c]! * scale;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function byVariance(axes: Float64Array, width: number, covariance: Float64Array): PrincipalAxes {
  const count = axes.length / width;
  const moved = times(covariance, width, axes);
  const variance = (k: number) => dot(row(axes, width, k), row(moved, width, k));
  const found = Array.from({ length: count }, (_, k) => ({ k, variance: Math.max(0, variance(k)) }));
  found.sort((a, b) => b.variance - a.variance);
  const ordered = new Float64Array(axes.length);
  for (const [to, { k }] of found.entries()) ordered.set(row(axes, width, k), to * width);
  return { axes: ordered, variances: Float64Array.from(found, (f) => f.variance), width };
}

const row = (data: Float64Array, width: number, k: number) => data.subarray(k * width, (k + 1) * width);
