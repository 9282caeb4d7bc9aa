// Makes the files of a dataset version from an archive or from files, and checks all of it meanwhile. Runs in a child.
import { createHash } from 'node:crypto';
import { constants, copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import type { DetectionHealth, ReadPicture } from '../../vision/dataset/detection/health.ts';
import type { NamedFile } from '../../vision/dataset/detection/layout.ts';
import { readDetectionArchive, withDiskErrors } from '../../vision/dataset/detection/read-archive.ts';
import { type ReadDetection, readDetectionFiles } from '../../vision/dataset/detection/read-files.ts';
import type { PictureLimits } from '../../vision/index.ts';
import { storedExtension } from '../datasets/accepted-types.ts';
import {
  type DatasetManifest,
  type ManifestPicture,
  manifestName,
  type StoredFile,
  yamlName,
} from './dataset-record.ts';

export interface BuildRequest {
  /** An uploaded archive; or files that stay where they are, with the names of the classes. */
  readonly from:
    | { readonly kind: 'zip'; readonly path: string }
    | { readonly kind: 'files'; readonly files: readonly NamedFile[]; readonly classes: readonly string[] };
  readonly allowPartial: boolean;
  readonly limits: PictureLimits;
  /** An empty folder, where the files of the version are put under localName. */
  readonly folder: string;
}

export interface BuiltDataset {
  readonly classes: readonly string[];
  readonly health: DetectionHealth;
  readonly notes: readonly string[];
  readonly manifest: StoredFile;
  /** SHA-256 of the manifest. */
  readonly sha256: string;
  /** Names of the files of the version, the manifest among them. */
  readonly files: readonly string[];
}

/** Where a file of the version lies in the folder: there are no folders in it. */
export function localName(name: string): string {
  return name.replaceAll('/', '+');
}

/** Throws the zip.*, dataset.* and disk.* errors of vision/dataset/detection. */
export function buildDataset(request: BuildRequest): Promise<BuiltDataset> {
  return withDiskErrors(async () => writeVersion(await readWhole(request), request));
}

function readWhole({ from, folder, allowPartial, limits }: BuildRequest): Promise<ReadDetection> {
  if (from.kind === 'zip')
    return readDetectionArchive(from.path, join(folder, 'unpacked'), { allowPartial, limits });
  return readDetectionFiles(from.files, { allowPartial, limits, classes: from.classes });
}

async function writeVersion(
  { classes, pictures, health, notes }: ReadDetection,
  { from, folder }: BuildRequest,
): Promise<BuiltDataset> {
  const put = async (name: string, text: string): Promise<StoredFile> => {
    const bytes = Buffer.from(text);
    await writeFile(join(folder, localName(name)), bytes, { flag: 'wx' });
    return { bytes: bytes.length, hash: blake2b16(bytes) };
  };
  const names = new StoredNames();
  const rows: ManifestPicture[] = [];
  for (const read of pictures) {
    const stem = `${names.next(read)}`;
    const file = `${read.split}/images/${stem}.${storedExtension[read.type]}`;
    const target = join(folder, localName(file));
    if (from.kind === 'zip') await rename(read.file, target);
    else await copyFile(read.file, target, constants.COPYFILE_FICLONE);
    const labelFile = `${read.split}/labels/${stem}.txt`;
    rows.push({
      split: read.split,
      file,
      picture: { bytes: read.sizeBytes, hash: read.hash },
      labelFile,
      label: await put(labelFile, labelText(read)),
      name: read.name,
      width: read.width,
      height: read.height,
      boxes: read.boxes.map(({ classId, box }) => [classId, ...box] as const),
    });
  }
  const manifest: DatasetManifest = { classes, yaml: await put(yamlName, yamlText(classes)), pictures: rows };
  const text = JSON.stringify(manifest);
  return {
    classes,
    health,
    notes,
    manifest: await put(manifestName, text),
    sha256: createHash('sha256').update(text).digest('hex'),
    files: [...rows.flatMap(({ file, labelFile }) => [file, labelFile]), yamlName, manifestName],
  };
}

/** By content; the same picture twice in a split gets a number. */
class StoredNames {
  readonly #counts = new Map<string, number>();

  next({ split, hash }: ReadPicture): string {
    const key = `${split}/${hash}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count === 1 ? hash : `${hash}-${count}`;
  }
}

/** A line for each box: class, centre and size. Eight decimals are a hundredth of a pixel in a million. */
function labelText({ boxes }: ReadPicture): string {
  const share = (value: number) => String(Number(value.toFixed(8)));
  return boxes
    .map(({ classId, box: [x1, y1, x2, y2] }) => {
      const values = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1];
      return `${classId} ${values.map(share).join(' ')}\n`;
    })
    .join('');
}

function yamlText(classes: readonly string[]): string {
  const names = classes.map((name) => JSON.stringify(name)).join(', ');
  return `path: .\ntrain: train/images\nval: val/images\nnc: ${classes.length}\nnames: [${names}]\n`;
}
