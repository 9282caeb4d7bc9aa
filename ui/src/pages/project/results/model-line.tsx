// Which model is looked at: a choice where there are several, and what it is.
import { useId } from 'react';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import type { ModelInfo } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import { words } from './words.ts';

export function ModelLine({
  model,
  models,
  onChoose,
}: {
  readonly model: ModelInfo;
  readonly models: readonly ModelInfo[];
  readonly onChoose: (model: ModelInfo) => void;
}) {
  const w = useWords(words);
  const nameOf = useModelName();
  const id = useId();
  return (
    <div className="row results-model">
      <label htmlFor={id} className="unseen">
        {w.model}
      </label>
      {models.length > 1 ? (
        <select
          id={id}
          value={model.model_id}
          onChange={({ target }) => {
            const chosen = models.find(({ model_id }) => model_id === target.value);
            if (chosen !== undefined) onChoose(chosen);
          }}
        >
          {models.map((each, i) => (
            <option key={each.model_id} value={each.model_id}>
              {nameOf(each)}
              {i === 0 ? ` · ${w.newest}` : ''}
            </option>
          ))}
        </select>
      ) : (
        <strong id={id}>{nameOf(model)}</strong>
      )}
      <LinkButton
        icon="eye"
        to={`${addresses.project(model.project_id ?? '', 'test')}?model=${model.model_id}`}
      >
        {w.test}
      </LinkButton>
    </div>
  );
}
