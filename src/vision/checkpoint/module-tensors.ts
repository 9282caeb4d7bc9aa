// What a pickled nn.Module holds, read from its inert record: the weights by name, and what it says about itself.
import { OkapiError } from '../errors.ts';
import { isObject, isTuple, type PickleMap, type PickleObject, type PickleValue } from './pickle.ts';

/** Values as JSON has them. */
export type PlainValue =
  | null
  | boolean
  | number
  | string
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** What a module says about itself beside its weights. Foreign words: nothing in here has been checked for sense. */
export interface ModuleFacts {
  /** The Python class, such as `ultralytics.nn.tasks.DetectionModel`. */
  readonly className: string;
  /** The names of its classes by index (attribute `names`, a list or a dict of 0, 1, ...); null when there are none. */
  readonly classes: readonly string[] | null;
  /** The layout that it was built from (attribute `yaml`); null when there is none, or it is more than plain values. */
  readonly yaml: PlainValue;
}

type IsTensor = (value: PickleValue) => value is PickleObject;

/** No network has more; a record that is found at many places counts at each. */
const mostModules = 50_000;
const mostTensors = 200_000;
const deepestModule = 64;
/** Of the attributes `names` and `yaml`. */
const mostPlainValues = 20_000;
const deepestPlainValue = 16;
const longestText = 500;

/** Whether a value is the record of an nn.Module. */
export function isModule(value: PickleValue): value is PickleObject {
  return moduleState(value) !== null;
}

/**
 * The tensors of a module and of the modules below it, named as `state_dict()` names them: nn.Module keeps its weights in
 * `_parameters` and `_buffers`, its parts in `_modules`. Empty for what is no module. Throws checkpoint.malformed for
 * a module inside itself or too deep, checkpoint.too_large for too many.
 */
export function moduleTensors(module: PickleValue, isTensor: IsTensor): Map<string, PickleObject> {
  const found = new Map<string, PickleObject>();
  const open = new Set<PickleValue>();
  let modules = 0;
  const walk = (value: PickleValue, prefix: string): void => {
    const state = moduleState(value);
    if (state === null) return;
    if (open.has(value)) malformed('expected no module inside itself');
    if (open.size >= deepestModule) malformed(`expected at most ${deepestModule} levels of modules`);
    if (++modules > mostModules) tooLarge(`${mostModules} modules`);
    open.add(value);
    collect(state.get('_parameters'), prefix, isTensor, found);
    collect(persistentBuffers(state), prefix, isTensor, found);
    const parts = state.get('_modules');
    if (parts instanceof Map) for (const [name, part] of parts) walk(part, `${prefix}${partName(name)}.`);
    open.delete(value);
  };
  walk(module, '');
  return found;
}

/** What the record of a module says about itself; null for what is no module. */
export function moduleFacts(value: PickleValue): ModuleFacts | null {
  const state = moduleState(value);
  if (state === null) return null;
  return {
    className: (value as PickleObject).global,
    classes: classNames(plain(state.get('names'))),
    yaml: plain(state.get('yaml')) ?? null,
  };
}

function moduleState(value: PickleValue): PickleMap | null {
  const state = isObject(value) ? value.state : null;
  return state instanceof Map && state.has('_parameters') ? state : null;
}

/** The tensors directly in a dict, added to `into` under the prefix. */
export function collect(
  values: PickleValue | undefined,
  prefix: string,
  isTensor: IsTensor,
  into: Map<string, PickleObject>,
): void {
  if (!(values instanceof Map)) return;
  for (const [key, value] of values) {
    if (typeof key === 'string' && isTensor(value)) into.set(prefix + key, value);
  }
  if (into.size > mostTensors) tooLarge(`${mostTensors} tensors`);
}

/** Buffers without those that `state_dict()` leaves out. */
function persistentBuffers(state: PickleMap): PickleMap | undefined {
  const buffers = state.get('_buffers');
  const left = state.get('_non_persistent_buffers_set');
  if (!(buffers instanceof Map)) return undefined;
  return left instanceof Set ? new Map([...buffers].filter(([name]) => !left.has(name))) : buffers;
}

/** A number or a word; a part under another key cannot have come from a module. */
function partName(key: PickleValue): string {
  if (typeof key !== 'string' && typeof key !== 'number')
    malformed('expected the parts of a module under names');
  return String(key).slice(0, longestText);
}

/** Plain values of Python as JSON has them; undefined for anything else, and for what is too much or too deep. */
function plain(value: PickleValue | undefined): PlainValue | undefined {
  let left = mostPlainValues;
  const convert = (each: PickleValue, depth: number): PlainValue => {
    if (--left < 0 || depth > deepestPlainValue) throw notPlain;
    if (each === null || typeof each === 'boolean') return each;
    if (typeof each === 'number' && Number.isFinite(each)) return each;
    if (typeof each === 'string' && each.length <= longestText) return each;
    if (Array.isArray(each)) return each.map((item) => convert(item, depth + 1));
    if (isTuple(each)) return each.items.map((item) => convert(item, depth + 1));
    if (each instanceof Map)
      return Object.fromEntries([...each].map(([key, item]) => [keyOf(key), convert(item, depth + 1)]));
    throw notPlain;
  };
  if (value === undefined) return undefined;
  try {
    return convert(value, 0);
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = new Error('internal: not a plain value');

function keyOf(key: PickleValue): string {
  if (typeof key === 'number' || (typeof key === 'string' && key.length <= longestText)) return String(key);
  throw notPlain;
}

/** A list of names, or a dict of them by 0, 1, ... without a gap. */
function classNames(value: PlainValue | undefined): string[] | null {
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value);
  const names = entries.map((_, i) => (value as Record<string, PlainValue>)[i]);
  return names.length > 0 && names.every((name) => typeof name === 'string') ? (names as string[]) : null;
}

function malformed(detail: string): never {
  throw new OkapiError('checkpoint.malformed', `checkpoint: ${detail}`);
}

function tooLarge(what: string): never {
  throw new OkapiError('checkpoint.too_large', `checkpoint: expected at most ${what}, got more`);
}
