// Whether what is tested today still looks like what the model was calibrated on.
import { useQuery } from '@tanstack/react-query';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Badge, type Tone } from '../../../components/notice.tsx';
import { api, type ModelDetail, type ResultOf } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './drift-words.ts';
import { UpdatePanel } from './update-panel.tsx';

type Drift = ResultOf<'getDrift'>;
const figures = ['score', 'brightness', 'sharpness'] as const;
const tones: Readonly<Record<Drift['verdict'], Tone | 'plain'>> = {
  stable: 'ok',
  watch: 'warn',
  drifted: 'ng',
  unknown: 'plain',
};

export function UpkeepView({ model }: { readonly model: ModelDetail }) {
  const { project_id } = model;
  return (
    <div className="stack">
      <DriftView model={model} />
      {project_id !== null && <UpdatePanel model={{ ...model, project_id }} />}
    </div>
  );
}

function DriftView({ model: { model_id, project_id } }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const drift = useQuery({
    queryKey: ['drift', model_id],
    queryFn: ({ signal }) => api.getDrift({ model_id, signal }),
    staleTime: 30_000,
  });
  if (drift.data === undefined)
    return drift.error === null ? (
      <>
        <Loading />
        <p className="quiet results-centre">{w.measuring}</p>
      </>
    ) : (
      <Failure error={drift.error} onRetry={() => drift.refetch()} />
    );
  const { results } = drift.data;
  if (results === 0)
    return (
      <Empty
        icon="clock"
        title={w.none}
        action={
          project_id !== null && (
            <LinkButton look="primary" icon="eye" to={addresses.project(project_id, 'test')}>
              {w.test}
            </LinkButton>
          )
        }
      >
        {w.noneText}
      </Empty>
    );
  return (
    <div className="stack">
      <div>
        <h2>{w.title}</h2>
        <p className="quiet">{w.intro(format.count(results))}</p>
      </div>
      <div className="grid">
        {figures.map((name) => (
          <DriftFigure key={name} name={w.figures[name]} figure={drift.data[name]} />
        ))}
      </div>
    </div>
  );
}

function DriftFigure({ name, figure }: { readonly name: string; readonly figure: Drift['score'] }) {
  const w = useWords(words);
  const format = useFormat();
  const { recent, calibration, shift, verdict } = figure;
  const told = (middle: Drift['score']['recent']) =>
    middle === null ? '–' : `${format.decimal(middle.median, 2)} ± ${format.decimal(middle.deviation, 2)}`;
  return (
    <section className="card stack tight">
      <div className="row apart">
        <h3>{name}</h3>
        <Badge tone={tones[verdict]}>{w.verdicts[verdict]}</Badge>
      </div>
      <dl className="facts">
        <dt>{w.now}</dt>
        <dd>{told(recent)}</dd>
        <dt>{w.before}</dt>
        <dd>{told(calibration)}</dd>
        <dt>{w.shift}</dt>
        <dd>{shift === null ? '–' : w.deviations(`${shift > 0 ? '+' : ''}${format.decimal(shift, 1)}`)}</dd>
      </dl>
      {shift !== null && <ShiftLine shift={shift} verdict={verdict} />}
      <p className="quiet">{w.says[verdict]}</p>
    </section>
  );
}

/** -4 to 4 deviations, with the places from which on one should look. */
function ShiftLine({ shift, verdict }: { readonly shift: number; readonly verdict: Drift['verdict'] }) {
  const x = (deviations: number) => 100 + Math.max(-4, Math.min(4, deviations)) * 24;
  return (
    <svg className={`results-shift ${tones[verdict]}`} viewBox="0 0 200 16" aria-hidden="true">
      <rect x={x(-1)} width={x(1) - x(-1)} y="4" height="8" rx="2" />
      <line x1="4" x2="196" y1="8" y2="8" />
      <circle cx={x(shift)} cy="8" r="5" />
    </svg>
  );
}
