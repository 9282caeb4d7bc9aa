// Builds assets/mobilenetv3-coco.{safetensors,json} from the CenterNet in the npm package @vladmandic/human:
// its MobileNetV3 trunk, in PyTorch's layout, and the table of its blocks.
// Run: node --import tsx scripts/build-mobilenetv3.mjs
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../src/vision/checkpoint/atomic-folder.ts';
import { writeSafetensors } from '../src/vision/checkpoint/safetensors.ts';

const source = '@vladmandic/human@3.3.6';
const sha256 = {
  'centernet.json': 'bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05',
  'centernet.bin': '1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef',
};
const trunk = 'tower_0/MobilenetV3/';

const folder = mkdtempSync(join(tmpdir(), 'okapi-'));
try {
  const { nodes, weights } = readGraph(fetchModel(folder));
  const tensors = new Map();
  const table = describe(nodes, weights, tensors);
  const assets = fileURLToPath(new URL('../assets/', import.meta.url));
  const origin = { source, architecture: 'mobilenetv3-coco.json', layout: 'OIHW' };
  await writeFileAtomic(`${assets}mobilenetv3-coco.safetensors`, writeSafetensors(tensors, origin));
  await writeFileAtomic(`${assets}mobilenetv3-coco.json`, Buffer.from(printTable(table)));
  console.log(`${tensors.size} tensors, ${table.blocks.length} blocks`);
} finally {
  rmSync(folder, { recursive: true });
}

/** The two model files of the package, checked against the sums above. */
function fetchModel(folder) {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', source, '--json', '--pack-destination', folder], { encoding: 'utf8' }),
  );
  const members = Object.keys(sha256).map((name) => `package/models/${name}`);
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder, ...members]);
  return Object.fromEntries(
    Object.entries(sha256).map(([name, expected]) => {
      const bytes = readFileSync(join(folder, 'package/models', name));
      const actual = createHash('sha256').update(bytes).digest('hex');
      if (actual !== expected) throw new Error(`${name}: expected sha256 ${expected}, got ${actual}`);
      return [name, bytes];
    }),
  );
}

/** Nodes by name, and the float16 weights by name as {shape, bits}. */
function readGraph(files) {
  const graph = JSON.parse(files['centernet.json'].toString());
  const nodes = new Map(graph.modelTopology.node.map((node) => [node.name, node]));
  const weights = new Map();
  let at = 0;
  for (const { name, shape, dtype, quantization } of graph.weightsManifest[0].weights) {
    const count = shape.reduce((a, b) => a * b, 1);
    const half = dtype === 'float32' && quantization?.dtype === 'float16';
    const bytes = files['centernet.bin'].subarray(at, at + count * (half ? 2 : 4));
    if (half) weights.set(name, { shape, bits: new Uint16Array(new Uint8Array(bytes).buffer) });
    at += bytes.length;
  }
  return { nodes, weights };
}

/** The table of the trunk up to the stride 32 tap; puts its tensors into `tensors` on the way. */
function describe(nodes, weights, tensors) {
  const stem = convolution(`${trunk}Conv/BatchNorm/FusedBatchNorm`, 'stem');
  const blocks = Array.from({ length: 15 }, (_, i) => block(i));
  return {
    name: 'mobilenetv3-coco',
    source,
    input: { channels: 'RGB', range: [0, 255] },
    padding: 'same',
    stem: { out: stem.out, kernel: stem.kernel, stride: stem.stride, activation: 'hardSwish' },
    blocks,
    taps: [tap(3, 4), tap(6, 8), tap(12, 16), tap(14, 32)],
  };

  function block(i) {
    const name = `block${i}`;
    const path = `${trunk}expanded_conv${i === 0 ? '' : `_${i}`}/`;
    const activation = nodes.has(`${path}depthwise/hard_swish/mul_1`) ? 'hardSwish' : 'relu';
    const expand =
      i === 0
        ? null
        : convolution(
            `${path}expand/${activation === 'relu' ? 'Relu' : 'BatchNorm/FusedBatchNorm'}`,
            `${name}.expand`,
          );
    // The last block is there for its expansion, the tap at stride 32.
    if (i === 14) return { name, expand: expand.out, activation };
    const depthwise = convolution(`${path}depthwise/depthwise`, `${name}.depthwise`);
    const squeezed = nodes.has(`${path}squeeze_excite/mul`);
    const squeeze = squeezed ? convolution(`${path}squeeze_excite/Conv/Relu`, `${name}.squeeze`) : null;
    if (squeezed) convolution(`${path}squeeze_excite/Conv_1/BiasAdd`, `${name}.excite`);
    const project = convolution(`${path}project/BatchNorm/FusedBatchNorm`, `${name}.project`);
    return {
      name,
      expand: expand?.out ?? null,
      kernel: depthwise.kernel,
      stride: depthwise.stride,
      squeeze: squeeze?.out ?? null,
      activation,
      out: project.out,
      residual: nodes.has(`${path}add`),
    };
  }

  function tap(i, stride) {
    return { block: `block${i}`, at: 'expand', stride, channels: blocks[i].expand };
  }

  /** Keeps weight and bias of a convolution under `name`; its sizes. */
  function convolution(path, name) {
    const { op, input, attr } = nodes.get(path);
    const depthwise = op === 'FusedDepthwiseConv2dNative';
    const { shape, bits } = weights.get(input[1]);
    const [height, width, inputs, outputs] = shape;
    // HWIO to OIHW; a depthwise filter HWC1 to C1HW.
    const order = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
    tensors.set(`${name}.weight`, transposed(shape, bits, order));
    const bias = weights.get(input[2]);
    tensors.set(`${name}.bias`, { dtype: 'float16', shape: bias.shape, data: bias.bits });
    if (height !== width || Buffer.from(attr.padding.s, 'base64').toString() !== 'SAME') {
      throw new Error(`${path}: expected a square kernel with padding SAME`);
    }
    return { out: depthwise ? inputs : outputs, kernel: height, stride: Number(attr.strides.list.i[1]) };
  }
}

function transposed(shape, bits, order) {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  const to = order.map((d) => shape[d]);
  const step = order.map((d) => strides[d]);
  const data = new Uint16Array(bits.length);
  let at = 0;
  for (let a = 0; a < to[0]; a++)
    for (let b = 0; b < to[1]; b++)
      for (let c = 0; c < to[2]; c++)
        for (let d = 0; d < to[3]; d++)
          data[at++] = bits[a * step[0] + b * step[1] + c * step[2] + d * step[3]];
  return { dtype: 'float16', shape: to, data };
}

/** JSON with one block or tap a line. */
function printTable(table) {
  const lines = Object.entries(table).map(([key, value]) => {
    const rows = Array.isArray(value) ? value.map((row) => `\n    ${JSON.stringify(row)}`).join(',') : null;
    return `  ${JSON.stringify(key)}: ${rows === null ? JSON.stringify(value) : `[${rows}\n  ]`}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
