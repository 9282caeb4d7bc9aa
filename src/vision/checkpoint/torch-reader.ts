// Reads what torch.save wrote, the ZIP layout and the older one, without ever running any of it.
import { OkapiError } from '../errors.ts';
import { refuseForeignArchive } from './foreign-formats.ts';
import { type CheckpointLimits, defaultLimits } from './limits.ts';
import type { ModuleFacts } from './module-tensors.ts';
import { type PickleOptions, type PickleValue, readPickle } from './pickle.ts';
import { findStateDict } from './state-dict.ts';
import { type Dtype, dtypes, elementsOf, quoted, type TensorData, type Tensors } from './tensors.ts';
import { allowedGlobals, isTensor, parseStorage, type ReadElements, rebuildTensor } from './torch-tensors.ts';
import { type ZipEntry, zipEntries } from './zip-entries.ts';

export interface TorchOptions {
  readonly limits?: CheckpointLimits;
  /**
   * Read files that hold Python objects (a whole nn.Module, say) beside tensors: unknown classes become inert
   * records, and weights are taken from where modules keep them. Without it such a file is refused.
   */
  readonly inert?: boolean;
}

export interface TorchTensors {
  readonly tensors: Tensors;
  /** What was done to find them, for the user. */
  readonly notes: string[];
  /** What the module that held them says about itself; null when they lay in a dict. */
  readonly module: ModuleFacts | null;
}

/** Whether bytes begin as torch.save begins a file: a ZIP entry, or the older magic number. */
export function looksLikeTorch(bytes: Uint8Array): boolean {
  return isZip(bytes) || isLegacy(bytes);
}

/**
 * The state dict in a file of torch.save. Tensors that share a storage share memory here too. Throws
 * checkpoint.unsupported_format, unsupported_global, malformed, bad_tensor (naming the tensor) or too_large.
 */
export async function readTorch(bytes: Uint8Array, options: TorchOptions = {}): Promise<TorchTensors> {
  const limits = options.limits ?? defaultLimits;
  const pickle = { allowed: allowedGlobals, inert: options.inert ?? false, limits };
  const file = isZip(bytes) ? await openZip(bytes, pickle, limits) : openLegacy(bytes, pickle);
  const { entries, notes, module } = findStateDict(file.root, isTensor);
  if (entries.size > limits.tensors) {
    throw new OkapiError(
      'checkpoint.too_large',
      `expected at most ${limits.tensors} tensors, got ${entries.size}`,
    );
  }
  // A stride of 0 makes a large tensor of a small storage: all together may be twice the file, and a little.
  const budget = { bytesLeft: 2 * bytes.length + 2 ** 20 };
  const elements = elementReader(file);
  const tensors: Tensors = new Map();
  for (const [name, value] of entries) {
    tensors.set(name, rebuildTensor({ name, limits, budget, elements }, value));
  }
  return { tensors, notes, module };
}

interface TorchFile {
  readonly root: PickleValue;
  readonly bigEndian: boolean;
  /** The bytes of a storage by its key, undefined when it is not there. */
  readonly storage: (key: string) => Uint8Array | undefined;
}

/** Storages as elements, each converted at most once per dtype, so that views of one share it. */
function elementReader(file: TorchFile): ReadElements {
  const known = new Map<string, TensorData>();
  return ({ key, type, count }, dtype) => {
    const id = `${dtype} ${key}`;
    const before = known.get(id);
    if (before !== undefined) return before;
    const bytes = file.storage(key);
    const expected = count * type.size;
    if (bytes?.length !== expected) {
      malformed(
        `expected ${expected} bytes in storage ${quoted(key)}, got ${bytes?.length ?? 'no such storage'}`,
      );
    }
    const elements = elementsOf(dtype, file.bigEndian ? swapped(bytes, dtype) : bytes);
    known.set(id, elements);
    return elements;
  };
}

function swapped(bytes: Uint8Array, dtype: Dtype): Uint8Array {
  const { size } = dtypes[dtype];
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) out[at - (at % size) + size - 1 - (at % size)] = bytes[at]!;
  return out;
}

// The ZIP layout: NAME/data.pkl, NAME/data/KEY for each storage, NAME/byteorder.

function isZip(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'PK\x03\x04';
}

async function openZip(
  bytes: Uint8Array,
  pickle: PickleOptions,
  limits: CheckpointLimits,
): Promise<TorchFile> {
  const entries = await zipEntries(bytes, limits);
  refuseForeignArchive(entries.keys());
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) malformed(`expected exactly one data.pkl, got ${pickles.length}`);
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const program = entries.get(pickles[0]!)!.read();
  const { value, end } = readPickle(program, pickle);
  if (end !== program.length)
    malformed(`expected data.pkl to end at STOP, got ${program.length - end} bytes more`);
  return {
    root: value,
    bigEndian: isBigEndian(entries.get(`${folder}byteorder`)),
    storage: (key) => entries.get(`${folder}data/${key}`)?.read(),
  };
}

function isBigEndian(entry: ZipEntry | undefined): boolean {
  const order = entry === undefined ? 'little' : Buffer.from(entry.read().subarray(0, 16)).toString('latin1');
  if (order !== 'little' && order !== 'big')
    malformed(`expected byteorder little or big, got ${quoted(order)}`);
  return order === 'big';
}

// The layout before torch 1.6: five pickles (magic number, version, system, object, storage keys), then each
// storage as its count in 8 bytes and its elements, little-endian on every machine.

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyMagicBytes = Buffer.from('6cfc9c46f9206aa85019', 'hex');
const legacyVersion = 1001;

function isLegacy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && Buffer.from(bytes.subarray(0, 32)).includes(legacyMagicBytes);
}

function openLegacy(bytes: Uint8Array, pickle: PickleOptions): TorchFile {
  const magic = readPickle(bytes, pickle);
  const version = readPickle(bytes, { ...pickle, start: magic.end });
  if (magic.value !== legacyMagic || version.value !== legacyVersion)
    malformed('expected the older torch layout');
  const system = readPickle(bytes, { ...pickle, start: version.end });
  const object = readPickle(bytes, { ...pickle, start: system.end });
  const keys = readPickle(bytes, { ...pickle, start: object.end });
  const sizes = new Map<string, number>();
  for (const id of object.persistent) {
    const { key, type, count } = parseStorage('in the pickle', id);
    sizes.set(key, type.size * count);
  }
  const storages = legacyStorages(bytes, keys.end, keys.value, sizes);
  return { root: object.value, bigEndian: false, storage: (key) => storages.get(key) };
}

function legacyStorages(
  bytes: Uint8Array,
  start: number,
  keys: PickleValue,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, Uint8Array> {
  if (!Array.isArray(keys)) malformed('expected a list of storage keys');
  const storages = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys) {
    const size = typeof key === 'string' ? sizes.get(key) : undefined;
    if (size === undefined) malformed('expected only storages that a tensor names');
    const end = at + 8 + size;
    if (end > bytes.length)
      malformed(`expected ${end} bytes of storages, got ${bytes.length}: the file is cut`);
    storages.set(key as string, bytes.subarray(at + 8, end));
    at = end;
  }
  if (at !== bytes.length) malformed(`expected ${at} bytes, got ${bytes.length}`);
  return storages;
}

function malformed(detail: string): never {
  throw new OkapiError('checkpoint.malformed', `torch file: ${detail}`);
}
