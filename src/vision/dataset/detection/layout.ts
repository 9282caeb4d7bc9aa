// Where pictures and labels lie in a dataset: the layouts that people have, found by names alone.
import { OkapiError } from '../../errors.ts';
import type { DataYaml } from './data-yaml.ts';

/** A file of the dataset. */
export interface NamedFile {
  /** Its path inside the dataset, with slashes. */
  readonly name: string;
  /** Where it lies on this machine. */
  readonly path: string;
  readonly sizeBytes: number;
}

export type SplitName = 'train' | 'val' | 'test';

export interface PlacedPicture {
  readonly split: SplitName;
  readonly picture: NamedFile;
  /** Its label file, null when there is none. */
  readonly label: NamedFile | null;
}

export interface Layout {
  /** In the order of their names. */
  readonly pictures: readonly PlacedPicture[];
  readonly labelsWithoutPicture: readonly NamedFile[];
  /** What a person should hear about it. */
  readonly notes: readonly string[];
}

const pictureExtension = /\.(jpe?g|png|webp|bmp|tiff?)$/i;
/** How deep the folder of the dataset may lie inside what was given. */
const DEEPEST_ROOT = 2;

export const expectedLayout =
  'expected train/images and train/labels, or images/train and labels/train, or images and labels, with val, valid or test beside train if there is one';

/** Files that systems and programs leave behind: __MACOSX, Thumbs.db and everything hidden. */
export function isClutter(name: string): boolean {
  return name
    .split('/')
    .some((part) => part.startsWith('.') || /^(__MACOSX|Thumbs\.db|desktop\.ini)$/i.test(part));
}

export function isPicture(name: string): boolean {
  return pictureExtension.test(name);
}

/** The data.yaml among the files: the one that is best named, then least deep. */
export function findYaml(files: readonly NamedFile[]): NamedFile | null {
  const rank = ({ name }: NamedFile) => (/(^|\/)(data|dataset)\.ya?ml$/i.test(name) ? 0 : 10) + depthOf(name);
  const found = files.filter(({ name }) => /\.ya?ml$/i.test(name) && depthOf(name) <= DEEPEST_ROOT);
  return found.sort((a, b) => rank(a) - rank(b) || byName(a, b))[0] ?? null;
}

/** The file with one name a line, as labelling programs leave it. */
export function findNamesFile(files: readonly NamedFile[]): NamedFile | null {
  const found = files.filter(({ name }) => isNamesFile(name) && depthOf(name) <= DEEPEST_ROOT + 2);
  return found.sort((a, b) => depthOf(a.name) - depthOf(b.name) || byName(a, b))[0] ?? null;
}

function isNamesFile(name: string): boolean {
  return /(^|\/)(names\.txt|classes\.txt|obj\.names)$/i.test(name);
}

/**
 * Which pictures are for what, with their labels. Folders that data.yaml names count when they lie inside and hold pictures;
 * else the usual names do. Throws dataset.layout, with what was found.
 */
