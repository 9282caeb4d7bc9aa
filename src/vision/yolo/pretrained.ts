// Starts a network from the weights of a file: its own, or those of another detector of the family, as far as they fit.
import type { Parameter } from '../../autodiff/index.ts';
import type { ModuleFacts } from '../checkpoint/module-tensors.ts';
import { type ReadTensors, readTensors } from '../checkpoint/read-tensors.ts';
import { type NamedTensor, quoted, type Tensors, toFloat32 } from '../checkpoint/tensors.ts';
import { OkapiError } from '../errors.ts';
import type { YoloNetwork } from './network.ts';
import { type Backbone, type Variant, type VariantName, variantNames } from './variants.ts';

/** The stretches of a network that a file must all give a good share of. The class branch depends on the number of classes. */
const parts = ['backbone', 'neck', 'box branch'] as const;
export type Part = (typeof parts)[number];

export interface Differing {
  readonly name: string;
  readonly expected: readonly number[];
  readonly actual: readonly number[];
}

export interface Share {
  readonly matched: number;
  readonly total: number;
}

export interface PretrainedReport {
  /** Weights of the network that are now those of the file. */
  readonly matched: readonly string[];
  /** Weights of the network that the file does not have: they stay fresh. */
  readonly missing: readonly string[];
  /** Weights that the file has in another shape: they stay fresh too. */
  readonly differing: readonly Differing[];
  /** How many weights of each part are those of the file. */
  readonly shares: Readonly<Record<Part, Share>>;
  /** All of it in one sentence, for the log and the report of a training. */
  readonly report: string;
}

/** Weights that depend on the number of classes. */
const classBranch = /^model\.22\.cv3\./;
/** Says how many classes a file knows: one bias each. */
const classBias = 'model.22.cv3.0.2.bias';
/**
 * A file must give this share of the weights of every part, by name and shape. A file of the variant gives all of them; one of
 * another variant gives at most a quarter of the backbone or of the neck, whichever fits worse, though box branches and the
 * trunk of the okapi variants are nearly the same in all of them.
 */
const leastShare = 0.5;
/** Weights that each family has, and the other has not. */
const familyMarks: Readonly<Record<Backbone, RegExp>> = {
  yolov8: /^model\.0\.conv\.weight$/,
  'mobilenetv3-coco': /^trunk\./,
};
/** Channels of the first convolution, by variant: they tell from which one a file comes. */
const firstChannels: Readonly<Partial<Record<VariantName, number>>> = {
  yolov8n: 16,
  yolov8s: 32,
  yolov8m: 48,
  yolov8l: 64,
  yolov8x: 80,
};

/**
 * The tensors of a .pt, .pth or .safetensors file, from bytes or a path: a state dict, a training checkpoint, or a whole
 * module as Ultralytics saves it, whose objects become inert records. Nothing in the file is run. Throws what
 * `readTensors` throws.
 */
export function readPretrained(source: Uint8Array | string): Promise<ReadTensors> {
  return readTensors(source, { inert: true });
}

/**
 * Sets the weights of the network that the tensors have under the same name and in the same shape, as float32 copies; the
 * others keep their fresh numbers. Throws checkpoint.key_mismatch, with what was found, for a file of the other family and
 * when less than half of the backbone, of the neck or of the box branch fits: nothing is set then. Throws
 * checkpoint.bad_tensor for a negative variance.
 */
export function loadPretrained(
  { variant, classes, parameters }: YoloNetwork,
  tensors: Tensors,
  module: ModuleFacts | null = null,
): PretrainedReport {
  const wanted = parameters.all().filter(({ group }) => group !== 'fixed');
  const found = renamed(tensors, wanted);
  const fitting = wanted.filter(({ name, shape }) => sameShape(found.get(name)?.shape, shape));
  const shares = sharesOf(wanted, fitting);
  checkShares(variant, shares, found, module);
  const numbers = fitting.map(({ name }) => copied(found.get(name)!, name));
  fitting.forEach(({ name, shape }, i) => {
    parameters.set(name, shape, numbers[i]!);
  });
  const missing = wanted.map(({ name }) => name).filter((name) => !found.has(name));
  const differing = wanted.flatMap(({ name, shape }) => {
    const actual = found.get(name)?.shape;
    return actual === undefined || sameShape(actual, shape) ? [] : [{ name, expected: shape, actual }];
  });
  const matched = fitting.map(({ name }) => name);
  const known = found.get(classBias)?.shape[0] ?? null;
  return {
    matched,
    missing,
    differing,
    shares,
    report: sentence({ matched, missing, differing, shares }, { known, classes, module }),
  };
}

/** Null for the class branch. */
function partOf(name: string): Part | null {
  if (classBranch.test(name)) return null;
  if (/^(trunk|reduce|model\.[0-9])\./.test(name)) return 'backbone';
  return name.startsWith('model.22.') ? 'box branch' : 'neck';
}

