// Finds the weights in what a training script saved: the state dict itself, or the entry that holds it.
import { OkapiError } from '../errors.ts';
import { collect, type ModuleFacts, moduleFacts, moduleTensors } from './module-tensors.ts';
import type { PickleObject, PickleValue } from './pickle.ts';
import { quoted } from './tensors.ts';

export interface StateDict {
  readonly entries: ReadonlyMap<string, PickleObject>;
  /** What was done to find it, for the user. */
  readonly notes: string[];
  /** What the module that held them says about itself; null when they lay in a dict. */
  readonly module: ModuleFacts | null;
}

type IsTensor = (value: PickleValue) => value is PickleObject;

/** Entries that hold weights by custom, the wanted first: averaged weights are the ones that were validated. */
const customaryNames = [
  ...['ema', 'model_ema', 'ema_state_dict', 'state_dict_ema'],
  ...['state_dict', 'model_state_dict', 'model', 'net', 'network', 'weights', 'params', 'module'],
];

/**
 * The tensors of a state dict by name, entered through entries like `state_dict`, `model` or `ema`, and through
 * inert nn.Module records. Throws checkpoint.malformed when there is no tensor, or no telling which entry is meant.
 */
export function findStateDict(root: PickleValue, isTensor: IsTensor): StateDict {
  const notes: string[] = [];
  let value = root;
  for (let depth = 0; depth < 8; depth++) {
    const entries = tensorsIn(value, isTensor);
    if (entries.size > 0) {
      if (value instanceof Map) noteIgnored(value, entries, notes);
      return { entries, notes, module: moduleFacts(value) };
    }
    const name = entryWithWeights(value, isTensor);
    notes.push(`read the weights under ${quoted(name)}`);
    value = (value as Map<PickleValue, PickleValue>).get(name)!;
  }
  return malformed('expected weights at most 8 entries deep');
}

/** The tensors directly in a dict, or in an inert module and the modules below it. */
function tensorsIn(value: PickleValue, isTensor: IsTensor): Map<string, PickleObject> {
  if (!(value instanceof Map)) return moduleTensors(value, isTensor);
  const found = new Map<string, PickleObject>();
  collect(value, '', isTensor, found);
  return found;
}

function entryWithWeights(value: PickleValue, isTensor: IsTensor): string {
  if (!(value instanceof Map)) malformed('expected a dict of tensors');
  const holders = [...(value as Map<PickleValue, PickleValue>)]
    .filter(([key, entry]) => typeof key === 'string' && holdsTensors(entry, isTensor, 4))
    .map(([key]) => key as string);
  const name = customaryNames.find((custom) => holders.includes(custom));
  if (name !== undefined) return name;
  if (holders.length === 1) return holders[0]!;
  if (holders.length === 0) return malformed('expected tensors, got none');
  return malformed(
    `expected one dict of tensors, got several: ${holders.slice(0, 20).map(quoted).join(', ')}`,
  );
}

function holdsTensors(value: PickleValue, isTensor: IsTensor, depth: number): boolean {
  if (tensorsIn(value, isTensor).size > 0) return true;
  if (!(value instanceof Map) || depth === 0) return false;
  return [...value.values()].some((entry) => holdsTensors(entry, isTensor, depth - 1));
}

function noteIgnored(value: Map<PickleValue, PickleValue>, entries: Map<string, unknown>, notes: string[]) {
  const others = [...value.keys()].filter((key) => typeof key !== 'string' || !entries.has(key));
  if (others.length === 0) return;
  const names = others.slice(0, 20).map((key) => quoted(String(key)));
  notes.push(`ignored ${others.length} entries that are not tensors: ${names.join(', ')}`);
}

function malformed(detail: string): never {
  throw new OkapiError('checkpoint.malformed', `checkpoint: ${detail}`);
}
