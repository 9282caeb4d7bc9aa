// The test that is under way: its pictures, and the one that is looked at.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Progress } from '../../../components/loading.tsx';
import type { ModelInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import { useBatch } from './batch.ts';
import { batchCsv } from './batch-csv.ts';
import { BatchTable } from './batch-table.tsx';
import { save } from './downloads.tsx';
import { shownItem } from './result.ts';
import { ResultView } from './result-view.tsx';
import { Source } from './source.tsx';
import { words } from './words.ts';

export function TestNow({ projectId, model }: { readonly projectId: string; readonly model: ModelInfo }) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  const batch = useBatch(projectId);
  const [chosen, setChosen] = useState<number | null>(null);
  const { entries } = batch;
  const add = (files: readonly File[]) => {
    const added = batch.add(files, model.model_id);
    // One picture is looked at, many are looked over: the first of them is shown.
    if (added.length > 0) setChosen(added[0]!.id);
  };
  const entry = entries.find(({ id }) => id === chosen) ?? null;
  const left = entries.filter(({ state }) => state === 'waiting' || state === 'sending').length;
  const shown = entry?.item == null ? null : shownItem(entry.item, model.task);
  const tested = entries.flatMap(({ item }) => (item === null ? [] : [item]));
  return (
    <div className="stack">
      <Source onFiles={add} isLarge={entries.length === 0} />
      {entries.length > 0 && (
        <div className="test-work">
          <section className="test-list" aria-label={w.results}>
            <div className="row apart">
              <strong role="status">
                {w.count(format.count(entries.length))}
                {left > 0 && <span className="quiet"> · {w.left(format.count(left))}</span>}
              </strong>
              <div className="row">
                <Button
                  small
                  icon="download"
                  disabled={tested.length === 0}
                  onClick={() => save('test.csv', 'text/csv', batchCsv(tested))}
                >
                  {w.csv}
                </Button>
                <Button
                  small
                  icon="download"
                  disabled={tested.length === 0}
                  onClick={() =>
                    save('test.json', 'application/json', `${JSON.stringify(tested, null, 2)}\n`)
                  }
                >
                  {w.json}
                </Button>
                <Button small look="quiet" icon="close" onClick={batch.clear}>
                  {w.clear}
                </Button>
              </div>
            </div>
            {left > 0 && <Progress share={1 - left / entries.length} label={w.left(format.count(left))} />}
            <BatchTable
              entries={entries}
              task={model.task}
              chosen={chosen}
              onChoose={setChosen}
              onAgain={batch.again}
            />
          </section>
          <section className="test-shown" aria-label={w.details}>
            {entry === null && <p className="quiet">{w.choose}</p>}
            {entry?.why != null && (
              <p className="test-failed" role="alert">
                {entry.file.name}: {said(entry.why)}
              </p>
            )}
            {entry !== null && entry.item === null && entry.why === null && (
              <p className="quiet" role="status">
                {w.sending}… {entry.file.name}
              </p>
            )}
            {entry !== null && shown !== null && (
              <ResultView
                key={entry.id}
                projectId={projectId}
                modelId={entry.modelId}
                result={shown}
                file={entry.file}
                details={entry.item}
              />
            )}
          </section>
        </div>
      )}
    </div>
  );
}
