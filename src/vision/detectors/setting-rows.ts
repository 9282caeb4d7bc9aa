// The settings of a kind of detector as a table: for each its default, and what it may be.
import { type ErrorCode, OkapiError } from '../errors.ts';

export interface SettingRow<T> {
  readonly default: T;
  readonly valid: (value: unknown) => boolean;
  /** Completes "expected NAME to be". */
  readonly expected: string;
  /** Of the error when it is not; default option.invalid. */
  readonly code?: ErrorCode;
}

export type SettingRows<Settings> = { readonly [K in keyof Settings]: SettingRow<Settings[K]> };

export const wholeBetween = (low: number, high: number, standard: number): SettingRow<number> => ({
  default: standard,
  valid: (v) => Number.isSafeInteger(v) && (v as number) >= low && (v as number) <= high,
  expected: `a whole number from ${low} to ${high}`,
});

export const numberBetween = (low: number, high: number, standard: number): SettingRow<number> => ({
  default: standard,
  valid: (v) => typeof v === 'number' && v >= low && v <= high,
  expected: `a number from ${low} to ${high}`,
});

/** The side of a square of pixels that networks can halve five times. */
export const sideBetween = (low: number, high: number, standard: number): SettingRow<number> => ({
  default: standard,
  valid: (v) =>
    Number.isSafeInteger(v) && (v as number) % 32 === 0 && (v as number) >= low && (v as number) <= high,
  expected: `a multiple of 32 from ${low} to ${high}`,
});

/** As the row, but null is a value too, and the default. */
export function orNull<T>({ valid, expected }: SettingRow<T>): SettingRow<T | null> {
  return { default: null, valid: (v) => v === null || valid(v), expected: `${expected}, or null` };
}

export const oneOf = <T extends string>(names: readonly T[], standard: T): SettingRow<T> => ({
  default: standard,
  valid: (v) => names.includes(v as T),
  expected: `one of ${names.join(', ')}`,
});

/** The given settings, the others at their default. Throws naming the setting, its range and what came. */
export function completeFrom<Settings>(
  rows: SettingRows<Settings>,
  given: Partial<Record<keyof Settings, unknown>>,
): Settings {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(rows, name))
      throw new OkapiError(
        'option.invalid',
        `there is no setting "${name}"; there are ${Object.keys(rows).join(', ')}`,
      );
  const entries = Object.entries<SettingRow<unknown>>(rows).map(([name, row]) => {
    const value = given[name as keyof Settings];
    if (value === undefined) return [name, row.default];
    if (!row.valid(value))
      throw new OkapiError(
        row.code ?? 'option.invalid',
        `expected ${name} to be ${row.expected}, got ${typeof value === 'number' ? value : JSON.stringify(value)}`,
      );
    return [name, value];
  });
  return Object.fromEntries(entries) as Settings;
}
