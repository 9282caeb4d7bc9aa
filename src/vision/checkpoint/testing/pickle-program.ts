// Assembles pickles by hand for tests, the hostile ones above all, and wraps them as torch.save would.
import { storedZip, type ZipFile } from '../stored-zip.ts';

type Part = Uint8Array | string;

/** Parts one after the other; strings are bytes in latin1, so that opcodes read as in pickletools. */
export function program(...parts: readonly Part[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

export const uint32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const uint64 = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

/** BINUNICODE */
export const text = (value: string): Uint8Array => {
  const bytes = Buffer.from(value, 'utf8');
  return program('X', uint32(bytes.length), bytes);
};

/** BININT, or LONG1 of 9 bytes where 31 bits are not enough. */
export const int = (value: number | bigint): Uint8Array => {
  const bytes = Buffer.alloc(4);
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    bytes.writeInt32LE(Number(value));
    return program('J', bytes);
  }
  return program('\x8a\x09', uint64(BigInt.asUintN(64, BigInt(value))), value < 0 ? '\xff' : '\x00');
};

export const tuple = (...items: readonly Part[]): Uint8Array => program('(', ...items, 't');

export const global = (module: string, name: string): Uint8Array => program(`c${module}\n${name}\n`);

/** A dict of string keys. */
export const dict = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  program('}(', ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), 'u');

export interface TensorParts {
  readonly type?: string;
  readonly key?: string;
  readonly count?: number | bigint;
  readonly offset?: number;
  readonly size?: readonly (number | bigint)[];
  readonly stride?: readonly (number | bigint)[];
}

/** A _rebuild_tensor_v2 of 4 floats in storage 0, unless parts say otherwise. */
export const tensor = (parts: TensorParts = {}): Uint8Array => {
  const { type = 'FloatStorage', key = '0', count = 4, offset = 0, size = [4], stride = [1] } = parts;
  const id = tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(count));
  const layout = [int(offset), tuple(...size.map(int)), tuple(...stride.map(int))];
  return program(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(program(id, 'Q'), ...layout, '\x89', '}'),
    'R',
  );
};

/** A whole pickle of protocol 2. */
export const pickle = (...parts: readonly Part[]): Uint8Array => program('\x80\x02', ...parts, '.');

/** A torch ZIP file around a pickle, with storage 0 holding 1, 2, 3, 4 unless files say otherwise. */
export function torchZip(
  bytes: Uint8Array,
  files: readonly ZipFile[] = [storage('0', [1, 2, 3, 4])],
): Uint8Array {
  return Buffer.concat(
    storedZip([
      { name: 'archive/data.pkl', bytes },
      ...files,
      { name: 'archive/version', bytes: Buffer.from('3\n') },
    ]),
  );
}

export const storage = (key: string, values: readonly number[]): ZipFile => ({
  name: `archive/data/${key}`,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

/** The code of the OkapiError that an action ends in; rethrows any other error; null when it succeeds. */
export async function codeOf(action: () => unknown): Promise<string | null> {
  return (await errorOf(action))?.code ?? null;
}

/** The OkapiError that an action ends in. */
export async function errorOf(action: () => unknown): Promise<{ code: string; message: string } | null> {
  try {
    await action();
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === 'OkapiError') return error as Error & { code: string };
    throw error;
  }
}
