// An anomaly map as a file of absolute scores, in NumPy's format: `numpy.load` and pages read it.
import { OkapiError } from '../errors.ts';
import { type AnomalyMap, anomalyMap } from './anomaly-map.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0] as const;
/** Magic, length of the text and the text together; the format wants a multiple of 64. */
const HEAD_BYTES = 128;

/**
 * Float32 [height, width], little-endian, rows from the top.
 * Format: NumPy Enhancement Proposal 1, version 1.0.
 */
export function writeMapFile({ width, height, data }: AnomalyMap): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  const bytes = new Uint8Array(HEAD_BYTES + 4 * data.length);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, HEAD_BYTES - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(HEAD_BYTES - 11)}\n`), 10);
  data.forEach((score, i) => {
    view.setFloat32(HEAD_BYTES + 4 * i, score, true);
  });
  return bytes;
}

/** What `writeMapFile` wrote. Throws checkpoint.malformed for anything else. */
export function readMapFile(bytes: Uint8Array): AnomalyMap {
  const text = new TextDecoder().decode(bytes.subarray(10, HEAD_BYTES));
  const [, rows, columns] = /'descr': '<f4'.*'shape': \((\d{1,5}), (\d{1,5})\)/.exec(text) ?? [];
  const [height, width] = [Number(rows), Number(columns)];
  const isOurs = magic.every((byte, i) => bytes[i] === byte);
  if (!isOurs || !(width > 0 && height > 0) || bytes.length !== HEAD_BYTES + 4 * width * height)
    throw new OkapiError('checkpoint.malformed', 'expected a map of scores as an .npy file of float32');
  const view = new DataView(bytes.buffer, bytes.byteOffset + HEAD_BYTES);
  const data = Float32Array.from({ length: width * height }, (_, i) => view.getFloat32(4 * i, true));
  return anomalyMap(data, width, height);
}
