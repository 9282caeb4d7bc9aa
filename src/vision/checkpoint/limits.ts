// What a checkpoint may cost to read. Checked before anything is allocated for it.

export interface CheckpointLimits {
  /** The whole file. */
  readonly bytes: number;
  readonly tensors: number;
  readonly dims: number;
  /** The JSON header of a safetensors file. */
  readonly headerBytes: number;
  /** The pickle of a torch file, its operations, its lists, dicts and objects, and how deep they nest. */
  readonly pickleBytes: number;
  readonly pickleOpcodes: number;
  readonly pickleContainers: number;
  readonly pickleDepth: number;
}

export const defaultLimits: CheckpointLimits = {
  bytes: 2 ** 30,
  tensors: 20_000,
  dims: 8,
  headerBytes: 16 * 2 ** 20,
  pickleBytes: 64 * 2 ** 20,
  pickleOpcodes: 5_000_000,
  pickleContainers: 300_000,
  pickleDepth: 64,
};
