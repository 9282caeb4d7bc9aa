// Where models differ, picture by picture; a press shows their heatmaps side by side.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Badge } from '../../../components/notice.tsx';
import type { ModelInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import { words } from './compare-words.ts';
import type { Comparison } from './comparison-table.tsx';
import { words as evaluationWords } from './evaluation-words.ts';
import { PictureDialog } from './picture-dialog.tsx';
import { thumbnailOf } from './scored.ts';
import { Thumb } from './thumb.tsx';
import { WideTable } from './wide-table.tsx';

const pageSize = 30;

export function ComparedPictures({
  comparison: { pictures },
  models,
}: {
  readonly comparison: Comparison;
  readonly models: readonly ModelInfo[];
}) {
  const w = useWords(words);
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const nameOf = useModelName();
  const [most, setMost] = useState(pageSize);
  const [open, setOpen] = useState<string | null>(null);
  const differing = pictures.filter(({ differs }) => differs).length;
  return (
    <section className="stack tight" aria-labelledby="compared-title">
      <div>
        <h3 id="compared-title">
          {w.pictures} <Badge tone={differing > 0 ? 'warn' : 'ok'}>{w.differ(format.count(differing))}</Badge>
        </h3>
        <p className="quiet">{w.picturesText}</p>
      </div>
      <WideTable label={w.pictures}>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.name}</th>
              <th scope="col">{w.truth}</th>
              {models.map((model) => (
                <th key={model.model_id} scope="col" className="number">
                  {nameOf(model).split(' · ').slice(0, 2).join(' · ')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {pictures.slice(0, most).map(({ filename, display_name, url, truth, differs, verdicts }) => (
              <tr key={filename} className={differs ? 'results-differs' : ''}>
                <td>
                  <button type="button" className="results-open" onClick={() => setOpen(filename)}>
                    <Thumb url={thumbnailOf(url)} name="" />
                    <span className="results-long">{display_name}</span>
                    {differs && <span className="unseen">{w.differs}</span>}
                  </button>
                </td>
                <td>
                  <Badge tone={truth}>{truth === 'ng' ? ew.mark_ng : ew.mark_ok}</Badge>
                </td>
                {verdicts.map(({ score, ratio, is_anomaly }, i) => (
                  <td key={models[i]?.model_id ?? i} className="number">
                    <span className={`results-ratio ${is_anomaly === (truth === 'ng') ? '' : 'wrong'}`}>
                      {format.decimal(ratio ?? score, 2)} {is_anomaly ? ew.mark_ng : ew.mark_ok}
                    </span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </WideTable>
      {pictures.length > most && (
        <div>
          <Button onClick={() => setMost(most + pageSize)}>
            {w.showMore(format.count(Math.min(pageSize, pictures.length - most)))}
          </Button>
        </div>
      )}
      {open !== null && (
        <PictureDialog
          models={models.map((model) => ({ model_id: model.model_id, name: nameOf(model) }))}
          pictures={pictures}
          open={open}
          onOpen={setOpen}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}
