// The encoder of the older net: none. Its one feature map is the picture itself, and the net learns the rest.
import { unitRange } from '../image/planes.ts';
import { type Encoder, hashTensors } from './encoder.ts';

export function noEncoder(): Encoder {
  const tensors = new Map();
  return {
    name: 'none',
    levels: [{ channels: 3, stride: 1 }],
    normalization: unitRange,
    licence: 'no weights',
    tensors,
    weightsHash: hashTensors(tensors),
    features: (x) => [x],
  };
}
