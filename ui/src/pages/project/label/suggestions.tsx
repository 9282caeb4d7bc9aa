// Boxes that a model of the project proposes: those of a detector by class, those of an anomaly model by region.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { api, type ImageItem, type ProjectInfo } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import type { DrawnBox } from './boxes.ts';
import { words } from './words.ts';

interface SuggestionsProps {
  readonly project: ProjectInfo;
  readonly image: ImageItem;
  readonly proposed: readonly DrawnBox[];
  /** The classes of the project. */
  readonly names: readonly string[];
  readonly onProposed: (boxes: readonly DrawnBox[]) => void;
  readonly onAccept: (boxes: readonly DrawnBox[]) => void;
}

export function Suggestions({ project, image, proposed, names, onProposed, onAccept }: SuggestionsProps) {
  const w = useWords(words);
  const modelName = useModelName();
  const [chosen, setChosen] = useState<string | null>(null);
  const models = useQuery({
    queryKey: ['models', project.project_id],
    queryFn: () => api.listModels({ query: { project_id: project.project_id } }),
  });
  const list = models.data ?? [];
  const modelId = chosen ?? project.last_model_id ?? list[0]?.model_id ?? null;
  const ask = useMutation({
    mutationFn: (model_id: string) => api.inspectImage({ model_id, filename: image.filename }),
    onSuccess({ detections, bboxes }) {
      const found =
        detections.length > 0
          ? detections.map(({ label, bbox: [x1 = 0, y1 = 0, x2 = 0, y2 = 0] }) => ({
              label,
              ...{ x: x1, y: y1, width: x2 - x1, height: y2 - y1 },
            }))
          : // A region has no class of its own; a person says what it is.
            bboxes.map(([x = 0, y = 0, width = 0, height = 0]) => ({
              label: names[0] ?? w.defect,
              ...{ x, y, width, height },
            }));
      onProposed(
        found
          .filter(({ width, height }) => width > 0 && height > 0)
          .map((box) => ({ id: crypto.randomUUID(), ...box })),
      );
    },
  });
  return (
    <section className="card stack tight" aria-labelledby="label-suggest">
      <h2 id="label-suggest">{w.suggest}</h2>
      <p className="hint">{modelId === null ? w.noModels : w.suggestHint}</p>
      {models.error !== null && <Failure error={models.error} />}
      {modelId !== null && (
        <>
          <Field label={w.suggestBy}>
            <select value={modelId} onChange={(event) => setChosen(event.target.value)}>
              {list.map((model) => (
                <option key={model.model_id} value={model.model_id}>
                  {modelName(model)}
                </option>
              ))}
            </select>
          </Field>
          <Button icon="star" busy={ask.isPending} onClick={() => ask.mutate(modelId)}>
            {w.asked}
          </Button>
        </>
      )}
      {ask.error !== null && <Failure error={ask.error} />}
      {ask.isSuccess &&
        (proposed.length > 0 || ask.data.bboxes.length + ask.data.detections.length === 0) && (
          <p role="status">{w.found(proposed.length)}</p>
        )}
      {proposed.length > 0 && (
        <>
          <div className="row">
            <Button small look="primary" icon="check" onClick={() => onAccept(proposed)}>
              {w.acceptAll}
            </Button>
            <Button small onClick={() => onProposed([])}>
              {w.dismissAll}
            </Button>
          </div>
          <ul className="label-classes">
            {proposed.map((box) => (
              <li key={box.id}>
                <button type="button" aria-label={w.accept(box.label)} onClick={() => onAccept([box])}>
                  <span className="grow cut">{box.label}</span>
                  <small className="quiet">
                    {Math.round(box.width)} × {Math.round(box.height)}
                  </small>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
