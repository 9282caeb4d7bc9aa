// Opens a checkpoint file of either kind, decided by its bytes, and hands out checked tensors.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { OkapiError } from '../errors.ts';
import { refuseForeignFormat, unsupported } from './foreign-formats.ts';
import { type CheckpointLimits, defaultLimits } from './limits.ts';
import type { ModuleFacts } from './module-tensors.ts';
import { readPickle } from './pickle.ts';
import { looksLikeSafetensors, readSafetensors } from './safetensors.ts';
import { checkFinite, type Tensors } from './tensors.ts';
import { looksLikeTorch, readTorch } from './torch-reader.ts';
import { allowedGlobals } from './torch-tensors.ts';

export interface ReadOptions {
  readonly limits?: Partial<CheckpointLimits>;
  /** Look for weights in files that also hold Python objects, which stay inert records. */
  readonly inert?: boolean;
}

export interface ReadTensors {
  readonly tensors: Tensors;
  /** What was done to find them, in sentences for the user; empty when they lay there as expected. */
  readonly notes: readonly string[];
  /** What the pickled module that held them says about itself; null when they lay in a dict or in another format. */
  readonly module: ModuleFacts | null;
}

/**
 * Reads a .pt, .pth or .safetensors file, from bytes or a path, whatever its extension says. The weights are
 * finite, `module.` prefixes are gone, and `notes` says what was done. Tensors may be views of the bytes given.
 * Throws OkapiError: checkpoint.not_found, unsupported_format, unsupported_global, malformed, bad_tensor,
 * not_finite, too_large.
 */
export async function readTensors(
  source: Uint8Array | string,
  options: ReadOptions = {},
): Promise<ReadTensors> {
  const limits = { ...defaultLimits, ...options.limits };
  if (typeof source !== 'string') return parse(source, limits, options);
  try {
    return await parse(await readLimited(source, limits.bytes), limits, options);
  } catch (cause) {
    if (!(cause instanceof OkapiError)) throw cause;
    throw new OkapiError(cause.code, `${basename(source)}: ${cause.message}`, { cause });
  }
}

async function parse(
  bytes: Uint8Array,
  limits: CheckpointLimits,
  options: ReadOptions,
): Promise<ReadTensors> {
  checkSize(bytes.length, limits.bytes);
  const { tensors: found, notes, module } = await decode(bytes, limits, options);
  if (found.size === 0) throw new OkapiError('checkpoint.malformed', 'expected tensors, got none');
  checkFinite(found);
  const { tensors, removed } = withoutPrefixes(found);
  return {
    tensors,
    notes: [...notes, ...removed.map((prefix) => `removed "${prefix}" from all names`)],
    module,
  };
}

async function decode(
  bytes: Uint8Array,
  limits: CheckpointLimits,
  { inert }: ReadOptions,
): Promise<ReadTensors> {
  if (looksLikeTorch(bytes)) return readTorch(bytes, { limits, inert: inert ?? false });
  if (looksLikeSafetensors(bytes)) {
    return { tensors: readSafetensors(bytes, limits).tensors, notes: [], module: null };
  }
  refuseBarePickle(bytes, limits);
  return refuseForeignFormat(bytes);
}

/** A pickle that torch.save did not write: the names in it, if any are foreign, are the better answer. */
function refuseBarePickle(bytes: Uint8Array, limits: CheckpointLimits): void {
  try {
    readPickle(bytes, { allowed: allowedGlobals, limits });
  } catch (error) {
    if (error instanceof OkapiError && error.code === 'checkpoint.unsupported_global') throw error;
    return;
  }
  throw unsupported('a bare Python pickle', 'save the weights with torch.save or safetensors');
}

/** What wrappers put before every name: DataParallel and torch.compile. */
const wrapperPrefixes = ['module.', '_orig_mod.'];

function withoutPrefixes(tensors: Tensors): { tensors: Tensors; removed: string[] } {
  const removed: string[] = [];
  let current = tensors;
  for (;;) {
    const names = [...current.keys()];
    const prefix = wrapperPrefixes.find((wrapper) => names.every((name) => name.startsWith(wrapper)));
    if (prefix === undefined) return { tensors: current, removed };
    removed.push(prefix);
    current = new Map([...current].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  }
}

function checkSize(size: number, limit: number): void {
  if (size <= limit) return;
  throw new OkapiError('checkpoint.too_large', `expected a file of at most ${limit} bytes, got ${size}`);
}

async function readLimited(path: string, limit: number): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw unsupported('a folder or device', 'name the file itself');
      checkSize(stat.size, limit);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof OkapiError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new OkapiError('checkpoint.not_found', 'expected a checkpoint file, got no such file', { cause });
    }
    throw new OkapiError('disk.io_error', `expected to read the file, got ${code ?? message}`, { cause });
  }
}
