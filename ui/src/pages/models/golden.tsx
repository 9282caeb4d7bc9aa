// The golden picture: shown, and checked on demand against what the model made of it when it was made.
import { useMutation } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { Failure } from '../../components/failure.tsx';
import { Notice } from '../../components/notice.tsx';
import { ApiError, api, type ModelDetail } from '../../server/client.ts';
import { refusalOf } from '../../server/refusal.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { fileUrl } from './file-url.ts';
import { words } from './words.ts';

export function Golden({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const check = useMutation({ mutationFn: () => checkGolden(model) });
  const has = model.files.some(({ name }) => name === 'golden.png');
  const { data } = check;
  const six = (value: number) => format.decimal(value, 6);
  return (
    <section className="card stack tight">
      <h2>{w.golden}</h2>
      {!has && <p className="quiet">{w.goldenNone}</p>}
      {has && (
        <div className="models-golden">
          <img src={fileUrl(model, 'golden.png')} alt="" />
          <div className="stack tight">
            <p className="quiet">{w.goldenText}</p>
            <div>
              <Button icon="check" busy={check.isPending} onClick={() => check.mutate()}>
                {w.goldenCheck}
              </Button>
            </div>
            {check.error !== null && <Failure error={check.error} />}
            {data !== undefined && data.expected === null && (
              <Notice tone="ok">{w.goldenOkObjects(format.count(data.objects))}</Notice>
            )}
            {data !== undefined && data.expected !== null && (
              <Notice tone={data.isSame ? 'ok' : 'ng'}>
                {(data.isSame ? w.goldenOk : w.goldenBad)(six(data.score), six(data.expected))}
              </Notice>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

interface GoldenCheck {
  readonly score: number;
  readonly objects: number;
  /** null for detectors: the server compares their boxes when it loads them. */
  readonly expected: number | null;
  readonly isSame: boolean;
}

async function checkGolden(model: ModelDetail): Promise<GoldenCheck> {
  const get = async (name: string) => {
    const answer = await fetch(fileUrl(model, name));
    if (!answer.ok) throw new ApiError(answer.status, await answer.text(), null);
    return answer;
  };
  const [png, record] = [await (await get('golden.png')).blob(), await (await get('golden.json')).json()];
  const { items } = await api.testModel({
    model_id: model.model_id,
    query: { store: false },
    files: [{ name: 'golden.png', data: png }],
  });
  const item = items[0]!;
  if ('error' in item) throw refusalOf(item);
  const { score: expected = null, tolerance = 1e-4 } = record as { score?: number; tolerance?: number };
  const isSame = expected === null || Math.abs(item.score - expected) <= tolerance;
  return { score: item.score, objects: item.detections.length, expected, isSame };
}
