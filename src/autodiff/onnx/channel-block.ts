// How many channels ONNX Runtime's CPU provider lays side by side in its own layout for convolutions.
import type { Runtime } from '../runtime.ts';
import { encodeModel } from './encode-model.ts';

/** The domain of that layout's operators. ONNX Runtime brings convolutions of fixed weights there itself, not those of a step. */
export const blockedDomain = 'com.microsoft.nchwc';

const channels = 64;

/** 16 or 8, as the processor has it; 0 where there is no such layout. */
export async function channelBlock(runtime: Runtime): Promise<number> {
  if (runtime.device !== 'cpu') return 0;
  try {
    const session = await runtime.load(probe());
    // Channel c has the numbers 2c and 2c + 1, so the 1 stands behind the first block.
    const data = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const { y } = await session.run({ x: { type: 'float32', dims: [1, channels, 1, 2], data } });
    await session.close();
    const block = (y!.data as Float32Array).indexOf(1);
    return block === 8 || block === 16 ? block : 0;
  } catch {
    return 0; // an engine without these operators
  }
}

function probe(): Uint8Array {
  const value = (name: string) => ({ name, dtype: 'float32', shape: [1, channels, 1, 2] }) as const;
  return encodeModel({
    opsets: [
      { domain: '', version: 21 },
      { domain: blockedDomain, version: 1 },
    ],
    metadata: {},
    graph: {
      name: 'channel_block',
      inputs: [value('x')],
      outputs: [value('y')],
      initializers: [],
      nodes: [{ op: 'ReorderInput', domain: blockedDomain, inputs: ['x'], outputs: ['y'], attributes: {} }],
    },
  }).bytes;
}
