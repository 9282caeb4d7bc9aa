import { expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { principalAxes } from './principal-axes.ts';

const width = 12;

/** A covariance with known variances along random orthonormal axes. */
function knownCovariance(variances: readonly number[], seed: number) {
  const random = new Random(seed);
  const axes: number[][] = [];
  while (axes.length < width) {
    const v = Array.from({ length: width }, () => random.normal());
    for (const a of axes) {
      const share = v.reduce((sum, x, c) => sum + x * a[c]!, 0);
      for (let c = 0; c < width; c++) v[c] = v[c]! - share * a[c]!;
    }
    const length = Math.hypot(...v);
    axes.push(v.map((x) => x / length));
  }
  const matrix = new Float64Array(width * width);
  for (let r = 0; r < width; r++)
    for (let c = 0; c < width; c++)
      matrix[r * width + c] = axes.reduce((sum, a, k) => sum + (variances[k] ?? 0) * a[r]! * a[c]!, 0);
  return { axes, matrix };
}

/** Eigenvalues by Jacobi's rotations (Golub and Van Loan, 8.5), slow and sure. */
function jacobiEigenvalues(matrix: Float64Array): number[] {
  const a = matrix.slice();
  const at = (r: number, c: number) => r * width + c;
  for (let sweep = 0; sweep < 30; sweep++)
    for (let p = 0; p < width; p++)
      for (let q = p + 1; q < width; q++) {
        if (Math.abs(a[at(p, q)]!) < 1e-14) continue;
        const angle = 0.5 * Math.atan2(2 * a[at(p, q)]!, a[at(q, q)]! - a[at(p, p)]!);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let k = 0; k < width; k++) {
          const [x, y] = [a[at(k, p)]!, a[at(k, q)]!];
          a[at(k, p)] = c * x - s * y;
          a[at(k, q)] = s * x + c * y;
        }
        for (let k = 0; k < width; k++) {
          const [x, y] = [a[at(p, k)]!, a[at(q, k)]!];
          a[at(p, k)] = c * x - s * y;
          a[at(q, k)] = s * x + c * y;
        }
      }
  return Array.from({ length: width }, (_, i) => a[at(i, i)]!).sort((x, y) => y - x);
}

it('finds the axes and variances that a covariance was made of', () => {
  const variances = [50, 20, 8, 3, 1, 0.4, 0.1];
  const { axes, matrix } = knownCovariance(variances, 1);
  const found = principalAxes(matrix, width, 4, new Random(0));
  for (let k = 0; k < 4; k++) {
    expect(found.variances[k]).toBeCloseTo(variances[k]!, 3);
    const along = axes[k]!.reduce((sum, v, c) => sum + v * found.axes[k * width + c]!, 0);
    expect(Math.abs(along)).toBeGreaterThan(0.9999);
  }
});

it('agrees with a direct eigen-solver on a random covariance', () => {
  const random = new Random(5);
  const rows = Array.from({ length: 40 }, () =>
    Array.from({ length: width }, (_, c) => random.normal() * 0.6 ** c * 10),
  );
  const matrix = new Float64Array(width * width);
  for (const row of rows)
    for (let r = 0; r < width; r++)
      for (let c = 0; c < width; c++) matrix[r * width + c]! += (row[r]! * row[c]!) / rows.length;
  const expected = jacobiEigenvalues(matrix);
  const { variances } = principalAxes(matrix, width, 5, new Random(0));
  const kept = (values: ArrayLike<number>) =>
    Array.from(values)
      .slice(0, 5)
      .reduce((a, b) => a + b, 0);
  expect(kept(variances) / kept(expected)).toBeCloseTo(1, 3);
});

it('leaves axes at zero where a covariance has no more directions', () => {
  const { matrix } = knownCovariance([4, 1], 2);
  const { axes, variances } = principalAxes(matrix, width, 5, new Random(0));
  expect([...variances].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([4, 1, 0, 0, 0]);
  expect([...axes].every(Number.isFinite)).toBe(true);
});
