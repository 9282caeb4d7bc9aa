// The training loss of the autoencoder: 0.7 * L1 + 0.15 * (1 - SSIM).
import { abs, add, averagePool2d, div, mean, mul, square, sub, type Value } from '../../../autodiff/index.ts';

/**
 * The structural similarity at each element of x and y, [N, 3, H, W] in 0..1, with a 7x7 mean window whose zero padding
 * is counted (Wang et al. 2004, eq. 13).
 */
export function similarity(x: Value, y: Value): Value {
  const c1 = 1e-4;
  const c2 = 9e-4;
  const [mx, my] = [windowMean(x), windowMean(y)];
  const mxy = windowMean(mul(x, y));
  const mSquares = windowMean(add(square(x), square(y))); // the two variances are only needed as their sum
  const product = mul(mx, my);
  const squares = add(square(mx), square(my));
  const covariance = sub(mxy, product);
  const variances = sub(mSquares, squares);
  const above = mul(add(mul(product, 2), c1), add(mul(covariance, 2), c2));
  const below = mul(add(squares, c1), add(variances, c2));
  return div(above, below);
}

function windowMean(x: Value): Value {
  return averagePool2d(x, { kernel: 7, stride: 1, pad: 3 });
}

/** Means over the whole batch. */
export function reconstructionLoss(
  reconstruction: Value,
  target: Value,
): { loss: Value; l1: Value; ssim: Value } {
  const l1 = mean(abs(sub(reconstruction, target)));
  const ssim = mean(similarity(reconstruction, target));
  return { loss: weighted(l1, ssim), l1, ssim };
}

/** The loss of each picture of the batch, [N]; its mean is that of `reconstructionLoss`. */
export function pictureLosses(reconstruction: Value, target: Value): Value {
  const perPicture = { axes: [1, 2, 3] };
  const l1 = mean(abs(sub(reconstruction, target)), perPicture);
  return weighted(l1, mean(similarity(reconstruction, target), perPicture));
}

function weighted(l1: Value, ssim: Value): Value {
  return add(mul(l1, 0.7), mul(sub(1, ssim), 0.15));
}
