// The last model of a project and whether it can still be trusted: its false alarms, and what was tested since.
import { useQuery } from '@tanstack/react-query';
import { Ago } from '../../components/ago.tsx';
import { Badge, type Tone } from '../../components/notice.tsx';
import { api } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

const tones: Readonly<Record<'stable' | 'watch' | 'drifted', Tone>> = {
  stable: 'ok',
  watch: 'warn',
  drifted: 'ng',
};
const staleTime = 60_000;

export function ModelHealth({ modelId }: { readonly modelId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const { data: model } = useQuery({
    queryKey: ['model', modelId],
    queryFn: () => api.getModel({ model_id: modelId }),
    staleTime,
  });
  const isAnomaly = model?.task === 'anomaly';
  const { data: scores } = useQuery({
    queryKey: ['scores', modelId],
    queryFn: () => api.getModelScores({ model_id: modelId }),
    enabled: isAnomaly,
    retry: false,
    staleTime,
  });
  const { data: drift } = useQuery({
    queryKey: ['drift', modelId],
    queryFn: () => api.getDrift({ model_id: modelId }),
    enabled: isAnomaly,
    retry: false,
    staleTime,
  });
  if (model === undefined) return <p className="quiet">{w.model}</p>;
  const alarms = scores?.false_alarms ?? null;
  return (
    <>
      <p className="quiet">
        {w.model} {w.trained} <Ago at={model.created_at} />
      </p>
      <div className="row">
        {drift !== undefined && drift.verdict !== 'unknown' && (
          <span title={drift.score.sentence}>
            <Badge tone={tones[drift.verdict]}>{w.health[drift.verdict]}</Badge>
          </span>
        )}
        {alarms !== null && (
          <small className="quiet" title={scores?.trust}>
            {w.falseAlarms(format.percent(alarms.low, 1), format.percent(alarms.high, 1))}
          </small>
        )}
        {model.metrics !== null && <Badge>{w.mapFigure(format.decimal(model.metrics.map50, 2))}</Badge>}
      </div>
    </>
  );
}
