// One picture on a stage: as it is, or as a model sees it.
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Stage, type View } from '../../../components/stage.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import { useInspection, usePictureSize } from './use-inspection.ts';

interface Shared {
  readonly view: View | null;
  readonly onView: (view: View | null) => void;
}

export function PlainView({
  url,
  name,
  ...shared
}: Shared & { readonly url: string; readonly name: string }) {
  const w = useWords(words).look;
  return (
    <figure className="stack tight">
      <OnStage url={url} name={name} {...shared} />
      <figcaption className="quiet">{w.picture}</figcaption>
    </figure>
  );
}

export function SeenByModel({
  modelId,
  name,
  filename,
  layer,
  ...shared
}: Shared & {
  readonly modelId: string;
  readonly name: string | undefined;
  readonly filename: string;
  readonly layer: 'overlay' | 'heatmap';
}) {
  const all = useWords(words);
  const w = all.look;
  const format = useFormat();
  const { data, error, refetch } = useInspection(modelId, filename);
  if (data === undefined)
    return (
      <figure className="stack tight">
        <div className="stage results-stage results-waits">
          {error === null ? <Loading /> : <Failure error={error} onRetry={() => refetch()} />}
        </div>
        <figcaption className="quiet">{error === null ? w.computing : (name ?? w.heat)}</figcaption>
      </figure>
    );
  const url = (layer === 'overlay' ? data.overlay_url : data.heatmap_url) ?? data.overlay_url!;
  return (
    <figure className="stack tight">
      <OnStage url={url} name={name ?? w.heat} {...shared} />
      <figcaption className="row">
        {name !== undefined && <strong className="cut">{name}</strong>}
        <Badge tone={data.is_anomaly ? 'ng' : 'ok'}>{data.is_anomaly ? all.mark_ng : all.mark_ok}</Badge>
        <span className="quiet">
          {w.verdict(format.decimal(data.score), format.decimal(data.threshold))}
          {data.bboxes.length > 0 && ` · ${w.regions(data.bboxes.length)}`}
        </span>
      </figcaption>
    </figure>
  );
}

function OnStage({ url, name, view, onView }: Shared & { readonly url: string; readonly name: string }) {
  const w = useWords(words).look;
  const { data: size, error } = usePictureSize(url);
  if (size === undefined)
    return (
      <div className="stage results-stage results-waits">
        {error === null ? <Loading /> : <Failure error={error} />}
      </div>
    );
  const { width, height } = size;
  return (
    <Stage
      className="results-stage"
      width={width}
      height={height}
      label={w.stage(name)}
      view={view}
      onView={onView}
    >
      <image href={url} width={width} height={height} />
    </Stage>
  );
}
