// The backbone of YOLOv8: convolutions that halve the picture, each followed by a cross-stage partial block.
import type { Scope, Value } from '../../autodiff/index.ts';
import { convBlock, stage } from './blocks.ts';
import { channelsOf, depthOf, type Variant } from './variants.ts';

/** The full model: a step that halves the size, and the block after it. `name` is the step's, the block has the next one. */
const steps = [
  { name: 1, out: 128, count: 3 },
  { name: 3, out: 256, count: 6 },
  { name: 5, out: 512, count: 6 },
  { name: 7, out: 1024, count: 3 },
] as const;

/** planes: [N, 3, S, S] in 0..1 -> the maps at strides 8, 16 and 32. `s` is the scope of the numbered modules. */
export function backboneMaps(s: Scope, planes: Value, variant: Variant): readonly Value[] {
  let x = convBlock(s.at(0), planes, { out: channelsOf(variant, 64), kernel: 3, stride: 2 });
  const maps = steps.map(({ name, out: full, count }) => {
    const out = channelsOf(variant, full);
    const smaller = convBlock(s.at(name), x, { out, kernel: 3, stride: 2 });
    x = stage(s.at(name + 1), smaller, { out, count: depthOf(variant, count), shortcut: true });
    return x;
  });
  return maps.slice(1);
}
