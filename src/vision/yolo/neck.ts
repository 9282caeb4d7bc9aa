// The neck: a path aggregation network (Liu et al. 2018), which carries detail down and context up between three scales.
import { concat, resize, type Scope, type Value } from '../../autodiff/index.ts';
import { convBlock, pyramidPooling, stage } from './blocks.ts';
import { channelsOf, depthOf, type Variant } from './variants.ts';

/** Maps at strides 8, 16, 32 -> maps at the same strides with 256, 512 and 1024 channels before the variant's width. */
export function neckMaps(s: Scope, maps: readonly Value[], variant: Variant): readonly Value[] {
  const [fine, middle, coarse] = maps as [Value, Value, Value];
  const count = depthOf(variant, 3);
  const [few, some, many] = [256, 512, 1024].map((full) => channelsOf(variant, full)) as [
    number,
    number,
    number,
  ];
  const mixed = (name: number, parts: readonly Value[], out: number) =>
    stage(s.at(name), concat(parts, 1), { out, count, shortcut: false });
  const halved = (name: number, x: Value) =>
    convBlock(s.at(name), x, { out: x.type.shape[1]!, kernel: 3, stride: 2 });

  const deep = pyramidPooling(s.at(9), coarse);
  const down = mixed(12, [doubled(deep), middle], some);
  const at8 = mixed(15, [doubled(down), fine], few);
  const at16 = mixed(18, [halved(16, at8), down], some);
  const at32 = mixed(21, [halved(19, at16), deep], many);
  return [at8, at16, at32];
}

/** Each pixel four times. [N, C, H, W] -> [N, C, 2H, 2W] */
function doubled(x: Value): Value {
  const [, , height, width] = x.type.shape as [number, number, number, number];
  return resize(x, { height: 2 * height, width: 2 * width, mode: 'nearest' });
}
