// Structural similarity (Wang et al. 2004) with a 7x7 mean window, as the original computes it.

const RADIUS = 3;
const AREA = (2 * RADIUS + 1) ** 2;
const C1 = 1e-4;
const C2 = 9e-4;

/**
 * Mean SSIM of two pictures, both [channels, height, width] in 0..1. Windows are averages over 49 pixels; what lies
 * outside the picture counts as zero (avg_pool2d with padding 3, count_include_pad). Sums are kept in float64 and slide
 * along columns, then rows, so that the cost does not depend on the window.
 */
export function structuralSimilarity(
  x: Float32Array,
  y: Float32Array,
  width: number,
  height: number,
): number {
  const pixels = width * height;
  let total = 0;
  for (let offset = 0; offset < x.length; offset += pixels)
    total += planeSum(
      x.subarray(offset, offset + pixels),
      y.subarray(offset, offset + pixels),
      width,
      height,
    );
  return total / x.length;
}

/** The sum of SSIM over one plane. Four running sums a column, with a zero rim: x, y, x^2 + y^2 and xy. */
function planeSum(x: Float32Array, y: Float32Array, width: number, height: number): number {
  const padded = width + 2 * RADIUS + 1;
  const sx = new Float64Array(padded);
  const sy = new Float64Array(padded);
  const squares = new Float64Array(padded);
  const products = new Float64Array(padded);
  const addRow = (row: number, sign: 1 | -1) => {
    for (let i = row * width, c = RADIUS + 1; c < width + RADIUS + 1; i++, c++) {
      const a = x[i]!;
      const b = y[i]!;
      sx[c]! += sign * a;
      sy[c]! += sign * b;
      squares[c]! += sign * (a * a + b * b);
      products[c]! += sign * (a * b);
    }
  };
  for (let row = 0; row < Math.min(RADIUS, height); row++) addRow(row, 1);
  let total = 0;
  for (let row = 0; row < height; row++) {
    if (row + RADIUS < height) addRow(row + RADIUS, 1);
    if (row > RADIUS) addRow(row - RADIUS - 1, -1);
    total += rowSum(sx, sy, squares, products, width);
  }
  return total;
}

/** Slide the window along one row of column sums and add up the similarity of each pixel. */
function rowSum(
  sx: Float64Array,
  sy: Float64Array,
  squares: Float64Array,
  products: Float64Array,
  width: number,
): number {
  const reach = 2 * RADIUS + 1;
  let [a, b, ss, ab] = [0, 0, 0, 0];
  for (let c = 0; c < reach; c++) {
    a += sx[c]!;
    b += sy[c]!;
    ss += squares[c]!;
    ab += products[c]!;
  }
  let total = 0;
  for (let c = 0; c < width; c++) {
    a += sx[c + reach]! - sx[c]!;
    b += sy[c + reach]! - sy[c]!;
    ss += squares[c + reach]! - squares[c]!;
    ab += products[c + reach]! - products[c]!;
    const mx = a / AREA;
    const my = b / AREA;
    const product = mx * my;
    const square = mx * mx + my * my;
    const covariance = ab / AREA - product;
    const variances = ss / AREA - square;
    total += ((2 * product + C1) * (2 * covariance + C2)) / ((square + C1) * (variances + C2));
  }
  return total;
}