function sharesOf(wanted: readonly Parameter[], fitting: readonly Parameter[]): Record<Part, Share> {
  const count = (list: readonly Parameter[], part: Part) =>
    list.filter(({ name }) => partOf(name) === part).length;
  const rows = parts.map((part) => [part, { matched: count(fitting, part), total: count(wanted, part) }]);
  return Object.fromEntries(rows);
}

function checkShares(
  { name, backbone }: Variant,
  shares: Readonly<Record<Part, Share>>,
  found: Tensors,
  module: ModuleFacts | null,
): void {
  const names = [...found.keys()];
  const isOf = (family: Backbone) => names.some((each) => familyMarks[family].test(each));
  const isOfOther = !isOf(backbone) && (Object.keys(familyMarks) as Backbone[]).some(isOf);
  const isEnough = Object.values(shares).every(({ matched, total }) => matched >= leastShare * total);
  if (isEnough && !isOfOther) return;
  throw new OkapiError(
    'checkpoint.key_mismatch',
    `expected weights of ${name}, got ${whatWasFound(found, module)}: ${sharesInWords(shares)} fit`,
  );
}

function sharesInWords(shares: Readonly<Record<Part, Share>>): string {
  return parts.map((part) => `${shares[part].matched} of ${shares[part].total} of the ${part}`).join(', ');
}

/** The tensors under the names of the network: as they are, or with one `model.` more or less, whichever fits best. */
function renamed(tensors: Tensors, wanted: readonly Parameter[]): Tensors {
  const spellings = [
    tensors,
    new Map([...tensors].map(([name, tensor]) => [`model.${name}`, tensor])),
    new Map([...tensors].map(([name, tensor]) => [name.replace(/^model\./, ''), tensor])),
  ];
  const fits = spellings.map((each) => wanted.filter(({ name }) => each.has(name)).length);
  return spellings[fits.indexOf(Math.max(...fits))]!;
}

function copied(tensor: NamedTensor, name: string): Float32Array {
  const data = toFloat32(tensor, name).slice();
  const negative = name.endsWith('.running_var') ? data.findIndex((v) => v < 0) : -1;
  if (negative < 0) return data;
  throw new OkapiError(
    'checkpoint.bad_tensor',
    `tensor ${quoted(name)}: expected variances, got ${data[negative]} at element ${negative}`,
  );
}

/** For the error: the class of the module, the variant by its width, or the first tensors. */
function whatWasFound(found: Tensors, module: ModuleFacts | null): string {
  const first = found.get('model.0.conv.weight')?.shape;
  const variant = variantNames.find((name) => first !== undefined && firstChannels[name] === first[0]);
  const isOkapi = [...found.keys()].some((name) => familyMarks['mobilenetv3-coco'].test(name));
  const examples = [...found].slice(0, 3).map(([name, { shape }]) => `${quoted(name)} [${shape.join(', ')}]`);
  const parts = [
    module === null ? null : `of ${quoted(module.className)}`,
    variant === undefined ? null : `as wide as those of ${variant}`,
    isOkapi ? 'of an okapi variant' : null,
    `such as ${examples.join(', ')}`,
  ];
  return `${found.size} tensors ${parts.filter((part) => part !== null).join(', ')}`;
}

function sentence(
  { matched, missing, differing, shares }: Omit<PretrainedReport, 'report'>,
  file: { readonly known: number | null; readonly classes: number; readonly module: ModuleFacts | null },
): string {
  const total = matched.length + missing.length + differing.length;
  const fresh = differing.filter(({ name }) => classBranch.test(name)).map(({ name }) => name);
  const others = differing.filter(({ name }) => !classBranch.test(name)).map(({ name }) => name);
  const parts = [
    `${matched.length} of ${total} weights are those of the file (${sharesInWords(shares)})`,
    file.module === null ? null : `it holds ${quoted(file.module.className)}`,
    fresh.length === 0
      ? null
      : `${fresh.length} weights of the class branch stay fresh, since ${classCounts(file.known, file.classes)}`,
    others.length === 0 ? null : `${others.length} stay fresh for their shape: ${listed(others)}`,
    missing.length === 0 ? null : `${missing.length} are not in the file and stay fresh: ${listed(missing)}`,
  ];
  return parts.filter((part) => part !== null).join('; ');
}

function classCounts(known: number | null, classes: number): string {
  const count = (n: number) => (n === 1 ? '1 class' : `${n} classes`);
  return known === null
    ? `the file has another one than ${count(classes)} need`
    : `the file knows ${count(known)} and the network ${classes}`;
}

function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).map(quoted).join(', ')}${more}`;
}

function sameShape(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a !== undefined && a.length === b.length && a.every((side, i) => side === b[i]);
}
