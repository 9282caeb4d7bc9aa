// DINOv3 ConvNeXt-Tiny (Liu et al. 2022, A ConvNet for the 2020s; Simeoni et al. 2025, DINOv3) with Meta's weights.
import { add, conv2d, gelu, layerNorm, mul, transpose, type Value } from '../../autodiff/index.ts';
import { matchKeys } from '../checkpoint/match-keys.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { asFloat32, type Encoder, hashTensors, type Weights, weightsOf } from './encoder.ts';

const eps = 1e-6;
const channels = [96, 192, 384, 768] as const;
const depths = [3, 3, 9, 3] as const;

/**
 * The encoder with weights under the names of the official checkpoint, at strides 4, 8, 16 and 32; only the last map
 * passes a norm, as in the original. Throws checkpoint.key_mismatch.
 */
export function dinov3ConvNextTiny(found: Tensors): Encoder {
  matchKeys(expectedShapes(found), found);
  const tensors = asFloat32(found);
  return {
    name: 'dinov3-convnext-tiny',
    levels: channels.map((count, level) => ({ channels: count, stride: 4 * 2 ** level })),
    normalization: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    licence: 'DINOv3 License (Meta)',
    tensors,
    weightsHash: hashTensors(tensors),
    features: (x) => features(weightsOf(tensors), x),
  };
}

/** Names and shapes of the state dict. `norm`, which repeats `norms.3`, may be missing. */
function expectedShapes(found: Tensors): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const pair = (name: string, weight: readonly number[]) => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [weight[0]!]);
  };
  for (const [level, c] of channels.entries()) {
    const before = channels[level - 1];
    pair(`downsample_layers.${level}.${before ? 1 : 0}`, before ? [c, before, 2, 2] : [c, 3, 4, 4]);
    pair(`downsample_layers.${level}.${before ? 0 : 1}`, [before ?? c]);
    for (let block = 0; block < depths[level]!; block++) {
      const name = `stages.${level}.${block}`;
      pair(`${name}.dwconv`, [c, 1, 7, 7]);
      pair(`${name}.norm`, [c]);
      pair(`${name}.pwconv1`, [4 * c, c]);
      pair(`${name}.pwconv2`, [c, 4 * c]);
      shapes.set(`${name}.gamma`, [c]);
    }
  }
  pair('norms.3', [768]);
  if (found.has('norm.weight') || found.has('norm.bias')) pair('norm', [768]);
  return shapes;
}

function features(w: Weights, picture: Value): readonly Value[] {
  const maps: Value[] = [];
  let x = picture;
  for (const [level, depth] of depths.entries()) {
    const down = w.at('downsample_layers').at(level);
    x =
      level === 0
        ? channelNorm(down.at(1), conv(down.at(0), x, { stride: 4 }))
        : conv(down.at(1), channelNorm(down.at(0), x), { stride: 2 });
    for (let block = 0; block < depth; block++) x = residual(w.at('stages').at(level).at(block), x);
    maps.push(level === 3 ? channelNorm(w.at('norms').at(3), x) : x);
  }
  return maps;
}

/**
 * x + gamma * pwconv2(gelu(pwconv1(norm(dwconv(x))))). The pointwise layers are convolutions, not matrix products: ONNX
 * Runtime then keeps its blocked layout, folds gamma into pwconv2 and adds x while it writes the result.
 */
function residual(w: Weights, x: Value): Value {
  const c = x.type.shape[1]!;
  const depthwise = conv(w.at('dwconv'), x, { pad: 3, groups: c });
  const hidden = gelu(pointwise(w.at('pwconv1'), channelNorm(w.at('norm'), depthwise), 4 * c));
  return add(x, mul(pointwise(w.at('pwconv2'), hidden, c), w.get('gamma', [c, 1, 1])));
}

function conv(w: Weights, x: Value, options: { stride?: number; pad?: number; groups?: number }): Value {
  return conv2d(x, w.get('weight'), { ...options, bias: w.get('bias') });
}

/** A linear layer over the channels of [N, C, H, W]. */
function pointwise(w: Weights, x: Value, out: number): Value {
  return conv2d(x, w.get('weight', [out, x.type.shape[1]!, 1, 1]), { bias: w.get('bias') });
}

/** Layer norm over the channels of [N, C, H, W]. ONNX Runtime joins the transposes with its own reordering. */
function channelNorm(w: Weights, x: Value): Value {
  const last = layerNorm(transpose(x, [0, 2, 3, 1]), w.get('weight'), w.get('bias'), { eps });
  return transpose(last, [0, 3, 1, 2]);
}
