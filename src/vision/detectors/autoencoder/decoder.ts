// The decoder of the autoencoder: from an encoder's feature maps back to the picture (Ronneberger et al. 2015's U shape).
import { concat, gelu, layers, resize, type Scope, sigmoid, type Value } from '../../../autodiff/index.ts';

/** The largest divisor of the channel count that is at most 32. */
export function groupsOf(channels: number): number {
  for (let groups = Math.min(32, channels); groups > 1; groups--) if (channels % groups === 0) return groups;
  return 1;
}

function double(x: Value): Value {
  const [, , height, width] = x.type.shape as [number, number, number, number];
  return resize(x, { height: height * 2, width: width * 2, mode: 'bilinear' });
}

/** conv 3x3, GroupNorm, GELU. State-dict names `conv.*` and `gn.*`. */
function block(s: Scope, x: Value, out: number): Value {
  const y = layers.conv(s.at('conv'), x, { out, kernel: 3, pad: 1 });
  return gelu(layers.groupNorm(s.at('gn'), y, { groups: groupsOf(out) }));
}

/** Twice the size, then the skip connection of that size is joined. */
function up(s: Scope, x: Value, skip: Value): Value {
  const out = skip.type.shape[1]!;
  const reduced = block(s.at('reduce').at(1), double(x), out);
  const joined = concat([reduced, skip], 1);
  return block(s.at('fuse').at(1), block(s.at('fuse').at(0), joined, out), out);
}

/**
 * features: shallow to deep, each half the size of the one before, the first at 1/4 of the picture.
 * Returns the picture [N, 3, H, W] in 0..1. Block names count down from the deepest: up3, up2, up1.
 */
export function decode(s: Scope, features: readonly Value[]): Value {
  let x = features.at(-1)!;
  for (let level = features.length - 1; level >= 1; level--)
    x = up(s.at(`up${level}`), x, features[level - 1]!);
  const half = x.type.shape[1]! / 2;
  const final = s.at('final');
  x = double(block(final.at(0), x, half));
  x = double(block(final.at(2), x, half / 2));
  return sigmoid(layers.conv(final.at(4), x, { out: 3, kernel: 3, pad: 1 }));
}
