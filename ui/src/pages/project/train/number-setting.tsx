// A number with what it means and the limits that the server holds it to.
import { Field } from '../../../components/field.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './settings-words.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
  /** Only its multiples. */
  readonly step?: number;
}

/** null: left empty. NaN: no number. */
export type Typed = number | null;

export function fits(value: Typed, { min, max, step }: Range, optional = false): boolean {
  if (value === null) return optional;
  return value >= min && value <= max && (step === undefined || Number.isInteger(value / step));
}

export function NumberSetting({
  label,
  hint,
  range,
  value,
  optional,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly range: Range;
  readonly value: Typed;
  readonly optional?: boolean;
  readonly onChange: (value: Typed) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const shown = (x: number) => (Number.isInteger(x) ? format.count(x) : String(x));
  const { min, max, step } = range;
  const limits =
    step === undefined || step === 1
      ? w.limits(shown(min), shown(max))
      : w.steps(shown(min), shown(max), shown(step));
  return (
    <Field
      label={label}
      hint={`${hint} ${limits}`}
      error={fits(value, range, optional) ? null : w.bad(limits)}
    >
      <input
        type="number"
        inputMode="decimal"
        min={min}
        max={max}
        step={step ?? 'any'}
        placeholder={optional ? w.empty : undefined}
        value={value === null || Number.isNaN(value) ? '' : value}
        onChange={({ target }) => onChange(target.value === '' ? null : target.valueAsNumber)}
      />
    </Field>
  );
}
