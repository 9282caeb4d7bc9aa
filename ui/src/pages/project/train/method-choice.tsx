// The ways to learn what good parts look like, each with what it does.
import { useId } from 'react';
import type { TrainingMethod } from '../../../../../src/server/contract/training.ts';
import { Badge } from '../../../components/notice.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useMethodName } from '../../../text/model-name.ts';
import { leastPictures } from './plan.ts';
import { words as settingsWords } from './settings-words.ts';
import { words } from './words.ts';

const inOrder: readonly TrainingMethod[] = ['auto', 'memory-bank', 'subspace', 'autoencoder'];

export function MethodChoice({
  method,
  onChange,
}: {
  readonly method: TrainingMethod;
  readonly onChange: (method: TrainingMethod) => void;
}) {
  const w = useWords(settingsWords);
  const { does } = useWords(words);
  const format = useFormat();
  const methodName = useMethodName();
  const name = useId();
  return (
    <fieldset className="train-methods">
      <legend>{w.method}</legend>
      {inOrder.map((choice) => (
        <label key={choice} className="train-method">
          <input type="radio" name={name} checked={choice === method} onChange={() => onChange(choice)} />
          <span className="stack tight">
            <span className="row">
              <strong>{methodName(choice)}</strong>
              {choice === 'auto' && <Badge tone="note">{w.best}</Badge>}
              <Badge tone="plain">
                {leastPictures[choice] === 1 ? w.needsOne : w.needs(format.count(leastPictures[choice]))}
              </Badge>
            </span>
            <span className="hint">{does[choice]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