export function arrange(
  files: readonly NamedFile[],
  yaml: { readonly folder: string; readonly content: DataYaml } | null,
): Layout {
  const pictures = files.filter(({ name }) => isPicture(name)).sort(byName);
  const labels = files.filter(({ name }) => /\.txt$/i.test(name) && !isNamesFile(name)).sort(byName);
  const labelOf = finder(labels);
  const notes: string[] = [];
  const named = yaml === null ? null : byYaml(pictures, yaml, notes);
  const placed = named ?? byConvention(pictures);
  if (placed.length === 0) throw noLayout(files);
  const all = placed.map(({ split, picture, stem }) => {
    return { split, picture, label: labelOf(stem) };
  });
  if (all.every(({ label }) => label === null)) {
    throw new OkapiError(
      'dataset.layout',
      `${expectedLayout}; found ${pictures.length} pictures and no label file that belongs to one of them`,
    );
  }
  const used = new Set(all.map(({ label }) => label));
  const labelsWithoutPicture = labels.filter((file) => !used.has(file) && /(^|\/)labels\//i.test(file.name));
  const left = pictures.length - placed.length;
  if (left > 0)
    notes.push(
      `${left} ${left === 1 ? 'picture lies' : 'pictures lie'} outside the folders of the dataset and were left out`,
    );
  return { ...withValidation(all, notes), labelsWithoutPicture, notes };
}

/** Finds a file by its name without extension: as it is written, else in whatever case. */
function finder(files: readonly NamedFile[]): (stem: string) => NamedFile | null {
  const exact = new Map(files.map((file) => [stemOf(file.name), file]));
  const folded = new Map(files.map((file) => [stemOf(file.name).toLowerCase(), file]));
  return (stem) => exact.get(stem) ?? folded.get(stem.toLowerCase()) ?? null;
}

interface Placed {
  readonly split: SplitName;
  readonly picture: NamedFile;
  /** The name of its label file without the extension. */
  readonly stem: string;
}

/** Null when data.yaml names no folder of pictures. */
function byYaml(
  pictures: readonly NamedFile[],
  { folder, content }: { folder: string; content: DataYaml },
  notes: string[],
): Placed[] | null {
  const splits: SplitName[] = ['train', 'val', 'test'];
  const prefixes = splits.flatMap((split) => {
    const words = content[split];
    if (words === null) return [];
    const candidates = [join(folder, content.path ?? '', words), join(folder, words)];
    const prefix = candidates.find(
      (candidate) => candidate !== null && pictures.some(({ name }) => isBelow(name, candidate)),
    );
    if (prefix === undefined || prefix === null) {
      notes.push(
        `data.yaml: ${split}: ${shown(words)} is no folder of pictures inside the dataset and was ignored`,
      );
      return [];
    }
    return [{ split, prefix }];
  });
  if (!prefixes.some(({ split }) => split === 'train')) return null;
  return pictures.flatMap((picture) => {
    // Where one folder is named twice, as small examples do, training comes first and the rest gets a split.
    const home = prefixes.find(({ prefix }) => isBelow(picture.name, prefix));
    if (home === undefined) return [];
    return [{ split: home.split, picture, stem: labelStem(picture.name, lastImages(picture.name)) }];
  });
}

function byConvention(pictures: readonly NamedFile[]): Placed[] {
  const found = pictures.flatMap((picture) => {
    const place = placeOf(picture.name);
    return place === null ? [] : [{ picture, ...place }];
  });
  const withSplit = found.filter(({ split }) => split !== null);
  const chosen = withSplit.some(({ split }) => split === 'train') ? withSplit : found;
  const roots = new Set(chosen.map(({ root }) => root));
  if (roots.size > 1) {
    const names = [...roots].slice(0, 5).map((root) => shown(root === '' ? './' : root));
    throw new OkapiError(
      'dataset.layout',
      `expected one dataset, found ${roots.size}, in ${names.join(', ')}`,
    );
  }
  if (chosen.length > 0 && !chosen.some(({ split }) => split === 'train' || split === null)) {
    const splits = [...new Set(chosen.map(({ split }) => split))].join(' and ');
    throw new OkapiError('dataset.layout', `${expectedLayout}; found only ${splits}`);
  }
  return chosen.map(({ picture, split, imagesAt }) => ({
    split: split ?? 'train',
    picture,
    stem: labelStem(picture.name, imagesAt),
  }));
}

interface Place {
  readonly root: string;
  /** Null: the folder of images is not divided. */
  readonly split: SplitName | null;
  /** Which part of the path is the folder of images. */
  readonly imagesAt: number;
}

function placeOf(name: string): Place | null {
  const parts = name.toLowerCase().split('/');
  for (let at = 0; at <= DEEPEST_ROOT && at < parts.length - 1; at++) {
    const root = name.split('/').slice(0, at).join('/');
    const [a, b] = [parts[at]!, parts[at + 1]!];
    const inFolder = parts.length > at + 2;
    if (inFolder && splitOf(a) !== null && b === 'images')
      return { root, split: splitOf(a), imagesAt: at + 1 };
    if (a === 'images') return { root, split: inFolder ? splitOf(b) : null, imagesAt: at };
  }
  return null;
}

const splitNames: readonly (readonly [SplitName, RegExp])[] = [
  ['train', /^train(ing)?[-_]?\d{0,4}$/],
  ['val', /^val(id|idation)?[-_]?\d{0,4}$/],
  ['test', /^test(ing)?[-_]?\d{0,4}$/],
];

function splitOf(folder: string): SplitName | null {
  return splitNames.find(([, name]) => name.test(folder))?.[0] ?? null;
}

/** Without val, test judges; with both, test is left out: nothing here uses a third set. */
function withValidation(
  pictures: readonly PlacedPicture[],
  notes: string[],
): { readonly pictures: readonly PlacedPicture[] } {
  const tests = pictures.filter(({ split }) => split === 'test');
  if (tests.length === 0) return { pictures };
  if (pictures.some(({ split }) => split === 'val')) {
    notes.push(`test has ${tests.length} pictures and was left out: train and val are used`);
    return { pictures: pictures.filter(({ split }) => split !== 'test') };
  }
  notes.push('there is no val: test is used in its place');
  return { pictures: pictures.map((one) => (one.split === 'test' ? { ...one, split: 'val' } : one)) };
}

function noLayout(files: readonly NamedFile[]): OkapiError {
  const folders = [...new Set(files.map(({ name }) => name.split('/').slice(0, -1).join('/') || './'))];
  const found = folders.sort().slice(0, 8).map(shown);
  const more = folders.length > found.length ? ` and ${folders.length - found.length} more` : '';
  const text = files.length === 0 ? 'nothing' : `${files.length} files in ${found.join(', ')}${more}`;
  return new OkapiError('dataset.layout', `${expectedLayout}; found ${text}`);
}

/** The last folder named images, or -1. */
function lastImages(name: string): number {
  return name.toLowerCase().split('/').slice(0, -1).lastIndexOf('images');
}

function labelStem(name: string, imagesAt: number): string {
  const parts = name.split('/');
  if (imagesAt >= 0) parts[imagesAt] = 'labels';
  return stemOf(parts.join('/'));
}

function stemOf(name: string): string {
  return name
    .replace(/\.[^./]*$/, '')
    .normalize('NFC')
    .toLowerCase();
}

/** The folders one after the other, '' for the dataset itself; null for one outside. */
function join(...folders: readonly string[]): string | null {
  const parts: string[] = [];
  for (const folder of folders) {
    const slashes = folder.replaceAll('\\', '/');
    if (slashes.startsWith('/') || /^([A-Za-z]:|~)/.test(slashes)) return null;
    for (const part of slashes.split('/')) {
      if (part === '..' && parts.pop() === undefined) return null;
      if (part !== '..' && part !== '.' && part !== '') parts.push(part);
    }
  }
  return parts.join('/');
}

function isBelow(name: string, folder: string): boolean {
  return folder === '' || name.startsWith(`${folder}/`);
}

function depthOf(name: string): number {
  return name.split('/').length - 1;
}

function byName(a: NamedFile, b: NamedFile): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
