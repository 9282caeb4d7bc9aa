// What is chosen among the shown pictures, by mouse, touch and keyboard. Pure.

export interface Selection {
  readonly chosen: ReadonlySet<string>;
  /** Where the keyboard is. */
  readonly active: string | null;
  /** Where a range begins. */
  readonly anchor: string | null;
}

export const nothingChosen: Selection = { chosen: new Set(), active: null, anchor: null };

export interface How {
  /** Shift: all from the anchor to here. */
  readonly range?: boolean;
  /** Ctrl or a tick: this one besides the others. */
  readonly toggle?: boolean;
}

/** @param names of the shown pictures, in their order */
export function choose(
  { chosen, anchor }: Selection,
  names: readonly string[],
  name: string,
  { range = false, toggle = false }: How = {},
): Selection {
  if (range) {
    const from = anchor ?? name;
    const ends = [names.indexOf(from), names.indexOf(name)].sort((a, b) => a - b);
    const between = names.slice(Math.max(0, ends[0]!), ends[1]! + 1);
    return { chosen: new Set(toggle ? [...chosen, ...between] : between), active: name, anchor: from };
  }
  if (!toggle) return { chosen: new Set([name]), active: name, anchor: name };
  const next = new Set(chosen);
  if (!next.delete(name)) next.add(name);
  return { chosen: next, active: name, anchor: name };
}

/** The keyboard goes on by so many; `range` takes along what lies between. */
export function move(
  selection: Selection,
  names: readonly string[],
  by: number,
  { range = false }: How = {},
): Selection {
  if (names.length === 0) return nothingChosen;
  const at = selection.active === null ? -1 : names.indexOf(selection.active);
  const wanted = at < 0 ? 0 : Math.min(names.length - 1, Math.max(0, at + by));
  const name = names[wanted]!;
  if (range) return choose({ ...selection, anchor: selection.anchor ?? name }, names, name, { range });
  return { ...selection, active: name, anchor: name };
}

export function chooseAll(selection: Selection, names: readonly string[]): Selection {
  return { ...selection, chosen: new Set(names) };
}

/** Without those that are shown no more. */
export function within(selection: Selection, names: ReadonlySet<string>): Selection {
  const chosen = [...selection.chosen].filter((name) => names.has(name));
  const keep = (name: string | null) => (name !== null && names.has(name) ? name : null);
  return { chosen: new Set(chosen), active: keep(selection.active), anchor: keep(selection.anchor) };
}

/** What a key such as `g` acts on: the chosen ones, or else the one where the keyboard is. */
export function actedOn({ chosen, active }: Selection): readonly string[] {
  if (chosen.size > 0) return [...chosen];
  return active === null ? [] : [active];
}
