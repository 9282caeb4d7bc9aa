// A threshold by the share of good parts that may be called NG.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Field } from '../../../components/field.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './threshold-words.ts';

const rates = [0.001, 0.01, 0.02, 0.05, 0.1];

export function RateChoice({
  rate,
  onChoose,
}: {
  readonly rate: number | null;
  readonly onChoose: (rate: number) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const [other, setOther] = useState('');
  return (
    <fieldset className="stack tight">
      <legend className="results-legend">{w.byRate}</legend>
      <div className="row">
        {rates.map((offered) => (
          <Button
            key={offered}
            small
            aria-pressed={rate === offered}
            onClick={() => {
              setOther('');
              onChoose(offered);
            }}
          >
            {format.percent(offered, offered < 0.01 ? 1 : 0)}
          </Button>
        ))}
      </div>
      <Field label={w.otherRate}>
        <input
          type="number"
          inputMode="decimal"
          min="0.01"
          max="99"
          step="any"
          value={other}
          onChange={({ target }) => {
            setOther(target.value);
            const share = target.valueAsNumber / 100;
            if (share > 0 && share < 1) onChoose(share);
          }}
        />
      </Field>
    </fieldset>
  );
}
