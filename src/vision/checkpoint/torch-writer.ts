// Writes a state dict as torch.save does: any torch since 1.6 opens it, also with weights_only=True.
import { OkapiError } from '../errors.ts';
import { storedZip } from './stored-zip.ts';
import { bytesOf, elementCount, type NamedTensor, type Tensors } from './tensors.ts';
import { storageNames } from './torch-tensors.ts';

/**
 * The pieces of a .pt file, the tensors' own bytes among them uncopied: write them one after the other. The same
 * tensors give the same bytes. Throws checkpoint.too_large at 4 GiB.
 */
export function torchPieces(tensors: Tensors): Uint8Array[] {
  const ascii = (text: string) => new TextEncoder().encode(text);
  return storedZip([
    { name: 'archive/data.pkl', bytes: pickleOf(tensors) },
    { name: 'archive/byteorder', bytes: ascii('little') },
    ...[...tensors.values()].map((tensor, i) => ({ name: `archive/data/${i}`, bytes: bytesOf(tensor) })),
    { name: 'archive/version', bytes: ascii('3\n') },
  ]);
}

/** A whole .pt file in memory. For large nets write `torchPieces` instead. */
export function writeTorch(tensors: Tensors): Uint8Array {
  return Buffer.concat(torchPieces(tensors));
}

/** Pickle protocol 2, with no operation that the weights_only reader of torch does not know. */
function pickleOf(tensors: Tensors): Uint8Array {
  const rows = [...tensors].map(([name, tensor], i) => Buffer.concat([text(name), pickleTensor(tensor, i)]));
  return Buffer.concat([op.proto2, orderedDict, op.mark, ...rows, op.setItems, op.stop]);
}

const op = {
  proto2: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  tuple: Buffer.from('t'),
  emptyTuple: Buffer.from(')'),
  reduce: Buffer.from('R'),
  setItems: Buffer.from('u'),
  persistentId: Buffer.from('Q'),
  no: Buffer.from([0x89]),
};

const global = (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`);
const orderedDict = Buffer.concat([global('collections', 'OrderedDict'), op.emptyTuple, op.reduce]);
const rebuildTensor = global('torch._utils', '_rebuild_tensor_v2');
const storageTag = text('storage');
const cpu = text('cpu');

/** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks) */
function pickleTensor({ dtype, shape, data }: NamedTensor, key: number): Buffer {
  if (data.length !== elementCount(shape)) {
    throw new Error(`internal: ${data.length} elements in a tensor of shape [${shape}]`);
  }
  const type = global('torch', storageNames[dtype]);
  const id = tuple(storageTag, type, text(String(key)), cpu, int(data.length));
  const storage = Buffer.concat([id, op.persistentId]);
  const size = tuple(...shape.map(int));
  const stride = tuple(...stridesOf(shape).map(int));
  return Buffer.concat([rebuildTensor, tuple(storage, int(0), size, stride, op.no, orderedDict), op.reduce]);
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * Math.max(1, shape[d + 1]!);
  return strides;
}

function tuple(...items: Uint8Array[]): Buffer {
  return Buffer.concat([op.mark, ...items, op.tuple]);
}

/** BINUNICODE */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = Buffer.from([0x58, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT, which holds 31 bits: more elements than that do not fit the file's 4 GiB in float32 either. */
function int(value: number): Buffer {
  if (value >= 2 ** 31) {
    throw new OkapiError(
      'checkpoint.too_large',
      `expected at most ${2 ** 31 - 1} elements in a tensor, got ${value}`,
    );
  }
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0]);
  bytes.writeInt32LE(value, 1);
  return bytes;
}
