// A dataset of boxes from its files, read whole: classes, labels, every picture decoded, a split, and how sound it is.
import { open } from 'node:fs/promises';
import { OkapiError } from '../../errors.ts';
import { decodePicture, defaultLimits, type PictureLimits, probePicture } from '../../image/decode.ts';
import { blake2b16 } from '../blake2b.ts';
import { prefetch } from '../prefetch.ts';
import { splitValidation } from '../split.ts';
import { type DataYaml, readDataYaml, readNamesFile, YAML_LIMIT_BYTES } from './data-yaml.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type DetectionHealth, found, healthOf, type ReadPicture } from './health.ts';
import { labelLimits, type ParsedLabels, parseLabels } from './labels.ts';
import {
  arrange,
  findNamesFile,
  findYaml,
  isClutter,
  type Layout,
  type NamedFile,
  type PlacedPicture,
} from './layout.ts';

export interface ReadDetectionOptions {
  /** Skips pictures that cannot be read, and reports them; else they are an error. */
  readonly allowPartial: boolean;
  readonly limits?: PictureLimits;
  /** Of the split of a dataset that has no val. Defaults 42 and 0.2. */
  readonly seed?: number;
  readonly valRatio?: number;
  /** The data.yaml to follow, by its name; default: the one that is found. */
  readonly yaml?: string;
  /** The names of the classes, where the caller knows them; lists of names in the files are then not read. */
  readonly classes?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface ReadDetection {
  readonly classes: readonly string[];
  /** Train first, each split in the order of the names. */
  readonly pictures: readonly ReadPicture[];
  readonly health: DetectionHealth;
  /** What was done beyond plain reading, in sentences. */
  readonly notes: readonly string[];
}

const KEPT_MISTAKES = 20;

/**
 * Throws dataset.layout, dataset.names, dataset.class_gap, dataset.labels (the first 20 mistakes as file:line),
 * dataset.pictures, dataset.too_large, dataset.too_few_images.
 */
export async function readDetectionFiles(
  files: readonly NamedFile[],
  options: ReadDetectionOptions,
): Promise<ReadDetection> {
  const useful = files.filter(({ name }) => !isClutter(name));
  const yaml = await yamlOf(useful, options.yaml);
  const layout = arrange(useful, yaml);
  const named: NamedClasses =
    options.classes === undefined
      ? await namesOf(useful, yaml)
      : { names: options.classes, count: options.classes.length, notes: [] };
  const rules = { classes: named.count, keypoints: yaml?.content.ignored.includes('kpt_shape') ?? false };
  const labels = await readLabels(layout, rules, options.signal);
  const classes = named.names ?? countedClasses(labels, named.count);
  const notes = [...(yaml === null ? [] : yamlNotes(yaml)), ...named.notes, ...layout.notes];
  const { read, corrupt } = await readPictures(layout.pictures, labels, options);
  if (corrupt.length > 0 && !options.allowPartial) throw badPictures(corrupt);
  const { pictures, split } = withSplit(read, options);
  const sum = (key: 'clamped' | 'duplicates' | 'polygons') =>
    [...labels.values()].reduce((total, one) => total + one[key], 0);
  const health = healthOf(classes, pictures, {
    split,
    labelsWithoutImages: found(layout.labelsWithoutPicture.map(({ name }) => name)),
    clampedBoxes: sum('clamped'),
    duplicateBoxes: sum('duplicates'),
    polygons: sum('polygons'),
    corruptImages: found(corrupt),
    ignoredFiles: files.length - useful.length,
  });
  if (health.train.boxes === 0)
    throw new OkapiError('dataset.labels', 'expected at least one box in train, found none');
  return { classes, pictures, health, notes: [...notes, ...healthNotes(health)] };
}

interface FoundYaml {
  readonly name: string;
  /** The folder it lies in, '' for the dataset itself. */
  readonly folder: string;
  readonly content: DataYaml;
}

async function yamlOf(files: readonly NamedFile[], wanted: string | undefined): Promise<FoundYaml | null> {
  const file = wanted === undefined ? findYaml(files) : files.find(({ name }) => name === wanted);
  if (file === null || file === undefined) return null;
  const bytes = await bytesOf(file, YAML_LIMIT_BYTES);
  const folder = file.name.includes('/') ? file.name.slice(0, file.name.lastIndexOf('/')) : '';
  return { name: file.name, folder, content: readDataYaml(bytes, file.name) };
}

function yamlNotes({ name, content: { ignored } }: FoundYaml): string[] {
  if (ignored.length === 0) return [];
  const more = ignored.length > 20 ? ` and ${ignored.length - 20} more` : '';
  return [`${name}: ignored: ${ignored.slice(0, 20).join(', ')}${more}`];
}

interface NamedClasses {
  /** Null: only the labels say which classes there are. */
  readonly names: readonly string[] | null;
  readonly count: number | null;
  readonly notes: readonly string[];
}

async function namesOf(files: readonly NamedFile[], yaml: FoundYaml | null): Promise<NamedClasses> {
  const nc = yaml?.content.nc ?? null;
  const list = yaml?.content.names ?? null;
  const file = list === null ? findNamesFile(files) : null;
  const names = file === null ? list : readNamesFile(await bytesOf(file, labelLimits.bytes), file.name);
  if (names !== null && nc !== null && names.length !== nc)
    throw new OkapiError(
      'dataset.names',
      `expected as many names as nc says, got nc ${nc} and ${names.length} names`,
    );
  const notes = names === null ? ['the classes have no names: they are called by their numbers'] : [];
  return { names, count: names?.length ?? nc, notes };
}

/** '0', '1', ... for classes without names; those in use must follow each other. */
function countedClasses(labels: ReadonlyMap<PlacedPicture, ParsedLabels>, count: number | null): string[] {
  const used = new Set<number>();
  for (const { boxes } of labels.values()) for (const { classId } of boxes) used.add(classId);
  const ids = [...used].sort((a, b) => a - b);
  const gap = ids.findIndex((id, i) => id !== i);
  if (gap >= 0) {
    const shown = ids.slice(0, 20).join(', ');
    const text = `expected names for the classes, or classes without gaps: ${shown} are used and ${gap} is not`;
    throw new OkapiError('dataset.class_gap', text);
  }
  return Array.from({ length: count ?? ids.length }, (_, i) => String(i));
}

async function readLabels(
  { pictures }: Layout,
  rules: { readonly classes: number | null; readonly keypoints: boolean },
  signal: AbortSignal | undefined,
): Promise<Map<PlacedPicture, ParsedLabels>> {
  const labelled = pictures.filter(({ label }) => label !== null);
  const read = async (placed: PlacedPicture) => ({
    placed,
    labels: parseLabels(await bytesOf(placed.label!, labelLimits.bytes), rules),
  });
  const all = new Map<PlacedPicture, ParsedLabels>();
  const mistakes: string[] = [];
  let mistakeCount = 0;
  for await (const { placed, labels } of prefetch(labelled, read, { ahead: 8, signal })) {
    all.set(placed, labels);
    mistakeCount += labels.mistakeCount;
    for (const { line, detail } of labels.mistakes.slice(0, KEPT_MISTAKES - mistakes.length))
      mistakes.push(`${placed.label!.name}:${line}: ${detail}`);
  }
  if (mistakeCount === 0) return all;
  const more = mistakeCount > mistakes.length ? `\nand ${mistakeCount - mistakes.length} more` : '';
  throw new OkapiError(
    'dataset.labels',
    `expected boxes in the label files, found ${mistakeCount} ${mistakeCount === 1 ? 'mistake' : 'mistakes'}:\n${mistakes.join('\n')}${more}`,
  );
}

type Corrupt = DetectionHealth['corruptImages']['examples'][number];

async function readPictures(
  placed: readonly PlacedPicture[],
  labels: ReadonlyMap<PlacedPicture, ParsedLabels>,
  { limits = defaultLimits, signal }: ReadDetectionOptions,
): Promise<{ read: ReadPicture[]; corrupt: Corrupt[] }> {
  const read: ReadPicture[] = [];
  const corrupt: Corrupt[] = [];
  const look = (one: PlacedPicture) => readPicture(one, labels.get(one)?.boxes ?? [], limits);
  for await (const result of prefetch(placed, look, { ahead: 2, signal })) {
    if ('code' in result) corrupt.push(result);
    else read.push(result);
  }
  return { read, corrupt };
}

async function readPicture(
  { split, picture: { name, path, sizeBytes }, label }: PlacedPicture,
  boxes: ReadPicture['boxes'],
  limits: PictureLimits,
): Promise<ReadPicture | Corrupt> {
  try {
    if (sizeBytes > limits.maxBytes)
      throw new OkapiError('image.too_large', `expected at most ${limits.maxBytes} bytes, got ${sizeBytes}`);
    const bytes = await bytesOf({ name, path, sizeBytes }, limits.maxBytes);
    const picture = await decodePicture(bytes, limits);
    return {
      split: split === 'val' ? 'val' : 'train',
      name,
      file: path,
      boxes,
      type: probePicture(bytes, limits).type,
      sizeBytes: bytes.length,
      width: picture.width,
      height: picture.height,
      hash: blake2b16(bytes),
      fingerprint: fingerprintOf(picture),
      hasLabelFile: label !== null,
    };
  } catch (error) {
    if (!(error instanceof OkapiError) || !error.code.startsWith('image.')) throw error;
    return { file: name, code: error.code, detail: error.message };
  }
}

function badPictures(corrupt: readonly Corrupt[]): OkapiError {
  const lines = corrupt
    .slice(0, KEPT_MISTAKES)
    .map(({ file, code, detail }) => `${file}: ${detail} (${code})`);
  const more = corrupt.length > lines.length ? `\nand ${corrupt.length - lines.length} more` : '';
  const text = `expected pictures that can be read, found ${corrupt.length} that cannot:\n${lines.join('\n')}${more}`;
  return new OkapiError('dataset.pictures', text);
}

/** A dataset without val gets one; files of the same bytes stay on one side. */
function withSplit(
  read: readonly ReadPicture[],
  { seed = 42, valRatio = 0.2 }: ReadDetectionOptions,
): { pictures: readonly ReadPicture[]; split: DetectionHealth['split'] } {
  if (read.some(({ split }) => split === 'val')) {
    const isTrain = ({ split }: ReadPicture) => split === 'train';
    const train = read.filter(isTrain);
    if (train.length === 0)
      throw new OkapiError('dataset.too_few_images', 'expected at least 1 picture in train, got 0');
    return { pictures: [...train, ...read.filter((one) => !isTrain(one))], split: { by: 'dataset' } };
  }
  const groups = new Map<string, ReadPicture[]>();
  for (const picture of read) {
    const group = groups.get(picture.hash);
    if (group === undefined) groups.set(picture.hash, [picture]);
    else group.push(picture);
  }
  const { train, validation } = splitValidation([...groups.values()], { seed, ratio: valRatio });
  const val = validation.flat().map((picture): ReadPicture => ({ ...picture, split: 'val' }));
  return { pictures: [...train.flat(), ...val], split: { by: 'seed', seed, ratio: valRatio } };
}

/** The parts of the health that nobody should miss. */
function healthNotes(health: DetectionHealth): string[] {
  const rows: [number, string][] = [
    [health.ignoredFiles, 'files of systems and programs were ignored'],
    [health.corruptImages.count, 'pictures cannot be read and were left out'],
    [health.imagesWithoutLabels.count, 'pictures have no label file and count as pictures without objects'],
    [health.labelsWithoutImages.count, 'label files belong to no picture'],
    [health.polygons, 'polygons became the boxes around them'],
    [health.duplicateBoxes, 'boxes stood twice in a file and count once'],
    [health.clampedBoxes, 'boxes reached out of the picture by a rounding error and were cut'],
    [health.tinyBoxes.count, `boxes are under ${health.tinyBoxes.underPx} px at ${health.tinyBoxes.atPx} px`],
    [health.sameInTrainAndVal.count, 'pictures of val are the same, or nearly, as one of train'],
    [health.unusedClasses.length, 'classes have no box in train'],
  ];
  const notes = rows.filter(([count]) => count > 0).map(([count, text]) => `${count}: ${text}`);
  const { split } = health;
  if (split.by === 'seed')
    notes.push(`there was no val: ${health.val.images} pictures were drawn for it (seed ${split.seed})`);
  if (health.val.boxes === 0) notes.push('val has no boxes: nothing can be judged by it');
  return notes;
}

/** Reads no more than the limit, whatever the file grows to meanwhile. Throws dataset.too_large, disk.io_error. */
async function bytesOf({ name, path, sizeBytes }: NamedFile, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new OkapiError('dataset.too_large', `${name}: expected at most ${limit} bytes`);
  if (sizeBytes > limit) throw tooLarge();
  try {
    const file = await open(path, 'r');
    try {
      const bytes = Buffer.allocUnsafe(sizeBytes + 1);
      let filled = 0;
      for (let step = 1; step > 0 && filled < bytes.length; filled += step)
        step = (await file.read(bytes, filled, bytes.length - filled)).bytesRead;
      if (filled > sizeBytes)
        throw new OkapiError('dataset.changed', `${name}: the file grew while it was read`);
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof OkapiError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new OkapiError('dataset.changed', `${name}: the file is gone`, { cause });
    throw new OkapiError('disk.io_error', `cannot read ${name}: ${(cause as Error).message}`, { cause });
  }
}
